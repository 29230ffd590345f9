"""Leases: who gets one, whom it keeps off, what it covers, and how it ends."""

import uuid
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.voucher import expire
from ringmain.voucher import lease as leasing
from ringmain.voucher.apply import Settle, Use
from ringmain.voucher.model import (
    AskLease,
    Close,
    Ended,
    Granted,
    Lease,
    Offline,
    OfflineRule,
    Redeem,
    Redeemer,
    Settled,
)
from ringmain.voucher.model.book import Book
from tests.voucher.ring import DAY, NOW, ZONE, Ring

HOUR = timedelta(hours=1)
TILL, OTHER_TILL = UUID(int=71), UUID(int=72)


def till(ring: Ring, terminal: UUID = TILL) -> Redeemer:
    """Return a terminal in the cafe."""
    return Redeemer(ring.cafe, ring.cafe_shop, terminal, ZONE)


async def lend(
    ring: Ring, *granted: Granted, at: datetime = NOW, terminal: UUID = TILL, **more: Any
) -> list[Lease | RuleBroken]:
    """Ask for leases of a member's vouchers."""
    by = till(ring, terminal)
    async with ring.unit(at) as uow:
        asks = [AskLease(one.voucher_id, by, None, (ring.member,)) for one in granted]
        return await leasing.lease(uow, by, asks, **more)


async def lent(ring: Ring, granted: Granted, at: datetime = NOW, **more: Any) -> Lease:
    """Return the lease of one voucher."""
    answer = (await lend(ring, granted, at=at, **more))[0]
    assert isinstance(answer, Lease), answer
    return answer


async def rule(ring: Ring, **changes: Any) -> None:
    """Say what the cafe's tills may do."""
    async with ring.unit() as uow:
        await leasing.change_offline_rule(uow, ring.cafe, OfflineRule(**changes))


def action(ring: Ring, granted: Granted, at: datetime, terminal: UUID | None = TILL, **changes: Any) -> Redeem:
    """Return the member spending a voucher at a terminal of the cafe."""
    by = replace(till(ring), terminal_id=terminal)
    return replace(ring.redeem(granted, at), by=by, **changes)


async def spend(ring: Ring, granted: Granted, at: datetime, terminal: UUID | None = TILL) -> Any:
    """Spend a voucher with a network."""
    return (await ring.apply([Use((action(ring, granted, at, terminal),))], at))[0]


async def arrive(
    ring: Ring, granted: Granted, lease: Lease | None, used: datetime, at: datetime, **more: Any
) -> Settled:
    """Let an offline redemption arrive: made at `used` by the till's clock, decided at `at`."""
    offline = Offline(at, lease.id if lease else None, 200, more.pop("anyway", False))
    answer = (await ring.apply([Settle((action(ring, granted, used, offline=offline, **more),))], at))[0]
    assert isinstance(answer, Settled), answer
    return answer


async def test_a_leased_voucher_is_its_terminals_until_it_is_free(ring: Ring) -> None:
    """Others are told until when and where; the terminal itself redeems; afterwards everybody may."""
    granted = await ring.grant(await ring.publish())
    lease = await lent(ring, granted)
    assert (lease.number, lease.leased_until, lease.free_at) == (1, NOW + 12 * HOUR, NOW + 36 * HOUR)
    before = await ring.snapshot()

    for terminal in (OTHER_TILL, None):
        answer = await spend(ring, granted, NOW + 36 * HOUR - timedelta(seconds=1), terminal)
        assert answer.code == "voucher_leased"
        facts = {"until": lease.leased_until, "free_at": lease.free_at, "shop_id": ring.cafe_shop}
        assert answer.facts == facts
    assert await ring.snapshot() == before

    assert [one.amount_minor for one in await spend(ring, granted, NOW + 36 * HOUR, OTHER_TILL)] == [200]


async def test_the_terminal_itself_redeems_with_a_network_and_the_lease_is_over(ring: Ring) -> None:
    """A spent voucher is no longer lent, so that a reversal makes it everybody's again."""
    granted = await ring.grant(await ring.publish())
    await lent(ring, granted)

    done = (await spend(ring, granted, NOW + HOUR))[0]

    assert await ring.value("SELECT how_ended FROM lease") == "spent"
    await ring.apply([ring.reverse(done, NOW + 2 * HOUR)], NOW + 2 * HOUR)
    assert [one.amount_minor for one in await spend(ring, granted, NOW + 3 * HOUR, OTHER_TILL)] == [200]


