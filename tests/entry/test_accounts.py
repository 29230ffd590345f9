"""Accounts at the command line."""

from uuid import uuid4

import pytest

from ringmain.entry.accounts import add_account, list_accounts, reset_account
from ringmain.entry.installation import Installation
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from ringmain.network.api import NewAccount, accept_invitation, disable_account, find_account
from ringmain.network.errors import AccountNotFound, EmailTaken
from tests.network import town as towns

PASSWORD = "four ducks cross slowly"
ADDRESS = "https://shops.example/invitations/"


async def test_people_are_invited_listed_and_reset(
    here: towns.Installation, town: towns.Town, database_urls: Urls
) -> None:
    """The link carries the public address and works; the list says how far everybody is; a reset gives a new link."""
    settings = Settings(public_url="https://shops.example/")
    installation = Installation(settings, database_urls, here.database, here.keyring)
    email = f"{uuid4().hex}@mall.example"
    link = await add_account(installation, town.network_id, NewAccount(email, "Mei Lin", "operator"))
    assert link.startswith(ADDRESS)
    assert await _states(installation, town) == [("operator", "Mei Lin", email, "invited")]
    await accept_invitation(here.database, here.keyring, link.removeprefix(ADDRESS), PASSWORD)
    assert await _states(installation, town) == [("operator", "Mei Lin", email, "no second factor")]
    async with here.database.unit(None) as uow:
        entry = await find_account(uow, here.keyring, email)
    assert entry is not None
    async with here.database.unit(town.network_id) as uow:
        await disable_account(uow, entry.account_id)
    assert await _states(installation, town) == [("operator", "Mei Lin", email, "disabled")]
    again = await reset_account(installation, email)
    assert again.startswith(ADDRESS)
    assert again != link
    assert await _states(installation, town) == [("operator", "Mei Lin", email, "invited")]
    with pytest.raises(EmailTaken):
        await add_account(installation, town.network_id, NewAccount(email, "Bo", "operator"))
    with pytest.raises(AccountNotFound):
        await reset_account(installation, "nobody@mall.example")


async def _states(installation: Installation, town: towns.Town) -> list[tuple[str, ...]]:
    rows = await list_accounts(installation, town.network_id)
    return [(row[1], row[2], row[3], row[5]) for row in rows]
