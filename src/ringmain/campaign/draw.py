"""Draw the prizes of a play: three offers of three shops, shown before anybody joins, granted to nobody yet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import numpy as np

from ringmain.campaign import caps, store
from ringmain.campaign.allocation import pick, sharpness_of, worth
from ringmain.campaign.allocation.problem import Floats, Int64s
from ringmain.campaign.errors import PlayerUnnamed, ReceiptEnded, ReceiptUsed, SceneHasGame, TouchUnknown
from ringmain.campaign.games.look import game_at
from ringmain.campaign.model import KEPT_FOR, PRIZES, RECEIPT_DAYS, Candidate, Play, StoredPrize, choose, play_day
from ringmain.campaign.plan.deal import dealing, record_opportunities
from ringmain.campaign.prices import Serving, serving
from ringmain.campaign.service import serve
from ringmain.campaign.store import Channel
from ringmain.campaign.tokens import token_of
from ringmain.campaign.value import Asked, expected
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pure.ids import time_of, uuid7
from ringmain.kit.secrets import Keyring
from ringmain.match import api as match
from ringmain.match.api import Context, Match, Place, Reach, Reason
from ringmain.member.api import Known
from ringmain.network import api as network
from ringmain.network.api import Shop
from ringmain.scene import api as scene
from ringmain.scene.api import Touch
from ringmain.voucher import api as voucher
from ringmain.voucher.api import PublishedOffer

# Prizes are drawn among so many of the best matches: far enough for chance, near enough to be wanted.
_CANDIDATES = 24
_DAY_SECONDS = 86_400
# Prizes lead no further than five kilometres, as long as there are enough of them within.
PRIZE_REACH_M = 5_000
IN_REACH = float(np.exp(-PRIZE_REACH_M / 700))
_PURPOSE = "campaign.player"

State = Literal["open", "won", "nothing"]


@dataclass(frozen=True, slots=True)
class Player:
    """Who plays: a member, or the phone of somebody who has not joined yet (`device`: what its session is known by)."""

    device: str | None = None
    known: Known | None = None

    @property
    def subject_ids(self) -> tuple[UUID, ...]:
        """Every subject of the member; nothing where nobody has signed in."""
        return self.known.subject_ids if self.known is not None else ()


@dataclass(frozen=True, slots=True)
class Prize:
    """One prize of a play: an offer, the shop that it leads to, and why it was drawn."""

    place: int
    offer: PublishedOffer
    shop: Shop
    propensity: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One play: open until `expires_at`, won (its voucher is granted), or nothing could be drawn today.

    `token` holds it: whoever brings it may claim one of the prizes. Keep it in the page's session, never in an address.
    """

    state: State
    scene_id: UUID
    shop_id: UUID | None
    id: UUID | None = None
    token: str = ""
    expires_at: datetime | None = None
    prizes: tuple[Prize, ...] = ()
    voucher_id: UUID | None = None


async def draw(
    uow: UnitOfWork,
    keyring: Keyring,
    touch_id: UUID,
    player: Player,
    *,
    place: Place | None = None,
    personal: bool = True,
) -> Draw:
    """Draw for a touch, once per player, scene and day of the network: whoever comes again gets the first play again.

    An open play that nobody claimed in time is shown for another half hour, with the same prizes. Where nothing can be
    granted the state is "nothing", and the next try draws anew. Where a game is played now, nothing else is drawn:
    `SceneHasGame`. Raises also `TouchUnknown`, `PlayerUnnamed`, `ReceiptUsed`, `ReceiptEnded` or `CapReached`.
    Announces `draw` or `draw_missed`.
    """
    if player.device is None and player.known is None:
        raise PlayerUnnamed()
    touches = await scene.touches(uow, [touch_id])
    if not touches:
        raise TouchUnknown()
    touch, now = touches[0], await uow.now()
    day = play_day(now, (await network.network_of(uow)).time_zone)
    players = players_of(keyring, uow.network_id, player)
    before = await store.play_of(uow, touch.scene_id, day, players, player.subject_ids)
    if before is not None:
        return await _again(uow, keyring, before, now)
    table = await game_at(uow, touch.scene_id)
    if table is not None and table.playing:
        raise SceneHasGame(game_id=table.game.id, name=table.game.name)
    sale_id = await _receipt(uow, keyring, touch, player, now)
    if isinstance(sale_id, Draw):
        return sale_id
    channel: Channel = "scene" if sale_id is None else "receipt"
    context = await _context(uow, touch, player, Context(at=now, place=place, personal=personal), (channel, day))
    draw_id = uuid7(now)
    subject_id = player.known.subject_id if player.known is not None else None
    planned = await serve.first_offers(uow, player.known, touch, now) if personal else frozenset[UUID]()
    candidates, prizes = await _dealt_prizes(uow, context, _Chance(draw_id, planned), subject_id)
    if not prizes:
        if await store.add_miss(uow, draw_id, touch.scene_id, day, players[0], now):
            uow.record("draw_missed", [draw_id])
        return Draw(state="nothing", scene_id=touch.scene_id, shop_id=touch.shop_id)
    play = Play(
        id=draw_id,
        scene_id=touch.scene_id,
        touch_id=touch.id,
        shop_id=touch.shop_id,
        sale_id=sale_id,
        subject_id=subject_id,
        day=day,
        drawn_at=now,
        expires_at=now + KEPT_FOR,
    )
    if await store.add_play(uow, play, players[0], candidates, prizes):
        uow.record("draw", [play.id])
        return await shown(uow, keyring, play)
    # The same player (or another one with this receipt) was faster by a moment; this statement sees that play.
    first = await store.play_of(uow, touch.scene_id, day, players, player.subject_ids)
    if first is None:
        raise ReceiptUsed()
    return await _again(uow, keyring, first, now)


