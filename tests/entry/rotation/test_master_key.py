"""The rotation of the master key: afterwards the old version is needed for nothing that was entrusted."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from ringmain.entry.installation import Installation, opened
from ringmain.entry.keys import open_network
from ringmain.entry.rotation.errors import MasterKeyInUse, MasterKeyNewest
from ringmain.entry.rotation.master_key import Rewrapped, forget, rewrap, rotate
from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring, KeyVersionUnknown
from ringmain.kit.settings import Settings
from ringmain.kit.webhooks import Guard
from ringmain.kit.webhooks.manage import NewEndpoint, make_endpoint
from ringmain.member import api as member
from ringmain.member.api import IdentifierKind
from ringmain.network import api as network

EMAIL = "mei@mall.example"


async def _entrust(installation: Installation) -> tuple[uuid.UUID, uuid.UUID]:
    """Open a network with a member and an account, and return the network's and the member's id."""
    network_id, _ = await open_network(installation, "Street", "CNY", "Asia/Shanghai")
    async with installation.database.unit(network_id) as uow:
        phone = member.identifier(IdentifierKind.PHONE, "+8613800138000")
        item = member.Enrolment(phone, verified=True, name="Anna")
        known = (await member.enrol(uow, installation.keyring, [item]))[0].known
        await network.add_account(uow, installation.keyring, network.NewAccount(EMAIL, "Mei Lin", "operator"))
    return network_id, known.member_id


async def _read(installation: Installation, network_id: uuid.UUID, member_id: uuid.UUID) -> tuple[str | None, bool]:
    """Return the member's name, and whether the account is found by its e-mail."""
    async with installation.database.unit(network_id) as uow:
        name = (await member.show(uow, installation.keyring, member_id)).name
    async with installation.database.unit(None) as uow:
        return name, await network.find_account(uow, installation.keyring, EMAIL) is not None


async def test_after_a_rotation_the_old_key_can_be_dropped(new_database: Callable[[], Urls], tmp_path: Path) -> None:
    """Rotate, open anew, rewrap, forget: with the new version alone everything is read; before that it is not."""
    settings, urls = Settings(home=tmp_path), new_database()
    async with opened(settings, urls) as installation:
        network_id, member_id = await _entrust(installation)
        assert rotate(installation) == 2
    async with opened(settings, urls) as installation:
        # The control: nothing was moved yet, so the new version alone opens nothing.
        keyring = installation.keyring
        alone = Keyring({2: dict(keyring._keys)[2]})
        with pytest.raises(KeyVersionUnknown):
            await _read(Installation(settings, urls, installation.database, alone), network_id, member_id)
        assert await rewrap(installation) == Rewrapped(2, people=2, accounts=1)
        assert await rewrap(installation) == Rewrapped(2, people=0, accounts=0)
        with pytest.raises(MasterKeyNewest):
            await forget(installation, 2)
        assert await forget(installation, 1) == (2,)
    async with opened(settings, urls) as installation:
        assert installation.keyring.versions == (2,)
        assert await _read(installation, network_id, member_id) == ("Anna", True)
        async with installation.database.unit(network_id) as uow:
            entries = "SELECT facts->>'people' FROM audit_entry WHERE action = 'rewrap_master_key'"
            assert (await (await uow.connection.execute(entries)).fetchone()) == ("2",)


async def test_a_version_that_webhooks_sign_with_is_kept(new_database: Callable[[], Urls], tmp_path: Path) -> None:
    """Their receivers know the old secret: they get a new one first."""
    settings, urls = Settings(home=tmp_path, development=True), new_database()
    async with opened(settings, urls) as installation:
        network_id, _ = await _entrust(installation)
        async with installation.database.unit(network_id) as uow:
            new = NewEndpoint("http://127.0.0.1:9/hook", ["ring.sale"])
            made = await make_endpoint(uow, installation.keyring, Guard(development=True), {"ring.sale"}, new)
        rotate(installation)
    async with opened(settings, urls) as installation:
        with pytest.raises(MasterKeyInUse) as refused:
            await forget(installation, 1)
        assert refused.value.facts == {"webhook_ids": [str(made.id)]}
        assert Keyring.open(settings.master_key_path).versions == (2, 1)
