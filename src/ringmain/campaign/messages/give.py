"""Give what a round chose, some people at a time: voucher, message and outcome in one transaction, or none of them.

Locks are taken in the order of plays: people, owners whose vouchers are counted, budgets, then stocks and purses. What
was chosen in the morning is asked again here: consent, caps, budgets and the campaign itself may have changed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ringmain.campaign import caps
from ringmain.campaign import store as given_store
from ringmain.campaign.messages import store
from ringmain.campaign.messages.model import Choice, Outcome
from ringmain.campaign.messages.people import Reachable, subjects_of
from ringmain.campaign.plan import deal, goal
from ringmain.campaign.store import Channel, Given
from ringmain.campaign.tell import value_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.member.api import Known
from ringmain.message import api as message
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.api import Granted, PublishedOffer

_CHANNEL: Channel = "message"
# Whoever reads it in the evening still has the voucher; what could not be sent by then is not sent at night.
_USEFUL = timedelta(hours=12)
_TOLD, _UNKNOWN, _CLOSED, _COMPARED = "already_told", "person_unknown", "campaign_closed", "compared_with"
_NOT_PERSONAL, _HELD, _OVER, _SPENT = "not_personal", "has_one", "cap_of_merchant", "budget_spent"


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """What became of a campaign's messages; `refused` are rules that kept vouchers back, by name, before any message.

    `messages` are counted by channel, last state and its reason; `stopped` people have since stopped all such messages
    by the link of one of these. `waiting` were chosen, and are given in the next minutes.
    """

    waiting: int
    given: int
    refused: Mapping[str, int]
    messages: Sequence[message.Tally]
    stopped: int


async def message_figures(uow: UnitOfWork, campaign_id: UUID) -> MessageFigures:
    """Return how a campaign's messages stand; of who is compared with nothing is counted."""
    counted, ids = await store.counts(uow, campaign_id), await store.messages_of(uow, campaign_id)
    return MessageFigures(
        waiting=sum(one.people for one in counted if one.waits),
        given=sum(one.people for one in counted if not one.waits and one.refusal is None),
        refused={one.refusal: one.people for one in counted if one.refusal is not None},
        messages=await message.tally(uow, ids),
        stopped=await message.stopped(uow, ids),
    )


