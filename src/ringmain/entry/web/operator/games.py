"""Games of the network: opened at shops in one form, watched, filled up before they run out, stopped."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import get_args
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Game, GameKind, NewGame, NewPrize
from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import names
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import RequestInvalid
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.scene.api import NewScene, SceneKind
from ringmain.voucher import api as voucher
from ringmain.voucher.api import NewOffer, PublishedOffer, Terms

_ROWS = 4
_MOST_DAYS = 365
_MOST_OFFERS = 200
_MOST_SHOPS = 300
_STAND_IN_DAYS = 30
_FIRST = {
    "kind": "scratch",
    "period": "day",
    "choices": "3",
    "days": "7",
    "odds1": "1",
    "stock1": "100",
    "spare_stock": "500",
}


class Opened(Struct, frozen=True):
    """The game that was opened, changed or closed."""

    game_id: UUID


async def list_all(visit: Visit) -> Response:
    """Show the games of the network, the newest first."""
    async with visit.unit() as uow:
        now, zone = await uow.now(), (await network.network_of(uow)).time_zone
        games = await campaign.list_games(uow)
    rows = [(game, state(game, now)) for game in games]
    return visit.page("operator/games.html", rows=rows, zone=zone)


def state(game: Game, now: datetime) -> str:
    """Say where a game stands: "closed", "over", "to come" or "running"."""
    if game.closed_at is not None:
        return "closed"
    if now >= game.ends_at:
        return "over"
    return "running" if now >= game.starts_at else "to come"


async def show(visit: Visit) -> Response:
    """Show one game: what is left of each prize, how long that lasts, where it is played."""
    async with visit.unit() as uow:
        now, known = await uow.now(), await names(uow)
        found = await campaign.read_game(uow, visit.path_id("game_id"))
        ahead = await campaign.outlook(uow, found)
        offers = await voucher.read_offers(uow, [prize.offer_id for prize in found.prizes])
        places = await scene.scenes(uow, [one.scene_id for one in found.scenes])
    total = sum(prize.odds for prize in found.prizes if found.left[prize.place])
    prizes = [
        {
            "prize": prize,
            "offer": offers[prize.offer_id],
            "left": found.left[prize.place],
            "share": prize.odds / total if total and found.left[prize.place] else 0.0,
        }
        for prize in found.prizes
    ]
    return visit.page(
        "operator/game.html",
        game=found.game,
        state=state(found.game, now),
        prizes=prizes,
        ahead=ahead,
        alarms=found.alarms,
        places=[(known.shop(one.shop_id), one) for one in places],
        names=known,
        zone=known.network.time_zone,
        base=visit.base_url,
        scene_url=scene.scene_url,
    )


async def ask(visit: Visit) -> Response:
    """Ask for what a game needs."""
    return await _asked(visit, _FIRST, [], None)


async def _asked(visit: Visit, values: dict[str, str], chosen: list[str], rule: RuleBroken | None) -> Response:
    async with visit.unit() as uow:
        known = await names(uow)
        offers = await voucher.newest_offers(uow, before=None, limit=_MOST_OFFERS)
        shops = sorted(await network.all_shops(uow), key=lambda shop: shop.name)[:_MOST_SHOPS]
    choices = [(str(one.id), f"{one.name} · {known.merchant(one.funder_id)}") for one in offers if not one.paused]
    return visit.page(
        "operator/game_new.html",
        HTTPStatus.OK if rule is None else rule.status,
        values=values,
        chosen=chosen,
        rule=rule,
        offers=choices,
        shops=[(str(shop.id), shop.name) for shop in shops],
        rows=range(1, _ROWS + 1),
        currency=known.network.currency,
    )


async def open_(visit: Visit) -> Response:
    """Open a game at the chosen shops, each with a poster of its own; the cost of every prize is set aside."""
    try:
        made = await visit.once("open_game", lambda uow: _open(visit, uow), Opened)
    except RuleBroken as rule:
        values = {name: visit.form.text(name)[:200] for name in visit.form.values}
        return await _asked(visit, values, visit.form.all("shops"), rule)
    return visit.go(f"/operator/games/{made.game_id}")


async def _open(visit: Visit, uow: UnitOfWork) -> Opened:
    form = visit.form
    name, days = form.text("name").strip()[:100], form.whole("days")
    kind = next((one for one in get_args(GameKind) if one == form.text("kind")), None)
    shops = {str(shop.id): shop.id for shop in await network.all_shops(uow)}
    where = [shops[one] for one in dict.fromkeys(form.all("shops")) if one in shops]
    prizes = [_prize(visit, row) for row in range(1, _ROWS + 1) if form.text(f"offer{row}")]
    if not name or kind is None or not where or not prizes or not days or days > _MOST_DAYS:
        raise RequestInvalid(fields=["name", "kind", "shops", "offer1", "days"])
    now = await uow.now()
    spare = await _spare(visit, uow, name)
    places = await scene.place_scenes(uow, [NewScene(SceneKind.POSTER, name, one) for one in where])
    new = NewGame(
        kind=kind,
        name=name,
        starts_at=now,
        ends_at=now + timedelta(days=days),
        scene_ids=tuple(one.id for one in places),
        prizes=(*prizes, spare),
        choices=3 if form.text("choices") == "3" else 1,
        period="game" if form.text("period") == "game" else "day",
    )
    return Opened((await campaign.open_game(uow, new)).id)


def _prize(visit: Visit, row: int) -> NewPrize:
    offer_id, odds, stock = (
        visit.form.id(f"offer{row}"),
        visit.form.whole(f"odds{row}"),
        visit.form.whole(f"stock{row}"),
    )
    if offer_id is None or not odds or not stock:
        raise RequestInvalid(fields=[f"offer{row}", f"odds{row}", f"stock{row}"])
    return NewPrize(offer_id, odds, stock)


async def _spare(visit: Visit, uow: UnitOfWork, name: str) -> NewPrize:
    """Publish what stands in when all else is gone: a voucher of the network's own, good in every shop."""
    here = await network.network_of(uow)
    worth = visit.form.minor("spare", visit.speech.precision(here.currency))
    stock = visit.form.whole("spare_stock")
    if not worth or not stock:
        raise RequestInvalid(fields=["spare", "spare_stock"])
    terms = Terms(kind="cash", currency=here.currency, face_minor=worth, valid_days=_STAND_IN_DAYS)
    new = NewOffer(creator_merchant_id=here.id, funder_id=here.id, name=name, terms=terms)
    answer = (await voucher.publish(uow, [new], by_operator=True))[0]
    if not isinstance(answer, PublishedOffer):
        raise answer
    return NewPrize(answer.id, 0, stock)