async def _context(
    uow: UnitOfWork, touch: Touch, player: Player, asked: Context, counted: tuple[Channel, date]
) -> Context:
    """Return what may be drawn for a player at a touch; raises `CapReached` where they may be given nothing more."""
    channel, day = counted
    if player.known is not None:
        await caps.check_person(uow, player.known, channel, day)
    shut = await caps.shut(uow, player.known, day, asked.at)
    return replace(
        asked,
        at_shop_id=touch.shop_id,
        subject_ids=player.subject_ids,
        limit=_CANDIDATES,
        with_offers_only=True,
        without_offers=shut.offer_ids,
        without_owners=shut.owner_ids,
    )


async def shown(uow: UnitOfWork, keyring: Keyring, play: Play) -> Draw:
    """Return a play with all that a page shows of it."""
    stored = await store.prizes(uow, play.id)
    offers = await voucher.read_offers(uow, [prize.offer_id for prize in stored])
    shops = {shop.id: shop for shop in await network.shops(uow, [prize.shop_id for prize in stored])}
    return Draw(
        state="open" if play.voucher_id is None else "won",
        id=play.id,
        scene_id=play.scene_id,
        shop_id=play.shop_id,
        token=token_of(keyring, uow.network_id, play.id),
        expires_at=play.expires_at,
        prizes=tuple(
            Prize(
                one.place,
                offers[one.offer_id],
                shops[one.shop_id],
                one.propensity,
                tuple(Reason(code, facts) for code, facts in one.reasons),
            )
            for one in stored
        ),
        voucher_id=play.voucher_id,
    )


async def _again(uow: UnitOfWork, keyring: Keyring, play: Play, now: datetime) -> Draw:
    if play.voucher_id is None and play.expires_at <= now:
        play = replace(play, expires_at=now + KEPT_FOR)
        await store.keep_until(uow, play.id, play.expires_at)
    return await shown(uow, keyring, play)


async def _receipt(
    uow: UnitOfWork, keyring: Keyring, touch: Touch, player: Player, now: datetime
) -> UUID | Draw | None:
    """Return the sale on whose receipt the scene stands, or the play that this player had with it on another day."""
    receipt = await store.receipt_of_scene(uow, touch.scene_id)
    if receipt is None:
        return None
    played = await store.play_of_sale(uow, receipt.sale_id)
    if played is not None:
        mine = await store.play_of(
            uow, touch.scene_id, played.day, players_of(keyring, uow.network_id, player), player.subject_ids
        )
        if mine is None:
            raise ReceiptUsed()
        return await _again(uow, keyring, mine, now)
    if (now - time_of(receipt.sale_id)).total_seconds() > RECEIPT_DAYS * _DAY_SECONDS:
        raise ReceiptEnded()
    return receipt.sale_id


def players_of(keyring: Keyring, network_id: UUID, player: Player) -> list[bytes]:
    """Return the keyed hashes by which a player is known, the first being what a new play is written under."""
    names: list[tuple[str, str]] = []
    if player.known is not None:
        names.append(("subject", str(player.known.subject_id)))
    if player.device is not None:
        names.append(("device", player.device))
    return [hash_ for kind, name in names for hash_ in keyring.lookup_hashes(_PURPOSE, network_id, kind, name)]


@dataclass(frozen=True, slots=True)
class _Chance:
    """What prizes are drawn by: a seed, and the offers that come first by a service plan, decision 0029."""

    seed: UUID
    first: frozenset[UUID]

    @property
    def after(self) -> UUID:
        """The seed of the places that are left once offers came first: chance of its own, as propensities say."""
        return self.seed if not self.first else UUID(int=self.seed.int ^ 1)


