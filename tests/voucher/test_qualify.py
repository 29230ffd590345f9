"""A till sees what somebody is entitled to here, best first, with the rule that speaks against the rest."""

from datetime import timedelta

from ringmain.kit.pure.ids import uuid7
from ringmain.voucher.qualify import Qualified, qualify
from tests.voucher.ring import DAY, NOW, Ring


async def _qualify(ring: Ring, basket: int | None = 1_000, subjects: tuple[object, ...] = ()) -> list[Qualified]:
    async with ring.unit() as uow:
        return await qualify(uow, subjects or (ring.member,), ring.till(), basket_minor=basket, currency="EUR")  # type: ignore[arg-type]


def _seen(found: list[Qualified]) -> list[tuple[int, str | None]]:
    return [(one.amount_minor, one.refusal.code if one.refusal else None) for one in found]


async def test_the_best_comes_first_and_refusals_last(ring: Ring) -> None:
    """Usable vouchers are ordered by what they take off this basket; the others name their rule."""
    for terms in (
        {"face_minor": 200},
        {"kind": "discount", "percent_bp": 3_000, "face_minor": 5_000},
        {"minimum_minor": 2_000},
        {"shop_ids": (ring.bakery_shop,)},
        {"valid_from": NOW + DAY},
    ):
        await ring.grant(await ring.publish(**terms))
    assert _seen(await _qualify(ring))[:2] == [(300, None), (200, None)]
    refused = ["minimum_not_reached", "shop_not_accepted", "voucher_not_yet_valid"]
    assert sorted(code for _, code in _seen(await _qualify(ring))[2:] if code) == refused
    assert _seen(await _qualify(ring, basket=500))[:2] == [(200, None), (150, None)]
    assert _seen(await _qualify(ring, basket=None))[0] == (200, None)
    assert "basket_required" in [code for _, code in _seen(await _qualify(ring, basket=None))]


async def test_of_two_alike_the_one_that_ends_sooner_comes_first(ring: Ring) -> None:
    """Vouchers of the same worth are ordered by their end."""
    late = await ring.grant(await ring.publish(valid_days=20))
    soon = await ring.grant(await ring.publish(valid_days=2))
    assert [one.voucher.id for one in await _qualify(ring)] == [soon.voucher_id, late.voucher_id]


async def test_spent_ended_and_foreign_vouchers_are_not_shown(ring: Ring) -> None:
    """Only the open vouchers of this person are shown; those of a merged member are theirs too."""
    offer = await ring.publish()
    await ring.spend(await ring.grant(offer))
    await ring.grant(offer, at=NOW - 20 * DAY)
    foreign = await ring.grant(offer, ring.other_member)
    assert await _qualify(ring) == []
    merged = await _qualify(ring, subjects=(ring.member, ring.other_member))
    assert [(one.voucher.id, one.refusal) for one in merged] == [(foreign.voucher_id, None)]


async def test_used_up_limits_are_seen_and_nothing_is_written(ring: Ring) -> None:
    """A limit that is used up is named, one that nobody counted yet is not created, and no table changes."""
    offer = await ring.publish(per_member=1, in_total=5)
    await ring.spend(await ring.grant(offer))
    await ring.grant(offer)
    await ring.grant(await ring.publish(per_day=3))
    before = await ring.snapshot()
    assert _seen(await _qualify(ring)) == [(200, None), (0, "limit_reached")]
    assert await ring.snapshot() == before


async def test_nobody_has_nothing(ring: Ring) -> None:
    """Somebody without vouchers is entitled to nothing."""
    assert await _qualify(ring, subjects=(uuid7(NOW - timedelta(days=1)),)) == []
