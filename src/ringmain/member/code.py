"""The rotating member code: shown on the member's phone, new every 30 seconds, good for one use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import DataKey, Keyring
from ringmain.member.attach import person
from ringmain.member.errors import MemberCodeInvalid, MemberCodeUsed
from ringmain.member.identify import Known, find
from ringmain.member.keys import data_key, key_row
from ringmain.member.model import (
    RotatingCode,
    code_is_current,
    code_is_genuine,
    make_code,
    read_code,
    step_ends,
    step_of,
)
from ringmain.member.store import people


@dataclass(frozen=True, slots=True)
class ShownCode:
    """The code of this moment, and when the next replaces it."""

    code: str
    replaced_at: datetime


async def show_code(uow: UnitOfWork, keyring: Keyring, member_id: UUID) -> ShownCode:
    """Return the code that a member's phone shows now. Raises `MemberUnknown`."""
    known = await person(uow, member_id)
    row = await key_row(uow, known.member_id)
    step = step_of(await uow.now())
    return ShownCode(make_code(_seed(data_key(keyring, uow.network_id, row)), row.code_id, step), step_ends(step))


async def read_codes(uow: UnitOfWork, keyring: Keyring, codes: Sequence[str]) -> list[Known | RuleBroken]:
    """Say whose codes these are, without using them: for looking a member up before the payment.

    One answer per code: the person, `MemberCodeInvalid` or `MemberCodeUsed`.
    """
    return await _judge(uow, keyring, codes, use=False)


async def use_codes(uow: UnitOfWork, keyring: Keyring, codes: Sequence[str]) -> list[Known | RuleBroken]:
    """Say whose codes these are, and use them: proof that the member's phone was there, good once.

    One answer per code; of the same code twice the first is good. A code used by a transaction that rolls back is
    good again.
    """
    return await _judge(uow, keyring, codes, use=True)


async def _judge(uow: UnitOfWork, keyring: Keyring, codes: Sequence[str], *, use: bool) -> list[Known | RuleBroken]:
    now = await uow.now()
    read = [_read(code) for code in codes]
    rows = await people.keys_of_codes(uow, {one.code_id for one in read if one is not None}, lock=use)
    last_step = {row.member_id: row.code_step for row in rows.values()}
    seeds = {id_: _seed(data_key(keyring, uow.network_id, row)) for id_, row in rows.items()}
    answers: list[UUID | RuleBroken] = []
    used: dict[UUID, int] = {}
    for one in read:
        row = None if one is None else rows.get(one.code_id)
        if one is None or row is None or not code_is_current(one, now) or not code_is_genuine(seeds[one.code_id], one):
            answers.append(MemberCodeInvalid())
        elif one.step <= last_step[row.member_id]:
            answers.append(MemberCodeUsed())
        else:
            answers.append(row.member_id)
            if use:
                last_step[row.member_id] = used[row.member_id] = one.step
    await people.use_codes(uow, used)
    return await _people(uow, answers)


async def _people(uow: UnitOfWork, answers: Sequence[UUID | RuleBroken]) -> list[Known | RuleBroken]:
    member_ids = [answer for answer in answers if isinstance(answer, UUID)]
    known = dict(zip(member_ids, await find(uow, member_ids), strict=True))
    people_: list[Known | RuleBroken] = []
    for answer in answers:
        if isinstance(answer, UUID):
            people_.append(known[answer] or MemberCodeInvalid())
        else:
            people_.append(answer)
    return people_


def _read(code: str) -> RotatingCode | None:
    try:
        return read_code(code)
    except MemberCodeInvalid:
        return None


def _seed(key: DataKey) -> bytes:
    return key.derive("rotating code")
