"""Who is it: people found by what they carry, thousands at once."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.member.keys import hashes
from ringmain.member.model import Identifier, IdentifierKind
from ringmain.member.normal import identifier
from ringmain.member.store import people


class Known(Struct, frozen=True):
    """A person: the member and subject that stand for them, and the subjects of members merged into it.

    Facts and vouchers keep the subject they were made for: all of `subject_ids` are this person's.
    """

    member_id: UUID
    subject_id: UUID
    merged_subject_ids: tuple[UUID, ...] = ()

    @property
    def subject_ids(self) -> tuple[UUID, ...]:
        """Every subject under which there may be facts of this person."""
        return self.subject_id, *self.merged_subject_ids


async def identify(
    uow: UnitOfWork, keyring: Keyring, kind: IdentifierKind, values: Sequence[str]
) -> list[Known | None]:
    """Return whom each value belongs to, in order; None where nobody is known by it.

    Raises `PhoneInvalid`, `IdentifierInvalid` or `CardNumberRefused` for the whole call: callers that take values from
    many sources bring each to its normal form first (`identifier`).
    """
    return await identify_all(uow, keyring, [identifier(kind, value) for value in values])


async def identify_all(uow: UnitOfWork, keyring: Keyring, identifiers: Sequence[Identifier]) -> list[Known | None]:
    """Return whom each identifier, already in its normal form, belongs to; one query per kind."""
    return await identify_hashed(uow, [(one.kind, hashes(keyring, uow.network_id, one)) for one in identifiers])


async def identify_hashed(uow: UnitOfWork, asked: Sequence[tuple[IdentifierKind, list[bytes]]]) -> list[Known | None]:
    """Return whom each identifier belongs to, given by its kind and the hashes under which it may be stored."""
    # The kind is part of what was hashed: no two kinds share a hash.
    found: dict[bytes, Known] = {}
    for kind in sorted({kind for kind, _ in asked}):
        wanted = {hash_ for own_kind, own in asked if own_kind is kind for hash_ in own}
        # In the order of the index: what lies on one page of it is looked up while that page is near.
        for row in await people.find_by_hashes(uow, kind, sorted(wanted)):
            found[row.asked] = _known(row)
    if not found:
        return [None] * len(asked)
    return [next((found[hash_] for hash_ in own if hash_ in found), None) for _, own in asked]


async def find(uow: UnitOfWork, member_ids: Sequence[UUID]) -> list[Known | None]:
    """Return the person each member id names, also after a merge; None where there is none or they were erased."""
    rows = await people.find_by_ids(uow, set(member_ids))
    return [_known(rows[id_]) if id_ in rows else None for id_ in member_ids]


def _known(row: people.Found | people.FoundById) -> Known:
    return Known(row.member_id, row.subject_id, tuple(row.merged_subject_ids))
