"""Identifiers of a member: given and taken away."""

from collections.abc import Sequence
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.kit.secrets import Keyring
from ringmain.member.errors import IdentifierTaken, IdentifierUnknown, MemberUnknown
from ringmain.member.identify import Known, find, identify_all
from ringmain.member.keys import data_key, hashes, key_row, seal_identifier
from ringmain.member.model import Identifier
from ringmain.member.store import people


async def person(uow: UnitOfWork, member_id: UUID) -> Known:
    """Return the person a member id names. Raises `MemberUnknown`, also for those who were erased."""
    known = (await find(uow, [member_id]))[0]
    if known is None:
        raise MemberUnknown
    return known


async def attach(
    uow: UnitOfWork, keyring: Keyring, member_id: UUID, identifiers: Sequence[Identifier], *, verified: bool
) -> Known:
    """Let a person be known by more identifiers; those they have already stay (and count as verified, if they are now).

    Raises `MemberUnknown`, or `IdentifierTaken` where another person has one of them: then none is attached.
    """
    owner = await person(uow, member_id)
    now = await uow.now()
    holders = await identify_all(uow, keyring, identifiers)
    _refuse_taken(owner, holders)
    missing = [one for one, holder in zip(identifiers, holders, strict=True) if holder is None]
    key = data_key(keyring, uow.network_id, await key_row(uow, owner.member_id, keep=True))
    rows: list[people.IdentifierRow] = []
    for one in missing:
        id_ = ids.uuid7(now)
        hash_ = hashes(keyring, uow.network_id, one)[0]
        sealed = seal_identifier(key, id_, one.value)
        verified_at = now if verified else None
        rows.append(
            people.IdentifierRow(id_, owner.member_id, one.kind, keyring.newest, hash_, sealed, now, verified_at)
        )
    if len(await people.claim_identifiers(uow, rows)) < len(rows):
        # Somebody claimed one of them at this moment; perhaps it was this very person at another till.
        _refuse_taken(owner, await identify_all(uow, keyring, missing))
    if verified:
        for one in identifiers:
            await people.mark_verified(uow, one.kind, hashes(keyring, uow.network_id, one), now)
    return owner


async def detach(uow: UnitOfWork, member_id: UUID, identifier_id: UUID) -> Known:
    """Take an identifier away from a person, so that it can belong to somebody else.

    Raises `MemberUnknown` or `IdentifierUnknown`.
    """
    owner = await person(uow, member_id)
    own = [row.id for row in await people.group(uow, [owner.member_id])]
    if not await people.remove_identifier(uow, identifier_id, own):
        raise IdentifierUnknown
    return owner


def _refuse_taken(owner: Known, holders: Sequence[Known | None]) -> None:
    if any(holder is not None and holder.member_id != owner.member_id for holder in holders):
        raise IdentifierTaken
