"""Decides as whom PostgreSQL's programs run, because they refuse root and need a user that has a name."""

import functools
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringmain.kit.postgres.errors import RootRefused

_PREFERRED_USERS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom to run: `prefix` goes in front of the command, `user` and `group` are what the process drops to."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None

    def command(self, argv: Sequence[str]) -> list[str]:
        """Return the command line that runs `argv` as this identity, with the same process id."""
        return [*self.prefix, *argv]

    @property
    def process_arguments(self) -> dict[str, Any]:
        """Return the arguments of `subprocess.Popen` that take this identity."""
        if self.user is None:
            return {}
        return {"user": self.user, "group": self.group, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give one folder or file to this identity, where it is another than ours."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)


def choose_identity(server: Path, home: Path) -> Identity:
    """Return as whom to run the program `server` on data inside `home`; raise RootRefused where nobody will do.

    A user with a name runs it directly. Root, and a user id without a name (common in containers; `initdb` refuses
    it), go through a user namespace in which they carry another id; where that is refused, root drops to a user.
    """
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return Identity()
    if prefix := _namespace_prefix():
        return Identity(prefix=prefix)
    if os.geteuid() != 0:
        raise RootRefused(
            f"User id {os.geteuid()} has no name on this machine, and PostgreSQL refuses such a user.",
            "give it a line in /etc/passwd, or run as a user that has one.",
        )
    return _dropped(server, home)


@functools.cache
def _namespace_prefix() -> tuple[str, ...]:
    """Return the command that enters a user namespace as an unprivileged user, or nothing where it is refused."""
    unshare = shutil.which("unshare")
    if not unshare:
        return ()
    user = _ordinary_user()
    prefix = (unshare, "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}")
    try:
        run = subprocess.run([*prefix, "id", "-u"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return ()
    return prefix if run.returncode == 0 and run.stdout.strip() == str(user.pw_uid) else ()


def _dropped(server: Path, home: Path) -> Identity:
    user = _ordinary_user()
    identity = Identity(user=user.pw_uid, group=user.pw_gid)
    # Only a real attempt tells whether every folder on the way may be passed through by that user.
    for reach, what in (([str(server), "--version"], server), (["test", "-x", str(home.parent)], home.parent)):
        try:
            run = subprocess.run(
                reach, capture_output=True, timeout=10, cwd="/", check=False, **identity.process_arguments
            )
            reached = run.returncode == 0
        except (OSError, subprocess.SubprocessError):
            reached = False
        if not reached:
            raise RootRefused(
                f"PostgreSQL refuses root, user namespaces are off, and the user {user.pw_name} cannot reach {what}.",
                "run Ringmain as an ordinary user, or set RINGMAIN_HOME to a folder that others may pass through, "
                "such as /var/lib/ringmain, and install Ringmain outside root's home.",
            )
    return identity


def _ordinary_user() -> pwd.struct_passwd:
    users = {user.pw_name: user for user in pwd.getpwall() if user.pw_uid != 0}
    for name in _PREFERRED_USERS:
        if name in users:
            return users[name]
    if not users:
        raise RootRefused(
            "PostgreSQL refuses root, and this machine has no other user.",
            "add one (`useradd --system ringmain`) and start again.",
        )
    return next(iter(users.values()))


def _has_name(user_id: int) -> bool:
    try:
        pwd.getpwuid(user_id)
    except KeyError:
        return False
    return True
