"""The game of a scene on the phone: its prize is decided before anything moves, and shown just as well without motion.

Who plays has joined before: odds are published, and a phone that nobody is known by could try again until it likes what
it sees. The odds, and what is left, show before that.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import AtScene, Chance, Choosing, Won
from ringmain.campaign.errors import (
    CapReached,
    GameEmpty,
    GameUnknown,
    NotPlaying,
    PrizeGone,
    PrizeNotDrawn,
    TouchUnknown,
)
from ringmain.entry.web.person import phone, words
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.network import api as network
from ringmain.voucher import api as voucher

# With motion, or without: what is remembered of the wish while somebody joins.
_WAYS = ("moving", "still")
_MOST_SECTORS = 8
_FINEST_SHARE = 0.01


async def look(visit: Visit, uow: UnitOfWork, scene_id: UUID, where: str) -> Response | None:
    """Show the game of a scene, or what its visitor has won in it; None where there is nothing to play."""
    found = await _game(visit, uow, scene_id)
    if found is None:
        return None
    table, won = found
    names = await _shop_names(uow, table.chances)
    zone = (await network.network_of(uow)).time_zone
    values: dict[str, Any] = {
        "token": visit.path_text("token"),
        "where": where,
        "kind": table.game.kind,
        "choices": table.game.choices,
        "name": table.game.name,
        "daily": table.game.period == "day",
        "ends_at": table.game.ends_at,
        "zone": zone,
        "prizes": _prizes(visit, table, names),
    }
    if won is None:
        return visit.page("person/game.html", **values)
    if isinstance(won, Choosing):
        return await _to_choose(visit, uow, won, table, values)
    return await _won(visit, uow, won, table, values)


async def instead(visit: Visit, uow: UnitOfWork, scene_id: UUID) -> bool:
    """Say whether a game is what its visitor plays at a scene, or has played: then nothing else is drawn there."""
    return await _game(visit, uow, scene_id) is not None


async def _game(visit: Visit, uow: UnitOfWork, scene_id: UUID) -> tuple[AtScene, Won | Choosing | None] | None:
    table = await campaign.game_at(uow, scene_id)
    if table is None:
        return None
    known = await phone.holder(visit, uow)
    won: Won | Choosing | None = None
    if known is not None:
        won = await campaign.choosing_at(uow, scene_id, known.subject_ids)
        won = won or await campaign.played_at(uow, table.game, scene_id, known.subject_ids)
    return (table, won) if won is not None or table.playing else None


async def _won(visit: Visit, uow: UnitOfWork, won: Won, table: AtScene, values: dict[str, Any]) -> Response:
    """Show a prize: behind its game where it was won just now and motion is wanted, else plainly."""
    offer = (await voucher.read_offers(uow, [won.prize.offer_id]))[won.prize.offer_id]
    shops = await network.shops(uow, offer.terms.shop_ids) if offer.terms.shop_ids else []
    worth = words.worth(visit.speech, offer.terms)
    others = [words.worth(visit.speech, one.offer.terms) for one in table.chances if one.prize.place != won.prize.place]
    return visit.page(
        "person/game_won.html",
        **values,
        worth=worth,
        leads_to=shops[0].name if len(shops) == 1 else offer.name,
        conditions=words.conditions(visit.speech, offer.terms),
        stand_in=won.prize.stand_in,
        voucher_id=won.voucher_id,
        sectors=[worth, *others][:_MOST_SECTORS],
        again_tomorrow=table.playing and table.game.period == "day",
        now=visit.query("now"),
    )


async def _to_choose(visit: Visit, uow: UnitOfWork, won: Choosing, table: AtScene, values: dict[str, Any]) -> Response:
    """Show the prizes that somebody has won one of: the game uncovers them, where motion is wanted."""
    offers = await voucher.read_offers(uow, [prize.offer_id for prize in won.prizes])
    shop_ids = {shop for offer in offers.values() for shop in offer.terms.shop_ids[:1]}
    names = {shop.id: shop.name for shop in await network.shops(uow, sorted(shop_ids))} if shop_ids else {}
    tickets = []
    for prize in won.prizes:
        offer = offers[prize.offer_id]
        shops = offer.terms.shop_ids
        tickets.append(
            {
                "place": prize.place,
                "worth": words.worth(visit.speech, offer.terms),
                "shop": names[shops[0]] if len(shops) == 1 else offer.name,
                "conditions": words.conditions(visit.speech, offer.terms),
                "left": prize.place not in won.gone,
            }
        )
    worths = [str(ticket["worth"]) for ticket in tickets]
    others = [words.worth(visit.speech, one.offer.terms) for one in table.chances]
    first = visit.speech.text("1 of %(count)s", count=len(tickets))
    return visit.page(
        "person/game_choose.html",
        **values,
        win=won.id,
        tickets=tickets,
        until=won.until,
        sectors=[first, *dict.fromkeys([*worths, *others])][:_MOST_SECTORS],
        now=visit.query("now"),
        gone=bool(visit.query("gone")),
    )


async def play(visit: Visit) -> Response:
    """Play, once, however often it is pressed; who has not joined does that first, and then it begins at once."""
    token, way = visit.path_text("token"), visit.form.text("play")
    if visit.session is None or way not in _WAYS or visit.known.facts.get("scene") != token:
        return visit.go(f"/s/{token}")
    if visit.known.holder_id is None:
        async with visit.unit() as uow:
            await phone.remember(visit, uow, game=way, choice=None, take=None, packet=None)
        return visit.go("/join")
    return await play_now(visit, way)


async def choose(visit: Visit) -> Response:
    """Take the prize that was tapped; once, however often. Where it ran out meanwhile, the others are shown again."""
    token, win, place = visit.path_text("token"), visit.form.id("win"), visit.form.whole("prize")
    if visit.session is None or visit.known.holder_id is None or win is None or not place:
        return visit.go(f"/s/{token}")
    try:
        async with visit.unit() as uow:
            won = await campaign.choose(uow, win, visit.holder_id, place)
    except PrizeGone:
        return visit.go(f"/s/{token}?gone=1")
    except (GameUnknown, PrizeNotDrawn):
        return visit.go(f"/s/{token}")
    return visit.go(f"/wallet/{won.voucher_id}?won=yes")


async def play_now(visit: Visit, way: str) -> Response:
    """Let the holder of this phone play at the scene that it met last, and lead to the prize."""
    token = visit.known.facts.get("scene", "")
    try:
        async with visit.unit() as uow:
            touch_id = UUID(visit.known.facts["touch"])
            await phone.remember(visit, uow, game=None)
            won = await campaign.play_game(uow, touch_id, visit.holder_id)
    except (GameUnknown, NotPlaying, GameEmpty, TouchUnknown):
        # It ended while somebody was looking: the scene shows what there is instead.
        async with visit.unit() as uow:
            await phone.remember(visit, uow, game=None)
        return visit.go(f"/s/{token}")
    except CapReached as rule:
        async with visit.unit() as uow:
            await phone.remember(visit, uow, game=None)
        return visit.page("person/scene_closed.html", rule.status, why="receipt", rule=rule)
    if isinstance(won, Won) and won.again:
        return visit.go(f"/s/{token}")
    return visit.go(f"/s/{token}?now={way}")


def _prizes(visit: Visit, table: AtScene, names: dict[UUID, str]) -> list[dict[str, str | bool]]:
    """Return the published table: what, where, with which chance now, and how many are left."""
    speech = visit.speech
    rows: list[dict[str, str | bool]] = []
    for one in sorted(table.chances, key=lambda one: (one.prize.stand_in, one.prize.place)):
        shops = one.offer.terms.shop_ids
        digits = 0 if not one.share or one.share >= _FINEST_SHARE else 2
        rows.append(
            {
                "worth": words.worth(speech, one.offer.terms),
                "where": names.get(shops[0], one.offer.name) if len(shops) == 1 else one.offer.name,
                "chance": speech.share(one.share, digits),
                "left": speech.number(one.left),
                "waits": one.prize.stand_in and not one.share,
            }
        )
    return rows


async def _shop_names(uow: UnitOfWork, chances: Iterable[Chance]) -> dict[UUID, str]:
    shop_ids = sorted({shop for one in chances for shop in one.offer.terms.shop_ids[:1]})
    return {shop.id: shop.name for shop in await network.shops(uow, shop_ids)} if shop_ids else {}
