"""Tests of the rotating member code."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.member import api
from ringmain.member.api import IdentifierKind
from ringmain.member.errors import MemberCodeInvalid, MemberCodeUsed, MemberUnknown
from ringmain.member.model import code_is_genuine, make_code, read_code
from tests.member.people import NOW, OPERATOR, PHONE, Town


async def _show(town: Town, known: api.Known, seconds: float = 0) -> api.ShownCode:
    async with town.unit(NOW + timedelta(seconds=seconds)) as uow:
        return await api.show_code(uow, town.keyring, known.member_id)


async def _use(town: Town, *codes: str, seconds: float = 0) -> list[api.Known | RuleBroken]:
    async with town.unit(NOW + timedelta(seconds=seconds)) as uow:
        return await api.use_codes(uow, town.keyring, list(codes))


@pytest.fixture
async def anna(town: Town) -> api.Known:
    """Give a member."""
    return await town.person(IdentifierKind.PHONE, PHONE)


async def test_a_code_is_good_once(town: Town, anna: api.Known) -> None:
    """The code of the moment proves who it is; a second use of it, at once or later, is refused."""
    shown = await _show(town, anna)
    assert len(shown.code) == 61
    assert shown.replaced_at == NOW + timedelta(seconds=30)
    assert await _use(town, shown.code) == [anna]
    assert isinstance((await _use(town, shown.code))[0], MemberCodeUsed)
    assert isinstance((await _use(town, shown.code, seconds=20))[0], MemberCodeUsed)


async def test_looking_a_code_up_does_not_use_it(town: Town, anna: api.Known) -> None:
    """A till may look before it takes; after the use, looking says that it was used."""
    code = (await _show(town, anna)).code
    for _ in range(2):
        async with town.unit() as uow:
            assert await api.read_codes(uow, town.keyring, [f" {code.lower()} "]) == [anna]
    await _use(town, code)
    async with town.unit() as uow:
        assert isinstance((await api.read_codes(uow, town.keyring, [code]))[0], MemberCodeUsed)


@pytest.mark.parametrize(
    ("seconds", "good"), [(-31, False), (-30, True), (0, True), (29, True), (59, True), (60, False), (86_400, False)]
)
async def test_a_code_is_accepted_one_step_early_or_late(
    town: Town, anna: api.Known, seconds: int, *, good: bool
) -> None:
    """Clocks may differ by one step of 30 seconds; a screenshot of before is worth nothing."""
    code = (await _show(town, anna)).code
    answer = (await _use(town, code, seconds=seconds))[0]
    assert (answer == anna) == good
    assert isinstance(answer, api.Known if good else MemberCodeInvalid)


async def test_an_older_code_is_refused_after_a_newer_one(town: Town, anna: api.Known) -> None:
    """Once the next step's code was used, the one before is spent as well; a newer one is good."""
    now, later, next_ = [(await _show(town, anna, seconds)).code for seconds in (0, 30, 60)]
    assert await _use(town, later, seconds=29) == [anna]
    assert isinstance((await _use(town, now, seconds=29))[0], MemberCodeUsed)
    assert await _use(town, next_, seconds=60) == [anna]


async def test_fifty_tills_at_once_use_one_code_once(town: Town, anna: api.Known) -> None:
    """Of fifty uses at the same time exactly one is good."""
    code = (await _show(town, anna)).code
    await town.warm()
    answers = await asyncio.gather(*(_use(town, code) for _ in range(50)))
    assert sum(answer == [anna] for answer in answers) == 1
    assert sum(isinstance(answer[0], MemberCodeUsed) for answer in answers) == 49


async def test_a_batch_judges_each_code_for_itself(town: Town, anna: api.Known) -> None:
    """Good, wrong, doubled and a second member's codes in one call get their own answers."""
    bert = await town.person(IdentifierKind.TAG, "tag-bert")
    first, second = (await _show(town, anna)).code, (await _show(town, bert)).code
    answers = await _use(town, first, "nonsense", first, second)
    assert answers[0] == anna
    assert isinstance(answers[1], MemberCodeInvalid)
    assert isinstance(answers[2], MemberCodeUsed)
    assert answers[3] == bert


async def test_a_use_that_is_rolled_back_leaves_the_code_good(town: Town, anna: api.Known) -> None:
    """When the sale fails, the member does not have to wait for the next code."""
    code = (await _show(town, anna)).code

    async def sale() -> None:
        async with town.unit() as uow:
            assert await api.use_codes(uow, town.keyring, [code]) == [anna]
            raise RuntimeError("the sale failed")

    with pytest.raises(RuntimeError, match="the sale failed"):
        await sale()
    assert await _use(town, code) == [anna]


def _flipped(code: str) -> str:
    return code[:-2] + ("A" if code[-2] != "A" else "B") + code[-1]


def _other_step(code: str) -> str:
    return code[:35] + ("A" if code[35] != "A" else "B") + code[36:]


@pytest.mark.parametrize(
    "change",
    [
        _flipped,
        _other_step,
        lambda code: code[:-1],
        lambda code: code + "A",
        lambda code: code[3:],
        lambda code: "RM2" + code[3:],
        lambda code: code.replace(code[10], "1"),
        lambda code: "RM1" + "é" * 58,
        lambda code: "",
    ],
)
async def test_a_changed_code_is_refused(town: Town, anna: api.Known, change: Callable[[str], str]) -> None:
    """Whatever is changed, the answer is the same, and the true code stays good."""
    code = (await _show(town, anna)).code
    assert isinstance((await _use(town, change(code)))[0], MemberCodeInvalid)
    assert await _use(town, code) == [anna]


async def test_a_code_of_another_network_or_of_nobody_is_refused(town: Town, anna: api.Known) -> None:
    """Erased members have no code, and their last one is worth nothing."""
    code = (await _show(town, anna)).code
    async with town.unit() as uow:
        await api.erase(uow, anna.member_id, OPERATOR)
    assert isinstance((await _use(town, code))[0], MemberCodeInvalid)
    with pytest.raises(MemberUnknown):
        await _show(town, anna)


async def test_after_a_merge_either_code_names_the_person(town: Town, anna: api.Known) -> None:
    """A code made before the merge still works, and names who stands for the person now."""
    card = await town.person(IdentifierKind.CARD_TOKEN, "tok_anna")
    code = (await _show(town, card)).code
    async with town.unit() as uow:
        await api.merge(uow, card.member_id, anna.member_id, OPERATOR)
    used = (await _use(town, code))[0]
    assert isinstance(used, api.Known)
    assert used.member_id == anna.member_id


def test_control_a_code_made_with_another_seed_is_not_genuine() -> None:
    """Whoever knows everything but the member's key cannot make a code."""
    code_id = OPERATOR
    read = read_code(make_code(b"a" * 32, code_id, 77))
    assert (read.code_id, read.step) == (code_id, 77)
    assert code_is_genuine(b"a" * 32, read)
    assert not code_is_genuine(b"b" * 32, read)
