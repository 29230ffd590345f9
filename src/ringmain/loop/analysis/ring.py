"""How a ring turns, from the lake: who brought whom where with whose money, and what people did after they played."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
from numpy.typing import NDArray

from ringmain.kit.lake.read import Facts, moment, one_of
from ringmain.loop.analysis.effect import by_chance_only, paid_visits
from ringmain.loop.analysis.flow import Int64s, Table, grant_outcomes, redemption_returns, standing, times
from ringmain.profile.api import canonical, disputed

OUTCOMES = ("here", "here_paid", "round", "full", "full_paid")


def groups_of(named: Mapping[str, str]) -> pa.Table:
    """Return shop_id and name of the group of each shop: itself, its merchant, its area or its category."""
    columns = {"shop_id": [*named.keys()], "name": [*named.values()]}
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def voucher_moves(facts: Facts, since: datetime | None = None, until: datetime | None = None) -> Table:
    """Return a row per redemption that stands: subject_id, origin (null: won nowhere), destination, payer, amount."""
    spent = standing(facts).anti_join(disputed(facts), "sale_id")
    if since is not None:
        spent = spent.filter(spent.redeemed_at >= moment(since))
    if until is not None:
        spent = spent.filter(spent.redeemed_at < moment(until))
    won = facts.grant.select("voucher_id", "sender_shop_id", "funder_id", holder=facts.grant.subject_id)
    known = spent.inner_join(won, "voucher_id")
    known = known.mutate(subject_id=ibis.coalesce(known.subject_id, known.holder))
    columns = {"origin": known.sender_shop_id, "destination": known.shop_id}
    return canonical(known.select("subject_id", "amount_minor", "funder_id", **columns), facts)


def flow_matrix(facts: Facts, groups: Table) -> Table:
    """Return origin, destination, vouchers, people, amount_minor: vouchers won in a group and spent at another shop."""
    moved = _grouped(voucher_moves(facts), groups)
    return moved.group_by(origin=moved.sender, destination=moved.receiver).agg(
        vouchers=moved.count(), people=moved.subject_id.nunique(), amount_minor=moved.amount_minor.sum().fill_null(0)
    )


def power(facts: Facts, merchants: Table) -> Table:
    """Return merchant_id, side, vouchers, people, others, amount_minor of what merchants give to and get from others.

    `side`: injected (its money, spent at another's till), received (others' money, spent at its tills), sent (won at
    its shops, spent at another's), came (won at another's, spent at its shops). `others`: how many other merchants.
    """
    moves = voucher_moves(facts)
    till = merchants.select(till_id=merchants.shop_id, receiver=merchants.name)
    paid = moves.inner_join(till, moves.destination == till.till_id)
    paid = paid.filter(paid.funder_id != paid.receiver)
    sent = _grouped(moves, merchants)
    sent = sent.filter(sent.sender != sent.receiver)
    sides = (
        _side(paid, "injected", paid.funder_id, paid.receiver),
        _side(paid, "received", paid.receiver, paid.funder_id),
        _side(sent, "sent", sent.sender, sent.receiver),
        _side(sent, "came", sent.receiver, sent.sender),
    )
    return ibis.union(*sides)


def _side(moved: Table, side: str, merchant: Table, other: Table) -> Table:
    return moved.group_by(merchant_id=merchant, side=ibis.literal(side)).agg(
        vouchers=moved.count(),
        people=moved.subject_id.nunique(),
        others=other.nunique(),
        amount_minor=moved.amount_minor.sum().fill_null(0),
    )


def shop_balance(facts: Facts, until: datetime, days: int) -> Table:
    """Return shop_id, sent_on (vouchers won there) and came (won at other shops, spent there) of so many days."""
    end = moment(until)
    since = end - ibis.interval(days=days)
    won = facts.grant.filter(facts.grant.sender_shop_id.notnull(), facts.grant.granted_at.between(since, end))
    won = won.select(shop_id=won.sender_shop_id, sent_on=ibis.literal(1), came=ibis.literal(0))
    spent = standing(facts).anti_join(disputed(facts), "sale_id")
    spent = spent.filter(spent.redeemed_at.between(since, end))
    origin = facts.grant.select("voucher_id", "sender_shop_id")
    came = spent.inner_join(origin, "voucher_id")
    came = came.filter(came.sender_shop_id.notnull(), came.sender_shop_id != came.shop_id)
    came = came.select("shop_id", sent_on=ibis.literal(0), came=ibis.literal(1))
    both = won.union(came)
    return both.group_by("shop_id").agg(sent_on=both.sent_on.sum(), came=both.came.sum())


def _grouped(moves: Table, groups: Table) -> Table:
    """Return the moves between two shops with the sender and receiver named by their groups."""
    left = groups.select(left_id=groups.shop_id, sender=groups.name)
    entered = groups.select(entered_id=groups.shop_id, receiver=groups.name)
    moved = moves.filter(moves.origin.notnull(), moves.origin != moves.destination)
    moved = moved.inner_join(left, moved.origin == left.left_id)
    return moved.inner_join(entered, moved.destination == entered.entered_id)


def after_playing(facts: Facts, window_days: int, before_days: int, shop_ids: Sequence[str] | None = None) -> Table:
    """Return a row per campaign and person dealt at a shop (of `shop_ids`), with what they did there and elsewhere.

    campaign_id, subject_id, treated, entered_at, and of `window_days` from then: `here`, `here_paid` (visits to the
    shop where they played, and what they paid there), `round` (1 where they went to another shop and then came back
    to this one), `full`, `full_paid` (visits without a voucher anywhere, and what they paid). The same of
    `before_days` before, ending with _before. Paid: vouchers and refunds left out.
    """
    both = _dealt_and_seen(facts, shop_ids)
    ends, begins = both.entered_at + ibis.interval(days=window_days), both.entered_at - ibis.interval(days=before_days)
    spans = {
        "": (both.visited_at >= both.entered_at) & (both.visited_at < ends),
        "_before": (both.visited_at >= begins) & (both.visited_at < both.entered_at),
    }
    found: dict[str, Any] = {}
    for name, inside in spans.items():
        here = (inside & (both.place == both.shop_id)).fill_null(False)
        elsewhere = (inside & (both.place != both.shop_id)).fill_null(False)
        full = (inside & ~both.by_voucher).fill_null(False)
        found |= {
            f"here{name}": here.cast("int64").sum(),
            f"here_paid{name}": both.paid.sum(where=here).fill_null(0),
            f"left{name}": both.visited_at.min(where=elsewhere),
            f"back{name}": both.visited_at.max(where=here),
            f"full{name}": full.cast("int64").sum(),
            f"full_paid{name}": both.paid.sum(where=full).fill_null(0),
        }
    people = both.group_by("campaign_id", "subject_id", "treated", "entered_at").agg(**found)
    people = people.mutate(
        round=(people.back > people.left).fill_null(False).cast("int64"),
        round_before=(people.back_before > people.left_before).fill_null(False).cast("int64"),
    )
    return people.drop("left", "back", "left_before", "back_before")


def elsewhere_of(facts: Facts, window_days: int, shop_ids: Sequence[str]) -> Table:
    """Return people and merchants: of those who played at these shops, who bought at others' since, and at how many."""
    both = _dealt_and_seen(facts, shop_ids)
    ends = both.entered_at + ibis.interval(days=window_days)
    gone = both.filter(both.visited_at >= both.entered_at, both.visited_at < ends, ~one_of(both.place, shop_ids))
    return gone.agg(people=gone.subject_id.nunique(), merchants=gone.merchant_id.nunique())


