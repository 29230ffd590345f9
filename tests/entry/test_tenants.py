"""The command that imports a lease list: counts, a file of rejected rows, and invitations of the owners."""

import csv
import io
import uuid
from pathlib import Path

from rich.console import Console

from ringmain.entry.installation import Installation
from ringmain.entry.tenants import ListFile, import_list
from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from ringmain.kit.settings import Settings
from ringmain.network import api as network

LIST = """\
merchant,shop,category,owner_email
Tea Ltd,Lotus Tea,tea,{tea}
Noodle Ltd,Noodles,food,{noodle}
Twin Ltd,Twin,food,{tea}
"""


async def test_a_list_is_imported_and_its_owners_are_invited(database_urls: Urls, tmp_path: Path) -> None:
    """A bad row stops it and stands in a file; mended, everybody new is invited once; nobody else reads the files."""
    network_id = uuid.uuid4()
    emails = {name: f"{name}{uuid.uuid4().hex}@example.com" for name in ("tea", "noodle")}
    path, rejected, links = (tmp_path / f"list.csv{end}" for end in ("", ".rejected.csv", ".invitations.csv"))
    console = Console(file=io.StringIO(), width=120)
    async with Database(database_urls.application_url) as database:
        here = Installation(Settings(), database_urls, database, Keyring({1: b"k" * 32}))
        async with database.unit(network_id) as uow:
            await network.open_network(uow, "Mall", "CNY", "Asia/Shanghai")

        async def run(text: str, **options: bool) -> bool:
            path.write_text(text)
            chosen = {"dry_run": False, "partly": False, "invite": True, **options}
            return await import_list(here, console, network_id, ListFile(path, rejected, (31.2, 121.5)), **chosen)

        good = LIST.format(**emails)
        assert not await run(good + "Bad Ltd,,food,\n")
        assert rejected.read_text().splitlines()[1].startswith("Bad Ltd,,food,,5,")
        assert not links.exists()
        assert await run(good, dry_run=True)
        assert not links.exists()
        assert await run(good)
        rows = list(csv.DictReader(io.StringIO(links.read_text())))
        assert [(row["e-mail"], row["not invited"]) for row in rows] == [
            (emails["tea"], ""),
            (emails["noodle"], ""),
            (emails["tea"], "email_taken"),
        ]
        assert [row["link"].startswith("http://") for row in rows] == [True, True, False]
        assert {one.stat().st_mode & 0o777 for one in (rejected, links)} == {0o600}
        async with database.unit(network_id) as uow:
            assert len(await network.all_shops(uow)) == 3
            assert [one.role for one in await network.accounts(uow)] == ["owner", "owner"]
        links.unlink()
        assert await run(good)
        assert not links.exists()