async def give_some(uow: UnitOfWork, reachable: Reachable, public_base: str, day: date, most: int) -> int:
    """Give up to `most` of a day's choices, and return how many were decided; 0 where none is left.

    Refusals are outcomes, too. Announces `grant`, `message` and `message_outcome`.
    """
    await store.lock_rounds(uow)
    rows, now = await store.pending(uow, day, most), await uow.now()
    if not rows:
        return 0
    known = await member.people_of(uow, [row.subject_id for row in rows])
    for root in sorted({one.subject_id for one in known.values()}):
        await given_store.lock_person(uow, root)
    desk = _Desk(day, now, known, await voucher.read_offers(uow, sorted({row.offer_id for row in rows})))
    refused = await _refused(uow, reachable, desk, rows)
    draws = await _over(uow, desk, [row for row in rows if row.id not in refused], refused)
    left = [row for row in rows if row.id not in refused]
    granted: list[tuple[Choice, Granted]] = []
    for row, answer in zip(left, await voucher.grant(uow, [_grant(desk, row) for row in left]), strict=True):
        if isinstance(answer, RuleBroken):
            refused[row.id] = answer.code
        else:
            granted.append((row, answer))
    outcomes = [Outcome(id_, None, refusal, now) for id_, refusal in refused.items()]
    if granted:
        outcomes += await _told(uow, reachable.keyring, public_base, desk, granted, draws)
    await store.add_outcomes(uow, outcomes)
    uow.record("message_outcome", [one.choice_id for one in outcomes])
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What giving knows: the day, the people (by the subject that was chosen), and the offers."""

    day: date
    now: datetime
    known: Mapping[UUID, Known]
    offers: Mapping[UUID, PublishedOffer]


def _grant(desk: _Desk, row: Choice) -> voucher.Grant:
    return voucher.Grant(
        id=row.id,
        offer_id=row.offer_id,
        at=desk.now,
        subject_id=desk.known[row.subject_id].subject_id,
        origin_kind="message",
        origin_id=row.id,
    )


async def _refused(uow: UnitOfWork, reachable: Reachable, desk: _Desk, rows: Sequence[Choice]) -> dict[UUID, str]:
    """Return the choices that their person, their campaign, or caps of people refuse now."""
    known = desk.known
    subjects = subjects_of(known)
    roots = {row.subject_id: known[row.subject_id].subject_id for row in rows if row.subject_id in known}
    people = sorted(set(roots.values()))
    personal = await member.consented(uow, people, member.Purpose.PERSONALISATION)
    silent = await message.refusals(uow, reachable.keyring, people, reachable.channels, lock=True)
    running = (await deal.by_message(uow, desk.now))[0]
    open_ = {one.id for one in running}
    # Who was chosen in the morning may have bought something there since.
    apart = await goal.left_out(uow, running, known, desk.now)
    holders = await voucher.holders(uow, subjects, sorted(desk.offers), desk.now)
    compared = {root: await _compared(uow, root, rows, roots, desk.now) for root in people}
    said = await caps.rules(uow)
    counts: dict[UUID, list[given_store.PersonCount]] = {}
    for count in await given_store.given_to_each(uow, subjects, said.since(desk.day)):
        counts.setdefault(count.subject_id, []).append(count)
    refused: dict[UUID, str] = {}
    told: set[UUID] = set()
    for row in rows:
        root = roots.get(row.subject_id)
        if root is None:
            refused[row.id] = _UNKNOWN
            continue
        owner = desk.offers[row.offer_id].creator_merchant_id
        reasons: tuple[tuple[str | None, bool], ...] = (
            (_TOLD, root in told),
            (_NOT_PERSONAL, root not in personal),
            (_CLOSED, row.campaign_id not in open_ or row.subject_id in apart.get(row.campaign_id, ())),
            (_COMPARED, row.offer_id in compared[root]),
            (_HELD, (root, row.offer_id) in holders),
            (silent[root], silent[root] is not None),
            (caps.refusal_of(said, counts.get(root, ()), owner, _CHANNEL, desk.day), True),
        )
        refusal = next((name for name, holds in reasons if holds and name is not None), None)
        if refusal is not None:
            refused[row.id] = str(refusal)
        else:
            told.add(root)
    return refused


async def _compared(
    uow: UnitOfWork, root: UUID, rows: Sequence[Choice], roots: Mapping[UUID, UUID], now: datetime
) -> frozenset[UUID]:
    """Return the offers that a person must not get; only where they were merged into another since they were chosen."""
    moved = [row.offer_id for row in rows if roots.get(row.subject_id) == root and row.subject_id != root]
    return await deal.held_out(uow, root, moved, now) if moved else frozenset()


async def _over(
    uow: UnitOfWork, desk: _Desk, rows: Sequence[Choice], refused: dict[UUID, str]
) -> dict[UUID, tuple[UUID, ...]]:
    """Refuse what caps of merchants and budgets bear no more, in order; return the open budgets of each offer.

    Owners and budgets stay locked until this transaction is over.
    """
    said, ids = await caps.rules(uow), sorted({row.offer_id for row in rows})
    owners = sorted({desk.offers[id_].creator_merchant_id for id_ in ids})
    limited = {id_: cap for id_ in owners if (cap := said.of("merchant", id_)) is not None}
    for id_ in limited:
        await given_store.lock_owner(uow, id_)
    given = await given_store.given_of(uow, list(limited), said.since(desk.day)) if limited else []
    spare = {
        id_: caps.spare(cap, [one for one in given if one.owner_id == id_], desk.day) for id_, cap in limited.items()
    }
    draws: dict[UUID, list[UUID]] = {id_: [] for id_ in ids}
    for draw in await given_store.draws_of(uow, ids) if ids else []:
        draws[draw.offer_id].append(draw.budget_id)
    drawn = sorted({id_ for some in draws.values() for id_ in some})
    budgets = {one.id: one for one in await given_store.lock_budgets(uow, drawn)} if drawn else {}
    open_ = {offer: tuple(id_ for id_ in some if budgets[id_].open_at(desk.now)) for offer, some in draws.items()}
    taken: Counter[UUID] = Counter()
    for row in rows:
        offer = desk.offers[row.offer_id]
        owner, cost = offer.creator_merchant_id, offer.terms.cost_minor
        mine = open_[row.offer_id]
        if owner in spare and spare[owner] <= 0:
            refused[row.id] = _OVER
        elif (draws[row.offer_id] and not mine) or any(budgets[id_].left_minor - taken[id_] < cost for id_ in mine):
            refused[row.id] = _SPENT
        else:
            if owner in spare:
                spare[owner] -= 1
            taken.update(dict.fromkeys(mine, cost))
    return open_


async def _told(
    uow: UnitOfWork,
    keyring: Keyring,
    public_base: str,
    desk: _Desk,
    granted: Sequence[tuple[Choice, Granted]],
    draws: Mapping[UUID, tuple[UUID, ...]],
) -> list[Outcome]:
    """Note vouchers within budgets and caps, and queue their messages, which nothing can refuse any more."""
    shops = {one.id: one for one in await network.shops(uow, sorted({row.shop_id for row, _ in granted}))}
    costs = {id_: offer.terms.cost_minor for id_, offer in desk.offers.items()}
    taken = [
        (budget_id, one.voucher_id, costs[row.offer_id]) for row, one in granted for budget_id in draws[row.offer_id]
    ]
    if taken:
        await given_store.take_from(uow, taken, desk.now)
    notes, messages = [], []
    for row, one in granted:
        offer, root = desk.offers[row.offer_id], desk.known[row.subject_id].subject_id
        owner = offer.creator_merchant_id
        note = Given(
            voucher_id=one.voucher_id,
            offer_id=row.offer_id,
            owner_id=owner,
            sender_id=None,
            receiver_id=shops[row.shop_id].merchant_id,
            subject_id=root,
            channel=_CHANNEL,
            day=desk.day,
            cost_minor=costs[row.offer_id],
        )
        notes.append(note)
        new = message.NewMessage(
            subject_id=root,
            template=message.Template.VOUCHER_GIVEN,
            parameters={
                "value": value_of(offer.terms, one.face_minor),
                "shop": shops[row.shop_id].name,
                "ends": one.valid_until,
                "link": f"{public_base}/wallet/{one.voucher_id}?m",
            },
            reference_id=one.voucher_id,
            merchant_id=None if owner == uow.network_id else owner,
            useful_for=_USEFUL,
            ends_at=one.valid_until,
        )
        messages.append(new)
    await given_store.add_given(uow, notes)
    made = await message.send(uow, keyring, messages)
    assert all(one.refusal is None for one in made), "the people were locked, and could be sent a message"
    return [Outcome(row.id, answer.message_id, None, desk.now) for (row, _), answer in zip(granted, made, strict=True)]
