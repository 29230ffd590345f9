"""The rotation of the master key as an operator at the command line does it: rotate, restart, rewrap, forget."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from ringmain.entry.installation import Installation
from ringmain.entry.keys import COMMAND_LINE
from ringmain.entry.rotation.errors import MasterKeyInUse, MasterKeyNewest
from ringmain.kit.audit import audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.kit.webhooks import store as webhooks
from ringmain.member import api as member
from ringmain.network import api as network


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many keys and look-up hashes of people, and accounts, were moved to the newest version."""

    version: int
    people: int
    accounts: int


def rotate(installation: Installation) -> int:
    """Add a new version to the key file and return its number; every process has to be restarted then."""
    return Keyring.rotate(installation.settings.master_key_path).newest


async def rewrap(installation: Installation) -> Rewrapped:
    """Move all that hangs on older versions to the newest one, in small transactions; again, it moves nothing.

    An interrupted run is simply run again. Every process must know the newest version before.
    """
    people = accounts = 0
    for network_id in await _networks(installation):
        moved = await _until_nothing(installation, network_id, member.rewrap)
        of_accounts = await _until_nothing(installation, network_id, network.rewrap_accounts)
        if moved or of_accounts:
            about = {"version": installation.keyring.newest, "people": moved, "accounts": of_accounts}
            async with installation.database.unit(network_id) as uow:
                await audit(uow, COMMAND_LINE, "rewrap_master_key", "network", network_id, about)
        people, accounts = people + moved, accounts + of_accounts
    return Rewrapped(installation.keyring.newest, people, accounts)


async def forget(installation: Installation, version: int) -> tuple[int, ...]:
    """Rewrap what is left, remove an older version from the key file, and return the versions that are kept.

    What can be made again stops to work: API keys, printed voucher codes, sessions and links made with that version.
    Raises `MasterKeyNewest`, or `MasterKeyInUse` where webhooks sign with it; then the file is as it was.
    """
    if version == installation.keyring.newest:
        raise MasterKeyNewest(version=version)
    await rewrap(installation)
    signing: list[UUID] = []
    for network_id in await _networks(installation):
        signing += await _signing(installation, network_id, version)
    if signing:
        raise MasterKeyInUse(webhook_ids=[str(id_) for id_ in signing])
    return Keyring.forget(installation.settings.master_key_path, version).versions


async def _until_nothing(
    installation: Installation, network_id: UUID, move: Callable[[UnitOfWork, Keyring], Awaitable[int]]
) -> int:
    total = 0
    while True:
        async with installation.database.unit(network_id) as uow:
            moved = await move(uow, installation.keyring)
        if not moved:
            return total
        total += moved


async def _signing(installation: Installation, network_id: UUID, version: int) -> list[UUID]:
    async with installation.database.unit(network_id) as uow:
        return [
            one.id
            for one in await webhooks.endpoints(uow, None)
            if version in (one.master_version, one.old_master_version)
        ]


async def _networks(installation: Installation) -> list[UUID]:
    async with installation.database.unit(None) as uow:
        return await network.all_networks(uow)
