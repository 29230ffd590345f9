"""Networks and keys as an operator at the command line makes them; tokens are returned to be shown once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ringmain.entry.installation import Installation
from ringmain.kit.audit import Actor, audit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.network.api import KeyRole
from ringmain.network.errors import NetworkRequired

_MOST_KEYS = 1_000
# Nobody in particular: whoever may use the machine on which the command runs.
COMMAND_LINE = Actor("command_line")


async def open_network(installation: Installation, name: str, currency: str, time_zone: str) -> tuple[UUID, str]:
    """Open a network with an operator's key; return its id and the key's token."""
    network_id = uuid7(datetime.now(tz=UTC))
    async with installation.database.unit(network_id) as uow:
        await network.open_network(uow, name, currency, time_zone)
        await audit(uow, COMMAND_LINE, "open_network", "network", network_id)
    return network_id, await make_key(installation, network_id, "operator", "operator", None)


async def describe_networks(installation: Installation) -> list[str]:
    """Return one line per network: id, currency, name."""
    lines = []
    for network_id in await _ids(installation):
        async with installation.database.unit(network_id) as uow:
            one = await network.network_of(uow)
        lines.append(f"{one.id}  {one.currency}  {one.name}")
    return lines


async def make_key(
    installation: Installation, network_id: UUID | None, role: KeyRole, name: str, merchant_id: UUID | None
) -> str:
    """Make a key and return its token."""
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        minted = await network.make_key(uow, installation.keyring, role, name, merchant_id)
        await audit(uow, COMMAND_LINE, "make_key", "key", minted.key.id, {"role": role, "merchant_id": merchant_id})
    return _token(installation, minted)


async def list_keys(installation: Installation, network_id: UUID | None) -> list[tuple[str, ...]]:
    """Return the keys of a network as rows of text."""
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        rows = await network.list_keys(uow, None, _MOST_KEYS, None)
    return [
        (str(one.id), one.role, one.name, _day(one.made_at), _day(one.last_used_at), _day(one.revoked_at))
        for one in rows
    ]


async def rotate_key(installation: Installation, network_id: UUID | None, key_id: UUID, overlap_seconds: int) -> str:
    """Give a key a new secret and return its token."""
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        minted = await network.rotate_key(uow, installation.keyring, key_id, timedelta(seconds=overlap_seconds))
        about = {"version": minted.key.version, "overlap_seconds": overlap_seconds}
        await audit(uow, COMMAND_LINE, "rotate_key", "key", key_id, about)
    return _token(installation, minted)


async def revoke_key(installation: Installation, network_id: UUID | None, key_id: UUID) -> None:
    """Take a key out of use."""
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        await network.revoke_key(uow, key_id)
        await audit(uow, COMMAND_LINE, "revoke_key", "key", key_id)


def _token(installation: Installation, minted: network.Minted) -> str:
    key = minted.key
    token = network.token_text(installation.keyring, key.role, key.id, key.version, minted.master_version)
    assert token is not None
    return token


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "-"


async def _ids(installation: Installation) -> list[UUID]:
    async with installation.database.unit(None) as uow:
        return await network.all_networks(uow)


async def chosen_network(installation: Installation, network_id: UUID | None) -> UUID:
    """Return the network that was named, or the only one there is."""
    ids = await _ids(installation)
    if network_id is not None and network_id in ids:
        return network_id
    if network_id is None and len(ids) == 1:
        return ids[0]
    refusal: RuleBroken = NetworkRequired(networks=[str(id_) for id_ in ids])
    raise refusal