def _dealt_and_seen(facts: Facts, shop_ids: Sequence[str] | None) -> Table:
    asked = facts.campaign_opportunity
    asked = asked.filter(asked.turn == 0, asked.shop_id.notnull())
    if shop_ids is not None:
        asked = asked.filter(one_of(asked.shop_id, shop_ids))
    dealt = by_chance_only(asked, facts)
    people = dealt.group_by("campaign_id", "subject_id").agg(
        treated=dealt.treated.argmin(dealt.happened_at),
        shop_id=dealt.shop_id.argmin(dealt.happened_at),
        entered_at=dealt.happened_at.min(),
    )
    seen = paid_visits(facts)
    seen = seen.select("visited_at", "paid", "by_voucher", "merchant_id", who=seen.subject_id, place=seen.shop_id)
    return people.left_join(seen, people.subject_id == seen.who)


def stages(facts: Facts, return_days: int = 28) -> Table:
    """Return one row: people who `won` a voucher that has ended, `came`, `spent`, and came `back` and paid in full."""
    end = facts.sale.agg(end=facts.sale.sold_at.max())
    rows = grant_outcomes(facts).cross_join(end)
    rows = rows.filter(rows.subject_id.notnull(), rows.valid_until <= rows.end)
    spent = rows.redeemed_at.notnull()
    won = rows.group_by("subject_id").agg(
        came=(spent | rows.came_at.notnull()).cast("int64").max(), spent=spent.cast("int64").max()
    )
    again = redemption_returns(facts)
    soon = again.next_at <= again.redeemed_at + ibis.interval(days=return_days)
    again = again.filter(soon, ~again.next_paid_with_voucher).select(again_id=again.subject_id).distinct()
    won = won.left_join(again, won.subject_id == again.again_id)
    back = (won.again_id.notnull() & (won.spent == 1)).cast("int64")
    return won.agg(
        won=won.count(),
        came=won.came.sum().fill_null(0),
        spent=won.spent.sum().fill_null(0),
        back=back.sum().fill_null(0),
    )


