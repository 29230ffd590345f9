"""Tests of claiming prizes: one voucher per play, per person and day, whoever asks how often at once."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest

from ringmain.campaign import api, store
from ringmain.campaign.errors import (
    AlreadyPlayed,
    DrawExpired,
    DrawTaken,
    DrawUnknown,
    NoPrizeLeft,
    PrizeGone,
    PrizeNotDrawn,
)
from ringmain.kit.db import UnitOfWork
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.errors import RuleBroken
from ringmain.member.errors import MemberUnknown
from tests.campaign.playing import claim, draw, phone
from tests.match.street import CONNECTIONS, NOW, Street, small_street

AT_ONCE = 64


async def _vouchers(street: Street) -> int:
    count: int = await street.value("SELECT count(*) FROM voucher")
    return count


async def test_a_prize_becomes_a_voucher_with_its_way(street: Street) -> None:
    """The voucher is the chosen offer's, won at the bakery, led to by the touch; its money is set aside."""
    known, drawn = await street.person(), await draw(street, await street.poster())
    chosen = drawn.prizes[1].offer
    claimed = await claim(street, drawn, known, chosen.id)
    assert (claimed.draw_id, claimed.offer_id, claimed.stand_in) == (drawn.id, chosen.id, False)
    row = await street.value(
        "SELECT (subject_id, sender_shop_id, origin_kind, origin_id, held_minor)::text FROM voucher WHERE id = %s",
        claimed.voucher_id,
    )
    touch = await street.value("SELECT id FROM touch")
    assert row == f"({known.subject_id},{street.shops[0]},touch,{touch},{chosen.terms.cost_minor})"
    assert await street.value("SELECT count(*) FROM outbox WHERE kind = 'draw_claimed'") == 1


async def test_asking_again_gives_the_first_answer(street: Street) -> None:
    """Another tap, also on another prize, also the next day, is told the first voucher; the scene says so too."""
    token, mine = await street.poster(), phone()
    known, drawn = await street.person(), await draw(street, token, mine)
    first = await claim(street, drawn, known)
    assert await claim(street, drawn, known, drawn.prizes[2].offer.id) == first
    assert await claim(street, drawn, known, at=NOW + timedelta(days=1)) == first
    again = await draw(street, token, mine)
    assert (again.state, again.voucher_id) == ("won", first.voucher_id)
    assert await _vouchers(street) == 1


async def test_64_claims_at_once_are_one_voucher(street: Street) -> None:
    """64 taps on all three prizes at once: everybody gets the same answer, and one voucher exists."""
    known, drawn = await street.person(), await draw(street, await street.poster())
    offers = [prize.offer.id for prize in drawn.prizes]
    claimed = await asyncio.gather(*(claim(street, drawn, known, offers[n % 3]) for n in range(AT_ONCE)))
    assert len(set(claimed)) == 1
    assert await _vouchers(street) == 1
    assert await street.value("SELECT count(*) FROM draw_claim") == 1


