"""Erasing a person: their keys are destroyed, and with them every personal field and the way to their facts."""

from collections.abc import Sequence
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.member.errors import MemberErased, MemberUnknown
from ringmain.member.identify import find
from ringmain.member.model import IdentifierKind
from ringmain.member.store import challenges, people, requests


async def erase(uow: UnitOfWork, member_id: UUID, erased_by: UUID) -> list[UUID]:
    """Erase the person whom a member id names, with all members merged into theirs; return the ids erased.

    Facts stay under subject ids that nobody can trace any more. Raises `MemberUnknown` or `MemberErased`. Announces
    `member_erased`, so that the slices above delete what they know of these subjects.
    """
    await people.lock_merges(uow)
    known = (await find(uow, [member_id]))[0]
    if known is None:
        raise MemberErased if await people.members(uow, [member_id]) else MemberUnknown
    everybody = [row.id for row in await people.group(uow, [known.member_id])]
    await _erase(uow, everybody, erased_by)
    return everybody


async def erasures(uow: UnitOfWork) -> list[people.Erasure]:
    """Return the list of erasures of a network: keep it apart from the backups that it corrects."""
    return await people.erasures(uow)


async def erase_again(uow: UnitOfWork, list_: Sequence[people.Erasure]) -> list[UUID]:
    """Apply a list of erasures after a restore; return the members whom the backup still knew."""
    await people.lock_merges(uow)
    back = {one.member_id: one for one in list_}
    keys = await people.keys(uow, back)
    for member_id in keys:
        await _erase(uow, [member_id], back[member_id].erased_by)
    return list(keys)


async def _erase(uow: UnitOfWork, member_ids: list[UUID], erased_by: UUID) -> None:
    subjects = [row.subject_id for row in (await people.keys(uow, member_ids)).values()]
    phones = [row.hash for row in await people.identifiers(uow, member_ids) if row.kind == IdentifierKind.PHONE]
    await challenges.forget_phones(uow, phones)
    now = await uow.now()
    await people.erase(uow, member_ids, now, erased_by)
    # After the keys: whoever writes words at this moment holds the key's row, and the next statement sees them.
    await requests.forget_words(uow, member_ids, now, erased_by)
    uow.record("member_erased", subjects)