async def _dealt_prizes(
    uow: UnitOfWork, context: Context, seed: _Chance, subject_id: UUID | None
) -> tuple[int, list[StoredPrize]]:
    """Return what `_prizes` does, within campaigns: who is compared with wins something else, and is recorded so."""
    dealt = await dealing(uow, subject_id, None, context.at, channel="scene", at_shop_id=context.at_shop_id)
    context = replace(context, without_offers=context.without_offers | dealt.closed)
    found = await _prizes(uow, context, seed)
    drawn = [prize.offer_id for prize in found[1]]
    # What chance chose before it was asked who is compared with: the same for both groups.
    await record_opportunities(uow, dealt, drawn)
    if dealt.held_out.isdisjoint(drawn):
        return found
    return await _prizes(uow, replace(context, without_offers=context.without_offers | dealt.held_out), seed)


async def _prizes(uow: UnitOfWork, context: Context, seed: _Chance) -> tuple[int, list[StoredPrize]]:
    """Return how many shops could have been drawn, and the prizes: by their worth after the price of their coins.

    Where no prices were solved of late, by how well they match.
    """
    prices = await serving(uow, context.at)
    if prices is None:
        return _drawn(await match.nearby(uow, context), seed)
    reach = await match.reach(uow, context)
    found = _worthiest(reach, prices, context, seed)
    ids = [one.offer_id for one in found[1]]
    if len(await voucher.grantable(uow, context.at, offer_ids=ids)) < len(ids):
        # What is left of the offers was kept a moment too long.
        found = _worthiest(await match.reach(uow, context, fresh=True), prices, context, seed)
    return found


def _worthiest(reach: Reach, prices: Serving, context: Context, seed: _Chance) -> tuple[int, list[StoredPrize]]:
    catalogue = reach.catalogue
    here = None if context.at_shop_id is None else catalogue.shops[catalogue.place_of[context.at_shop_id]]
    value = expected(Asked(reach.week_chance, reach.taste, reach.near, reach.pull))
    left = worth(value, reach.cost, prices.of(reach, None if here is None else here.merchant_id))
    rows = np.flatnonzero(reach.near >= IN_REACH)
    if len(np.unique(reach.shop[rows])) < PRIZES:
        rows = np.arange(len(left))
    prizes = []
    for place, (row, propensity) in enumerate(_picked(reach, rows, left, value, seed), 1):
        shop = reach.match(int(reach.shop[row]))
        prizes.append(
            StoredPrize(
                place,
                catalogue.offers[int(reach.offer[row])].offer.id,
                shop.shop.id,
                propensity,
                tuple((reason.code, reason.facts) for reason in shop.reasons),
            )
        )
    return len(np.unique(reach.shop[rows])), prizes


def _picked(reach: Reach, rows: Int64s, left: Floats, value: Floats, seed: _Chance) -> list[tuple[int, float]]:
    """Return rows of the reach with their propensities: of what comes first, then of the rest."""
    places = [place for id_, place in reach.catalogue.offer_place.items() if id_ in seed.first]
    before = rows[np.isin(reach.offer[rows], places)]
    picked: list[tuple[int, float]] = []
    for among, chance in ((before, seed.seed), (rows, seed.after)):
        taken = [row for row, _ in picked]
        apart = ~np.isin(reach.shop[among], reach.shop[taken]) & ~np.isin(reach.offer[among], reach.offer[taken])
        some = among[apart]
        sharpness, count = sharpness_of(value[some]), PRIZES - len(picked)
        found = pick(left[some], reach.shop[some], reach.offer[some], chance, count, sharpness=sharpness)
        picked += [(int(some[one.row]), one.propensity) for one in found]
    return picked


def _drawn(matches: Sequence[Match], seed: _Chance) -> tuple[int, list[StoredPrize]]:
    by_shop = {one.shop.id: one for one in matches}
    candidates = [
        Candidate(one.shop.id, offer_ids, one.score)
        for one in matches
        # What has to be paid for in points is no prize.
        if (offer_ids := tuple(offer.id for offer in one.offers if not offer.price_points))
    ]
    before = [
        replace(one, offer_ids=offer_ids)
        for one in candidates
        if (offer_ids := tuple(id_ for id_ in one.offer_ids if id_ in seed.first))
    ]
    picked = choose(before, seed.seed)
    shops, taken = {one.shop_id for one in picked}, {one.offer_id for one in picked}
    rest = [
        replace(one, offer_ids=tuple(id_ for id_ in one.offer_ids if id_ not in taken))
        for one in candidates
        if one.shop_id not in shops
    ]
    picked += choose(rest, seed.after, PRIZES - len(picked))
    prizes = [
        StoredPrize(
            place,
            chosen.offer_id,
            chosen.shop_id,
            chosen.propensity,
            tuple((reason.code, reason.facts) for reason in by_shop[chosen.shop_id].reasons),
        )
        for place, chosen in enumerate(picked, 1)
    ]
    return len(candidates), prizes
