"""The commands that rotate the master key."""

from cyclopts import App
from rich.console import Console

from ringmain.entry.acting import act_on

master_key = App(name="master-key", help="Rotate the key that encrypts what people have entrusted to the network.")
out = Console()


@master_key.command(name="rotate")
def rotate() -> None:
    """Add a new version to the key file. Restart every process then, and run `ringmain master-key rewrap`."""
    from ringmain.entry.installation import Installation
    from ringmain.entry.rotation.master_key import rotate as act

    async def work(installation: Installation) -> int:
        return act(installation)

    out.print(f"The newest version is {act_on(work)}. Restart every process, then run `ringmain master-key rewrap`.")


@master_key.command(name="rewrap")
def rewrap() -> None:
    """Move everything that hangs on older versions to the newest one; an interrupted run is run again."""
    from ringmain.entry.rotation.master_key import rewrap as act

    moved = act_on(act)
    out.print(f"Version {moved.version}: {moved.people} keys and hashes of people moved, {moved.accounts} accounts.")


@master_key.command(name="forget")
def forget(version: int) -> None:
    """Remove an older version: API keys, printed codes, sessions and links that it made stop working."""
    from ringmain.entry.rotation.master_key import forget as act

    kept = act_on(lambda installation: act(installation, version))
    out.print(f"Version {version} is forgotten; kept: {', '.join(map(str, kept))}. Restart every process.")
