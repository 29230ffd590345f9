"""A scene on the phone: the prizes show at once, one tap chooses, and only then somebody may be asked who they are."""

from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Draw, Player
from ringmain.campaign.errors import (
    AlreadyPlayed,
    DrawExpired,
    DrawTaken,
    NoPrizeLeft,
    PrizeGone,
    PrizeNotDrawn,
    ReceiptEnded,
    ReceiptUsed,
)
from ringmain.entry.web.person import benefits, games, packets, phone, words
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.network import api as network
from ringmain.scene import api as scene
from ringmain.scene.api import NewTouch
from ringmain.voucher import api as voucher

_TOKEN_LENGTH = 22
# Looking again within a minute is the same meeting.
_ONE_TOUCH = timedelta(minutes=1)


async def show(visit: Visit) -> Response:
    """Record the touch and show what may be won here, before anybody joins."""
    token = visit.path_text("token")
    network_id = await _network(visit, token)
    if network_id is None:
        return visit.page("person/scene_closed.html", HTTPStatus.NOT_FOUND, why="unknown")
    await phone.enter(visit, network_id)
    async with visit.unit() as uow:
        found = await scene.find_scene(uow, token)
        if found.retired_at is not None:
            return visit.page("person/scene_closed.html", HTTPStatus.GONE, why="retired")
        await _touch(visit, uow, found)
        packet = await packets.look(visit, uow, found.id)
        if packet is not None:
            return packet
        where = await _where(uow, found.shop_id)
        game = await games.look(visit, uow, found.id, where)
        if game is not None:
            return game
        try:
            drawn = await _draw(visit, uow)
        except (ReceiptUsed, ReceiptEnded) as rule:
            return visit.page("person/scene_closed.html", int(rule.status), why="receipt", rule=rule)
        left = {one.id for one in await voucher.grantable(uow, await uow.now(), offer_ids=_offer_ids(drawn))}
        extras = await benefits.here(visit, uow, [found.merchant_id] if found.merchant_id else [])
    return _shown(visit, drawn, where, left, extras)


def _shown(visit: Visit, drawn: Draw, where: str, left: set[UUID], extras: list[str]) -> Response:
    if drawn.state == "nothing":
        return visit.page("person/scene_nothing.html", where=where)
    if drawn.state == "won":
        return visit.page("person/scene_won.html", where=where, voucher_id=drawn.voucher_id)
    tickets = [
        {
            "offer_id": prize.offer.id,
            "worth": words.worth(visit.speech, prize.offer.terms),
            "shop": prize.shop.name,
            "conditions": words.conditions(visit.speech, prize.offer.terms),
            "reasons": words.reasons(visit.speech, prize.reasons),
            "left": prize.offer.id in left,
        }
        for prize in drawn.prizes
    ]
    gone, at_shop = bool(visit.query("gone")), drawn.shop_id is not None
    token = visit.path_text("token")
    return visit.page(
        "person/scene.html", token=token, where=where, at_shop=at_shop, tickets=tickets, gone=gone, extras=extras
    )


async def choose(visit: Visit) -> Response:
    """Play, open a red packet, or take the prize that was tapped; who has not joined does that first."""
    if visit.form.text("play"):
        return await games.play(visit)
    if visit.form.text("win"):
        return await games.choose(visit)
    if visit.form.text("packet"):
        return await packets.open_(visit)
    token, offer_id = visit.path_text("token"), visit.form.id("offer")
    if visit.session is None or offer_id is None or visit.known.facts.get("scene") != token:
        return visit.go(f"/s/{token}")
    if visit.known.holder_id is None:
        async with visit.unit() as uow:
            await phone.remember(visit, uow, choice=str(offer_id), take=None, game=None, packet=None)
        return visit.go("/join")
    return await take(visit, offer_id)


async def take(visit: Visit, offer_id: UUID) -> Response:
    """Grant the chosen prize of this phone's play to its holder, and lead to the voucher; once, however often."""
    token = visit.known.facts.get("scene", "")
    try:
        async with visit.unit() as uow:
            drawn = await _to_claim(visit, uow, token)
            if drawn.state != "open":
                return visit.go(f"/s/{token}" if drawn.voucher_id is None else f"/wallet/{drawn.voucher_id}")
            claimed = await campaign.claim(uow, visit.site.keyring, drawn.token, offer_id, visit.holder_id)
            await phone.remember(visit, uow, choice=None)
    except PrizeGone:
        return visit.go(f"/s/{token}?gone=1")
    except AlreadyPlayed as rule:
        return visit.go(f"/wallet/{rule.facts['voucher_id']}")
    except (DrawExpired, DrawTaken, PrizeNotDrawn):
        return visit.go(f"/s/{token}")
    except NoPrizeLeft:
        return visit.page("person/scene_nothing.html", where="")
    return visit.go(f"/wallet/{claimed.voucher_id}?won={'other' if claimed.stand_in else 'yes'}")


async def _to_claim(visit: Visit, uow: UnitOfWork, token: str) -> Draw:
    """Return the play of this phone, to claim a prize of it. Raises `DrawExpired` where a game is played instead."""
    if await games.instead(visit, uow, (await scene.find_scene(uow, token)).id):
        # It has begun since the prizes were shown: of both, one is played at a scene.
        raise DrawExpired()
    return await _draw(visit, uow)


async def chosen(visit: Visit) -> dict[str, str] | None:
    """Return the prize that this phone has chosen and that waits for its person to join."""
    choice = (visit.session.facts if visit.session is not None else {}).get("choice")
    if not choice:
        return None
    async with visit.unit() as uow:
        drawn = await _draw(visit, uow)
    prize = next((one for one in drawn.prizes if str(one.offer.id) == choice), None)
    if prize is None or drawn.state != "open":
        return None
    return {"worth": words.worth(visit.speech, prize.offer.terms), "shop": prize.shop.name}


async def _network(visit: Visit, token: str) -> UUID | None:
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return None
    async with visit.site.database.unit(None) as uow:
        return await scene.network_of_token(uow, token)


async def _touch(visit: Visit, uow: UnitOfWork, found: scene.Scene) -> None:
    """Record the meeting, once a minute for this phone and scene."""
    facts, now = visit.known.facts, await uow.now()
    same = facts.get("scene") == found.token
    if same and now - datetime.fromisoformat(facts["touched_at"]) < _ONE_TOUCH:
        return
    known = await phone.holder(visit, uow)
    touch = (await scene.touch(uow, [NewTouch(found.token, known.subject_id if known else None)]))[0]
    await phone.remember(
        visit,
        uow,
        scene=found.token,
        touch=str(touch.id),
        touched_at=now.isoformat(),
        shop=None if found.shop_id is None else str(found.shop_id),
        choice=facts.get("choice") if same else None,
        game=facts.get("game") if same else None,
        packet=facts.get("packet") if same else None,
    )


async def _draw(visit: Visit, uow: UnitOfWork) -> Draw:
    """Return the play of this phone at the scene it met last."""
    known = await phone.holder(visit, uow)
    player = Player(phone.device(visit), known)
    return await campaign.draw(uow, visit.site.keyring, UUID(visit.known.facts["touch"]), player)


async def _where(uow: UnitOfWork, shop_id: UUID | None) -> str:
    if shop_id is None:
        return (await network.network_of(uow)).name
    return (await network.shop_of(uow, shop_id)).name


def _offer_ids(drawn: Draw) -> list[UUID]:
    return [prize.offer.id for prize in drawn.prizes]
