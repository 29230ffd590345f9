"""The routes of the ring: what people did after they played, beside those kept apart; power, flow, stages, sharing."""

from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from ringmain.kit.http import Call, Limit, Role, Route
from ringmain.loop import ring
from ringmain.loop.http.lift import ReadingShown, shown
from ringmain.loop.model.ring import Given, Stages
from ringmain.loop.turns import in_turn
from ringmain.network.errors import MerchantNotFound

_WHOLE_NETWORK: frozenset[Role] = frozenset({"operator", "analyst"})
_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_SOME_AT_A_TIME = Limit(10, seconds=60)
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"


class EffectShown(Struct, frozen=True):
    """What campaigns changed of one outcome, with the interval of that; null where it is of too few to be told.

    here, here_paid: visits to the shop where people played, and what they paid there; round: people who went to another
    shop and came back to this one (A -> B -> A); full, full_paid: visits without a voucher, and what they paid.
    """

    outcome: Literal["here", "here_paid", "round", "full", "full_paid"]
    reading: ReadingShown | None


class PowerShown(Struct, frozen=True):
    """What a merchant gives to others and gets from them, each side in vouchers, people and minor units taken off.

    injected: its money spent at others'; received: others' money spent at its tills; sent: won at its shops, spent at
    others'; came: won at others', spent at its shops.
    """

    merchant_id: UUID
    sides: tuple[Given, ...]


class SharingShown(Struct, frozen=True):
    """New members of the last days first seen at a shared link, for each who was active; null where there are few.

    sent: invitations, of senders people; joined: new members by them; came: whose first visit was rewarded.
    """

    days: int
    active: int
    new: int
    by_sharing: int
    factor: float | None
    low: float | None
    high: float | None
    senders: int
    sent: int
    joined: int
    came: int


class RingShown(Struct, frozen=True, kw_only=True):
    """How the ring turns, people followed for `window_days`; `flow` by shop, area and category, the strongest first."""

    window_days: int
    effects: list[EffectShown]
    stages: Stages
    sharing: SharingShown
    power: list[PowerShown]
    flow: dict[str, list[ring.Cell]]


class OwnRingShown(Struct, frozen=True, kw_only=True):
    """The same for one merchant: of what happens elsewhere only groups of ten people over three other merchants."""

    window_days: int
    effects: list[EffectShown]
    power: PowerShown


async def _ring(call: Call, _: Any) -> RingShown:
    network_id = call.principal.network_id
    async with call.database.unit(network_id) as uow:
        asked, now = await ring.whose(uow), await uow.now()
    found = await in_turn(ring.ring, call.settings.lake_folder, network_id, asked, now)
    share = found.sharing
    return RingShown(
        window_days=found.window_days,
        effects=[EffectShown(name, shown(found.effects[name])) for name in ring.OUTCOMES],
        stages=found.stages,
        sharing=SharingShown(
            share.days,
            share.active,
            share.new,
            share.by_sharing,
            None if share.factor is None else round(share.factor, 4),
            None if share.interval is None else round(share.interval.low, 4),
            None if share.interval is None else round(share.interval.high, 4),
            share.senders,
            share.sent,
            share.joined,
            share.came,
        ),
        power=[PowerShown(one.merchant_id, one.given) for one in found.power],
        flow={name: list(cells) for name, cells in found.matrices.items()},
    )


async def _own(call: Call, _: Any) -> OwnRingShown:
    network_id, merchant_id = call.principal.network_id, call.id("merchant_id")
    if call.merchant_scope() not in (None, merchant_id):
        raise MerchantNotFound(merchant_id=merchant_id)
    async with call.database.unit(network_id) as uow:
        asked, now = await ring.whose(uow, merchant_id), await uow.now()
    found = await in_turn(ring.own_ring, call.settings.lake_folder, network_id, asked, now)
    effects = []
    for name in ring.OUTCOMES:
        one = found.effects[name]
        effects.append(EffectShown(name, None if one is None else shown(one)))
    power = PowerShown(merchant_id, found.power.given)
    return OwnRingShown(window_days=found.window_days, effects=effects, power=power)


_READING = {"state": "effect", "treated": 1840, "compared_with": 205, "total": 214.0, "low": 61.2, "high": 366.8}
_EFFECTS = [{"outcome": "round", "reading": _READING}]
_GIVEN = {"side": "injected", "vouchers": 410, "people": 300, "amount_minor": 81_000}
_POWER = {"merchant_id": _ID, "sides": [_GIVEN]}
_CELL = {"origin": "tea", "destination": "noodles", "vouchers": 316, "people": 240, "amount_minor": 63_000}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/loop/ring",
        operation="read_ring",
        summary="Read how the ring turns",
        description="What people did in the 28 days after they played, beside those who were kept apart by chance; who "
        "injects and receives power; flow between shops, areas (of about 2 km) and categories; people by stage; new "
        "members by shared links. Effects are of all campaigns together and hold however often they are looked at.",
        tag="loop",
        roles=_WHOLE_NETWORK,
        handler=_ring,
        transaction="own",
        response=RingShown,
        limit=_SOME_AT_A_TIME,
        example_response={
            "window_days": 28,
            "effects": _EFFECTS,
            "stages": {"won": 1500, "came": 310, "spent": 240, "back": 61},
            "sharing": {
                "days": 28,
                "active": 900,
                "new": 120,
                "by_sharing": 27,
                "factor": 0.03,
                "low": 0.0207,
                "high": 0.0433,
                "senders": 61,
                "sent": 92,
                "joined": 27,
                "came": 14,
            },
            "power": [_POWER],
            "flow": {"category": [_CELL]},
        },
    ),
    Route(
        method="GET",
        path="/v1/merchants/{merchant_id}/ring",
        operation="read_own_ring",
        summary="Read what the ring does for a merchant",
        description="What people did after they played at its shops, beside those kept apart, and the power that it "
        "injects and receives.",
        tag="figures",
        roles=_MANAGERS,
        handler=_own,
        transaction="own",
        response=OwnRingShown,
        errors=(MerchantNotFound,),
        limit=_SOME_AT_A_TIME,
        example_response={"window_days": 28, "effects": _EFFECTS, "power": _POWER},
    ),
)