# How long ago a sale of the lending terminal was made, whether it names the lease, and whether it uses up the voucher.
OWN: dict[str, tuple[timedelta, bool, bool, bool]] = {
    "comes at once": (timedelta(seconds=40), False, False, True),
    "waited for an answer, by the lease": (7 * HOUR, True, False, True),
    "waited for an answer, and the lease came later": (8 * HOUR + timedelta(minutes=4), False, False, False),
    "waited for an answer, without the lease": (7 * HOUR, False, False, False),
    "without a network, at the shop's own risk": (8 * HOUR + timedelta(minutes=4), False, True, False),
}


@pytest.mark.parametrize(("ago", "named", "offline", "takes"), OWN.values(), ids=OWN.keys())
async def test_what_was_given_by_a_lease_is_not_used_up_by_another_sale(
    ring: Ring, ago: timedelta, named: bool, offline: bool, takes: bool
) -> None:
    """A sale that got no answer comes hours later; the same terminal may have lent the voucher since, and given it."""
    granted, at = await ring.grant(await ring.publish()), NOW + 8 * HOUR
    lease = await lent(ring, granted)
    changes: dict[str, Any] = {"made_at": at - ago, "lease_id": lease.id if named else None}
    if offline:
        changes["offline"] = Offline(at, None, 200, anyway=True)
    own = action(ring, granted, at - ago if offline else at, **changes)
    before = await ring.snapshot()

    answer: Any = (await ring.apply([Settle((own,)) if offline else Use((own,))], at))[0]
    if takes:
        assert [one.amount_minor for one in answer] == [200]
        return
    refused = answer.refused[0][1] if isinstance(answer, Settled) else answer
    assert refused.code == "voucher_leased"
    assert await ring.snapshot() == before
    assert [one.amount_minor for one in (await arrive(ring, granted, lease, NOW + HOUR, at)).done] == [200]


ARRIVALS: dict[str, tuple[timedelta, timedelta, str | int]] = {
    "used and sent inside the lease": (HOUR, 2 * HOUR, 200),
    "sent within the grace": (11 * HOUR, 35 * HOUR, 200),
    "sent after the grace, and nobody had used it": (11 * HOUR, 40 * HOUR, 200),
    "the clock is behind by little": (timedelta(minutes=-9), HOUR, 200),
    "the clock is behind by much": (timedelta(minutes=-11), HOUR, "voucher_needs_network"),
    "used a little after the end": (12 * HOUR + timedelta(minutes=9), 13 * HOUR, 200),
    "used after the end": (12 * HOUR + timedelta(minutes=11), 13 * HOUR, "voucher_needs_network"),
}


@pytest.mark.parametrize(("used", "sent", "outcome"), ARRIVALS.values(), ids=ARRIVALS.keys())
async def test_an_offline_redemption_counts_if_the_tills_time_lies_inside_its_lease(
    ring: Ring, used: timedelta, sent: timedelta, outcome: str | int
) -> None:
    """What lies inside is redeemed, booked when it arrives; what lies outside is refused, and nothing has happened."""
    granted = await ring.grant(await ring.publish())
    lease = await lent(ring, granted)
    before = await ring.snapshot()

    answer = await arrive(ring, granted, lease, NOW + used, NOW + sent)

    if isinstance(outcome, str):
        assert [rule.code for _, rule in answer.refused] == [outcome]
        assert await ring.snapshot() == before
    else:
        done = answer.done[0]
        assert (done.amount_minor, done.at, done.lease_id) == (outcome, NOW + sent, lease.id)
        assert done.used_at == min(max(NOW + used, lease.leased_from), lease.leased_until)


async def test_conditions_hold_at_the_time_of_use_and_not_of_arrival(ring: Ring) -> None:
    """A lunch voucher that was used at lunch is paid, though it arrives in the evening."""
    granted = await ring.grant(await ring.publish(from_minute=600, until_minute=840))
    lease = await lent(ring, granted)

    evening = await arrive(ring, granted, lease, NOW + 8 * HOUR, NOW + 9 * HOUR)
    lunch = await arrive(ring, granted, lease, NOW + HOUR, NOW + 9 * HOUR)

    assert [rule.code for _, rule in evening.refused] == ["outside_hours"]
    assert [one.amount_minor for one in lunch.done] == [200]


async def test_what_arrives_after_the_grace_is_told_when_and_where_it_was_used(ring: Ring) -> None:
    """The voucher was free again, and somebody used it: the late one is refused, with the time of that use."""
    granted = await ring.grant(await ring.publish())
    lease = await lent(ring, granted)
    await spend(ring, granted, NOW + 37 * HOUR, OTHER_TILL)

    answer = await arrive(ring, granted, lease, NOW + HOUR, NOW + 40 * HOUR)

    refusal = answer.refused[0][1]
    assert refusal.code == "voucher_already_spent"
    assert refusal.facts["redeemed_at"] == NOW + 37 * HOUR
    assert refusal.facts["shop_id"] == ring.cafe_shop