def sharing(facts: Facts, scenes: Sequence[str], days: int) -> Table:
    """Return one row: people seen in the last `days` of the data (`active`), and those first seen then (`new`).

    `by_sharing`: the new ones whose first sign of life was the touch of one of these shared `scenes`. `sent` and
    `senders`: invitations made in these days, and by how many people; `joined`: who became a member by one, and `came`:
    whose first visit to a shop was rewarded.
    """
    shared = one_of(facts.touch.scene_id, scenes)
    signs = ibis.union(
        facts.touch.select("subject_id", at=facts.touch.touched_at, shared=shared),
        facts.sale.select("subject_id", at=facts.sale.sold_at, shared=ibis.literal(False)),
        facts.grant.select("subject_id", at=facts.grant.granted_at, shared=ibis.literal(False)),
    )
    signs = canonical(signs.filter(signs.subject_id.notnull()), facts)
    people = signs.group_by("subject_id").agg(
        first=signs.at.min(), last=signs.at.max(), led=signs.shared.argmin(signs.at)
    )
    end = people.agg(end=people["last"].max())
    people = people.cross_join(end)
    since = people.end - ibis.interval(days=days)
    new = (people["first"] > since).cast("int64")
    seen = people.agg(
        active=(people["last"] > since).cast("int64").sum().fill_null(0),
        new=new.sum().fill_null(0),
        by_sharing=(new * people.led.cast("int64")).sum().fill_null(0),
    )
    sent = _within(canonical(facts.invitation, facts), "made_at", end, days)
    joined = _within(facts.referral.filter(facts.referral.refused.isnull()), "joined_at", end, days)
    came = joined.semi_join(facts.referral_reward, "referral_id")
    return (
        seen.cross_join(sent.agg(sent=sent.count(), senders=sent.subject_id.nunique()))
        .cross_join(joined.agg(joined=joined.count()))
        .cross_join(came.agg(came=came.count()))
    )


def _within(facts: Table, column: str, end: Table, days: int) -> Table:
    """Return the facts of the last days before the end of the data."""
    rows = facts.cross_join(end)
    return rows.filter(rows[column] > rows.end - ibis.interval(days=days))


@dataclass(frozen=True, slots=True)
class PlayedRows:
    """`after_playing` as arrays; `after` and `before` by outcome, times in microseconds since 1970."""

    campaign: list[str]
    treated: NDArray[Any]
    entered_at: Int64s
    after: Mapping[str, Int64s]
    before: Mapping[str, Int64s]


def played_rows(facts: Facts, window_days: int, before_days: int, shop_ids: Sequence[str] | None) -> PlayedRows:
    """Run `after_playing`, people in the order in which they were dealt."""
    rows = facts.read(_played_in_order, window_days, before_days, shop_ids)

    def whole(name: str) -> Int64s:
        return rows[name].cast(pa.int64()).to_numpy()  # type: ignore[no-any-return]

    return PlayedRows(
        rows["campaign_id"].to_pylist(),
        rows["treated"].to_numpy(zero_copy_only=False).astype(bool),
        times(rows["entered_at"]),
        {name: whole(name) for name in OUTCOMES},
        {name: whole(f"{name}_before") for name in OUTCOMES},
    )


def _played_in_order(facts: Facts, window_days: int, before_days: int, shop_ids: Sequence[str] | None) -> Table:
    people = after_playing(facts, window_days, before_days, shop_ids)
    return people.order_by("entered_at", "subject_id", "campaign_id")
