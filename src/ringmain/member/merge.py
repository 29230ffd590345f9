"""Merging two members who are one person, and undoing it: nothing is copied, so nothing can be lost on the way back."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure import ids
from ringmain.member.attach import person
from ringmain.member.errors import MemberErased, MergeAlreadyReversed, MergeUnknown, MergeWithItself
from ringmain.member.model import Merge, canonical_members, subject_aliases
from ringmain.member.store import people


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge, and the member that stands for each side after it (or after its reversal)."""

    merge_id: UUID
    from_member_id: UUID
    into_member_id: UUID


async def merge(uow: UnitOfWork, from_member_id: UUID, into_member_id: UUID, merged_by: UUID) -> Merged:
    """Let one member stand for both: every identifier, consent and voucher of either is the person's.

    Raises `MemberUnknown`, or `MergeWithItself` where both are one person already. Announces `member_merged`.
    """
    await people.lock_merges(uow)
    source = await person(uow, from_member_id)
    target = await person(uow, into_member_id)
    if source.member_id == target.member_id:
        raise MergeWithItself
    now = await uow.now()
    new = Merge(ids.uuid7(now), source.member_id, target.member_id, now, None)
    await people.add_merge(uow, new, merged_by)
    await _rearrange(uow, source.member_id, target.member_id)
    uow.record("member_merged", [source.subject_id])
    return Merged(new.id, new.from_id, new.into_id)


async def unmerge(uow: UnitOfWork, merge_id: UUID, reversed_by: UUID) -> Merged:
    """Undo a merge, in any order with others: each member has again what was given for it, before and since.

    Raises `MergeUnknown`, `MergeAlreadyReversed`, or `MemberErased` where the person was erased meanwhile. Announces
    `member_unmerged` with the subjects of both: what was counted of either is another now.
    """
    await people.lock_merges(uow)
    old = await people.merge(uow, merge_id)
    if old is None:
        raise MergeUnknown
    if old.reversed_at is not None:
        raise MergeAlreadyReversed
    sides = {row.id: row for row in await people.members(uow, [old.from_id, old.into_id])}
    if sides[old.from_id].erased_at is not None:
        raise MemberErased
    root = sides[old.from_id].canonical_id
    await people.reverse_merge(uow, merge_id, await uow.now(), reversed_by)
    await _rearrange(uow, root)
    into = await person(uow, old.into_id)
    uow.record("member_unmerged", [(await person(uow, old.from_id)).subject_id, into.subject_id])
    return Merged(merge_id, old.from_id, into.member_id)


async def _rearrange(uow: UnitOfWork, *roots: UUID) -> None:
    """Write anew who stands for whom among all members of some trees, from the merges in force."""
    everybody = [row.id for row in await people.group(uow, roots)]
    merges = [(one.from_id, one.into_id) for one in await people.merges_among(uow, everybody)]
    canonical = canonical_members(everybody, merges)
    subjects = {id_: row.subject_id for id_, row in (await people.keys(uow, everybody)).items()}
    await people.set_canonical(uow, canonical, subjects.values(), subject_aliases(canonical, subjects))