async def add(visit: Visit) -> Response:
    """Add vouchers to a prize."""
    game_id, place, more = visit.path_id("game_id"), visit.form.whole("place"), visit.form.whole("more")

    async def act(uow: UnitOfWork) -> Opened:
        if not place or not more:
            raise RequestInvalid(fields=["more"])
        await campaign.add_stock(uow, game_id, place, more)
        return Opened(game_id)

    await visit.once("add_game_stock", act, Opened)
    return visit.go(f"/operator/games/{game_id}")


async def close(visit: Visit) -> Response:
    """Stop a game; what nobody has won goes back to who paid for it."""
    game_id = visit.path_id("game_id")

    async def act(uow: UnitOfWork) -> Opened:
        await campaign.close_game(uow, game_id)
        return Opened(game_id)

    await visit.once("close_game", act, Opened)
    return visit.go(f"/operator/games/{game_id}")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/operator/games", audience=OPERATOR, get=list_all),
    PageRoute(path="/operator/games/new", audience=OPERATOR, get=ask, post=open_),
    PageRoute(path="/operator/games/{game_id:uuid}", audience=OPERATOR, get=show),
    PageRoute(path="/operator/games/{game_id:uuid}/stock", audience=OPERATOR, post=add),
    PageRoute(path="/operator/games/{game_id:uuid}/close", audience=OPERATOR, post=close),
)