async def test_a_lower_number_is_fenced_off_by_a_higher_one(ring: Ring) -> None:
    """After the grace another terminal has leased it: what the first one sends is refused while that lasts."""
    granted = await ring.grant(await ring.publish())
    first = await lent(ring, granted)
    second = await lent(ring, granted, NOW + 37 * HOUR, terminal=OTHER_TILL)
    assert (first.number, second.number) == (1, 2)

    answer = await arrive(ring, granted, first, NOW + HOUR, NOW + 38 * HOUR)

    assert [rule.code for _, rule in answer.refused] == ["voucher_leased"]
    assert await ring.value("SELECT string_agg(coalesce(how_ended, 'open'), ' ' ORDER BY number) FROM lease") == (
        "over open"
    )


@pytest.mark.parametrize(("anyway", "codes", "amounts"), [(False, ["voucher_needs_network"], []), (True, [], [200])])
async def test_a_voucher_that_is_not_leased_is_tried_only_at_the_merchants_risk(
    ring: Ring, anyway: bool, codes: list[str], amounts: list[int]
) -> None:
    """Without the merchant's word it needs a network; with it, it is decided when it arrives."""
    granted = await ring.grant(await ring.publish())

    answer = await arrive(ring, granted, None, NOW + HOUR, NOW + 2 * HOUR, anyway=anyway)

    assert [rule.code for _, rule in answer.refused] == codes
    assert [one.amount_minor for one in answer.done] == amounts


async def test_another_terminals_lease_covers_nothing(ring: Ring) -> None:
    """Whoever names a lease that is not its own is told that it needs a network."""
    granted = await ring.grant(await ring.publish())
    lease = await lent(ring, granted)

    answer = await arrive(ring, granted, lease, NOW + HOUR, NOW + 2 * HOUR, terminal=OTHER_TILL)

    assert [rule.code for _, rule in answer.refused] == ["voucher_needs_network"]


async def test_asking_again_moves_the_end_and_release_frees(ring: Ring) -> None:
    """The same lease lasts longer; after the release anybody may redeem, and there is nothing to release."""
    granted = await ring.grant(await ring.publish())
    first = await lent(ring, granted, lasting=HOUR)
    again = await lent(ring, granted, NOW + HOUR)
    assert (again.id, again.number) == (first.id, 1)
    assert (first.leased_until, again.leased_until) == (NOW + HOUR, NOW + 13 * HOUR)

    async with ring.unit(NOW + 2 * HOUR) as uow:
        await leasing.release_lease(uow, first.id, terminal_id=TILL)

    assert isinstance(await spend(ring, granted, NOW + 2 * HOUR, OTHER_TILL), list)
    for terminal in (TILL, OTHER_TILL):
        async with ring.unit(NOW + 2 * HOUR) as uow:
            with pytest.raises(RuleBroken) as refused:
                await leasing.release_lease(uow, first.id, terminal_id=terminal)
        assert refused.value.code == "lease_not_found"


async def test_caps_of_count_and_value_hold_per_terminal(ring: Ring) -> None:
    """The third lease is one too many, and 4.00 are all that may be out; another terminal has caps of its own."""
    offer = await ring.publish()
    granted = [await ring.grant(offer) for _ in range(3)]
    await rule(ring, most_leases=2)
    answers = await lend(ring, *granted)
    assert [getattr(one, "code", "lent") for one in answers] == ["lent", "lent", "lease_cap_reached"]
    await rule(ring, most_value_minor=400)
    refused = (await lend(ring, granted[2]))[0]
    assert isinstance(refused, RuleBroken)
    assert refused.facts == {"cap": "value", "maximum": 400}

    assert isinstance((await lend(ring, granted[2], terminal=OTHER_TILL))[0], Lease)


async def test_not_every_voucher_is_lent(ring: Ring) -> None:
    """Counted, spent, foreign and unknown vouchers are not, nor those of other shops or held by a validation."""
    counted = await ring.grant(await ring.publish(per_member=1))
    elsewhere = await ring.grant(await ring.publish(shop_ids=(ring.bakery_shop,)))
    foreign = await ring.grant(await ring.publish(), ring.other_member)
    spent = await ring.grant(await ring.publish())
    await ring.spend(spent)
    unknown = replace(spent, voucher_id=uuid7(NOW))
    held = await ring.grant(await ring.publish())
    async with ring.unit() as uow:
        query: Any = "UPDATE voucher SET lock_key = gen_random_uuid(), lock_until = %s WHERE id = %s"
        await uow.connection.execute(query, (NOW + HOUR, held.voucher_id))

    answers = await lend(ring, counted, elsewhere, foreign, spent, unknown, held)

    assert [getattr(one, "code", "lent") for one in answers] == [
        "voucher_not_leasable",
        "shop_not_accepted",
        "voucher_not_found",
        "voucher_already_spent",
        "voucher_not_found",
        "voucher_locked",
    ]
    assert await ring.value("SELECT count(*) FROM lease") == 0