async def test_without_lock_and_constraints_claims_at_once_are_many(
    new_database: Callable[[], Urls], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without the locks the constraint stands alone, and without it, too, there are several vouchers."""
    together = asyncio.Barrier(CONNECTIONS)

    async def no_lock(*_: object) -> bool:
        return True

    async def no_lock_but_all_at_once(*_: object) -> None:
        await together.wait()

    monkeypatch.setattr(store, "lock_draw", no_lock)
    monkeypatch.setattr(store, "lock_person", no_lock_but_all_at_once)
    urls = new_database()
    async with small_street(urls.application_url) as street:
        known = await street.person()
        for guarded in (True, False):
            if not guarded:
                with psycopg.connect(urls.migration_url) as owner:
                    owner.execute("ALTER TABLE draw_claim DROP CONSTRAINT draw_claimed_once")
                    owner.execute("ALTER TABLE draw_claim DROP CONSTRAINT draw_claim_once_a_day")
            before = await _vouchers(street)
            drawn = await draw(street, await street.poster())
            claims = await asyncio.gather(
                *(claim(street, drawn, known) for _ in range(CONNECTIONS)), return_exceptions=True
            )
            refused = [one for one in claims if isinstance(one, psycopg.errors.UniqueViolation)]
            assert (await _vouchers(street) - before == 1) == guarded
            assert bool(refused) == guarded


async def test_one_prize_per_person_scene_and_day(street: Street) -> None:
    """A second phone of the same person wins nothing more here today, but does tomorrow and elsewhere."""
    token, known = await street.poster(), await street.person()
    first = await claim(street, await draw(street, token), known)
    with pytest.raises(AlreadyPlayed) as refused:
        await claim(street, await draw(street, token), known)
    assert refused.value.facts == {"voucher_id": first.voucher_id}
    assert await _vouchers(street) == 1
    # Signed in, the second phone sees the first play.
    assert (await draw(street, token, phone(known))).voucher_id == first.voucher_id
    await claim(street, await draw(street, await street.poster(1)), known)
    tomorrow = NOW + timedelta(days=1)
    await claim(street, await draw(street, token, at=tomorrow), known, at=tomorrow)
    assert await _vouchers(street) == 3


async def test_two_phones_of_one_person_at_once_win_once(street: Street) -> None:
    """The same person claims on eight phones at the same moment: one voucher."""
    token, known = await street.poster(), await street.person()
    draws = [await draw(street, token) for _ in range(8)]
    answers = await asyncio.gather(*(claim(street, one, known) for one in draws), return_exceptions=True)
    assert sorted(type(one).__name__ for one in answers) == ["AlreadyPlayed"] * 7 + ["Claimed"]
    assert await _vouchers(street) == 1


async def test_a_play_is_its_players(street: Street) -> None:
    """Nobody gets anything from the play of another; a shared phone is free for the next person."""
    anna, ben = await street.person(), await street.person("+8613800138001")
    token, shared = await street.poster(), phone()
    drawn = await draw(street, token, shared)
    await claim(street, drawn, anna)
    with pytest.raises(DrawTaken):
        await claim(street, drawn, ben)
    bens = await draw(street, token, api.Player(shared.device, ben))
    assert bens.id != drawn.id
    with pytest.raises(DrawTaken):
        await claim(street, bens, anna)
    await claim(street, bens, ben)
    assert await _vouchers(street) == 2


@pytest.mark.parametrize(
    ("rule", "at"), [(DrawExpired, NOW + timedelta(minutes=30)), (PrizeNotDrawn, NOW), (DrawUnknown, NOW)]
)
async def test_what_was_not_drawn_cannot_be_claimed(street: Street, rule: type[RuleBroken], at: object) -> None:
    """Too late, another offer, another token: refused, and nothing is granted."""
    known, drawn = await street.person(), await draw(street, await street.poster())
    token = drawn.token if rule is not DrawUnknown else "A" * 43
    offer_id = street.offers[0] if rule is PrizeNotDrawn else drawn.prizes[0].offer.id
    with pytest.raises(rule):
        async with street.database.unit(street.network_id, now=at) as uow:  # type: ignore[arg-type]
            await api.claim(uow, street.keyring, token, offer_id, known.member_id)
    assert await _vouchers(street) == 0
    with pytest.raises(MemberUnknown):
        async with street.unit() as uow:
            await api.claim(uow, street.keyring, drawn.token, drawn.prizes[0].offer.id, UUID(int=4))


async def test_a_prize_that_ran_out_leaves_the_others(street: Street) -> None:
    """The chosen offer was paused meanwhile: the refusal names those that are left, and one of them is granted."""
    known, drawn = await street.person(), await draw(street, await street.poster())
    gone, second, third = [prize.offer.id for prize in drawn.prizes]
    await street.pause(gone, third)
    with pytest.raises(PrizeGone) as refused:
        await claim(street, drawn, known, gone)
    assert refused.value.facts == {"offer_ids": [second]}
    assert await _vouchers(street) == 0
    assert (await claim(street, drawn, known, second)).offer_id == second


async def test_the_network_stands_in_where_all_prizes_ran_out(street: Street) -> None:
    """All three are gone: the network's own voucher is given; without one the person is told, and may come again."""
    known, drawn = await street.person(), await draw(street, await street.poster())
    await street.pause(*street.offers)
    with pytest.raises(NoPrizeLeft):
        await claim(street, drawn, known)
    assert await _vouchers(street) == 0
    async with street.unit() as uow:
        await _credit(uow)
    stand_in = await street.publish(0, by_network=True, face_minor=50)
    claimed = await claim(street, drawn, known)
    assert (claimed.offer_id, claimed.stand_in) == (stand_in.id, True)
    assert await _vouchers(street) == 1
    assert await claim(street, drawn, known) == claimed


async def _credit(uow: UnitOfWork) -> None:
    """Let everybody spend a little on account, the network too."""
    await uow.execute("UPDATE ledger_guard SET credit_limit_minor = 1000")