async def test_prepared_vouchers_are_lent_to_the_shop_they_are_meant_for(ring: Ring) -> None:
    """The till need not know of them; another shop's till gets none."""
    granted = await ring.grant(await ring.publish())
    async with ring.unit() as uow:
        await leasing.prepare(uow, [granted.voucher_id], ring.cafe_shop)
    elsewhere = Redeemer(ring.bakery, ring.bakery_shop, OTHER_TILL, ZONE)
    async with ring.unit() as uow:
        assert await leasing.lease(uow, elsewhere, [], prepared=True) == []
        found = await leasing.lease(uow, till(ring), [], prepared=True)
    assert [one.voucher_id for one in found if isinstance(one, Lease)] == [granted.voucher_id]


async def test_the_sweep_waits_for_a_lease_and_then_ends_voucher_and_lease(ring: Ring) -> None:
    """A leased voucher whose time is over may have been used: it expires, and its money returns, after the grace."""
    granted = await ring.grant(await ring.publish(valid_days=1))
    lease = await lent(ring, granted, NOW + 20 * HOUR)
    assert (lease.leased_until, lease.free_at) == (NOW + DAY, NOW + 2 * DAY)
    close = Close(uuid7(NOW), granted.voucher_id, NOW + DAY)
    assert [getattr(one, "code", one) for one in await ring.apply([close], NOW + DAY)] == ["voucher_leased"]

    assert await expire.sweep(ring.database, ring.network_id, now=NOW + 2 * DAY - HOUR) == 0
    assert await expire.sweep(ring.database, ring.network_id, now=NOW + 2 * DAY) == 1

    assert await ring.value("SELECT closed FROM voucher") == "expired"
    assert await ring.value("SELECT how_ended FROM lease") == "over"
    assert (await ring.money(ring.bakery)).held_minor == 0


async def test_a_voucher_cannot_be_taken_back_while_it_is_lent(ring: Ring) -> None:
    """Its creator waits, as everybody does."""
    granted = await ring.grant(await ring.publish())
    await lent(ring, granted)
    async with ring.unit(NOW + HOUR) as uow:
        answer = (await expire.void(uow, [granted.voucher_id]))[0]
    assert not isinstance(answer, Ended)
    assert answer.code == "voucher_leased"


async def test_several_offline_vouchers_of_one_sale_are_each_decided(ring: Ring) -> None:
    """The refused one does not hinder the other, and each sees the basket that the till had left it."""
    discount = await ring.grant(await ring.publish(kind="discount", percent_bp=1_000, face_minor=500))
    cash = await ring.grant(await ring.publish())
    leases = [await lent(ring, one) for one in (cash, discount)]
    spent = await ring.grant(await ring.publish())
    await ring.spend(spent)
    at = NOW + HOUR
    actions = tuple(
        action(ring, one, at, offline=Offline(at, lease.id if lease else None, 200))
        for one, lease in ((spent, None), (cash, leases[0]), (discount, leases[1]))
    )

    answer = (await ring.apply([Settle(actions)], at))[0]

    assert isinstance(answer, Settled)
    assert [(id_, rule.code) for id_, rule in answer.refused] == [(spent.voucher_id, "voucher_already_spent")]
    # A tenth of what two vouchers of 2.00 had left of 10.00.
    assert [one.amount_minor for one in answer.done] == [200, 60]


async def test_control_without_the_check_the_commit_is_refused(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database repeats the guard: another terminal's redemption of a leased voucher does not commit."""
    granted = await ring.grant(await ring.publish())
    await lent(ring, granted)
    before = await ring.snapshot()
    monkeypatch.setattr(Book, "_check_lease", lambda *_: None)

    with pytest.raises(psycopg.errors.CheckViolation, match="leased to another terminal"):
        await spend(ring, granted, NOW + HOUR, OTHER_TILL)

    assert await ring.snapshot() == before
    assert isinstance(await spend(ring, granted, NOW + HOUR, TILL), list)


async def test_two_open_leases_of_one_voucher_cannot_be_written(ring: Ring) -> None:
    """A unique index is the last guard."""
    granted = await ring.grant(await ring.publish())
    await lent(ring, granted)
    second = """
        INSERT INTO lease SELECT network_id, %s, voucher_id, 2, %s, merchant_id, shop_id, value_minor, currency,
                                 leased_from, leased_until, free_at FROM lease RETURNING number
    """
    with pytest.raises(psycopg.errors.UniqueViolation, match="lease_open_once"):
        await ring.value(second, uuid.uuid4(), OTHER_TILL)
