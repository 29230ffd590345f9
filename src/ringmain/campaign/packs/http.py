"""Requests, answers and routes of ready packs."""

from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.campaign import errors
from ringmain.campaign.packs.apply import apply_pack
from ringmain.campaign.packs.load import pack_of, packs
from ringmain.campaign.packs.model import Pack, PackOffer, Words
from ringmain.campaign.plan.partner_http import acting
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import AmountMinor, Call, Listed, Request, Role, Route
from ringmain.network.errors import MerchantNotFound

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_READERS: frozenset[Role] = frozenset({"operator", "merchant", "analyst"})
_TAG = "packs"


class PackNamed(Struct, frozen=True):
    """A pack as it is listed."""

    name: str
    title: Words
    about: Words
    campaigns: int


class PackCampaignShown(Struct, frozen=True, kw_only=True):
    """A campaign of a pack; `offer.worth` and `offer.minimum` are percent of a usual purchase, minutes of the day."""

    key: str
    name: Words
    why: Words
    goal: str
    audience: str
    metres: int | None
    not_seen_days: int | None
    channels: tuple[str, ...]
    days: int
    weekdays: tuple[int, ...]
    from_minute: int
    until_minute: int
    vouchers: int
    offer: PackOffer


class PackShown(Struct, frozen=True, kw_only=True):
    """A pack: campaigns to draft, questions worth asking people, and words to copy for posters, messages and tills."""

    name: str
    title: Words
    about: Words
    questions: tuple[str, ...]
    words: dict[str, Words]
    campaigns: list[PackCampaignShown]


class ApplyPack(Request, frozen=True, kw_only=True):
    """Which campaigns to draft (null: all), what a usual purchase costs, and in which language drafts are named.

    `usual_purchase_minor` null: the median of what the merchant sold in the last eight weeks, of 30 sales at least.
    """

    usual_purchase_minor: AmountMinor | None = None
    campaigns: Annotated[tuple[str, ...], Meta(max_length=5)] | None = None
    language: Literal["en", "zh"] = "en"
    merchant_id: UUID | None = None


class Drafted(Struct, frozen=True):
    """A campaign of the pack and its draft."""

    key: str
    campaign_id: UUID


class NotDrafted(Struct, frozen=True):
    """A campaign of the pack that was left out: no_shop, no_tribe, no_partner, sensitive or no_segment_left."""

    key: str
    reason: str


class PackApplied(Struct, frozen=True):
    """What was made now, what this pack had made before, and what was left out.

    `usual_purchase_minor` was reckoned with; `from_sales`: it is the median of so many sales, null: it was named.
    """

    made: list[Drafted]
    before: list[Drafted]
    left_out: list[NotDrafted]
    usual_purchase_minor: int
    from_sales: int | None


async def _list(_: UnitOfWork, __: Call) -> Listed[PackNamed]:
    return Listed([PackNamed(one.name, one.title, one.about, len(one.campaigns)) for one in packs()])


async def _read(_: UnitOfWork, call: Call) -> PackShown:
    return _shown(pack_of(call.path["name"]))


async def _apply(uow: UnitOfWork, call: Call, body: ApplyPack) -> PackApplied:
    found = await apply_pack(
        uow,
        call.path["name"],
        acting(call, body.merchant_id),
        usual_minor=body.usual_purchase_minor,
        language=body.language,
        keys=body.campaigns,
    )
    return PackApplied(
        [Drafted(key, id_) for key, id_ in found.made.items()],
        [Drafted(key, id_) for key, id_ in found.before.items()],
        [NotDrafted(key, reason.value) for key, reason in found.left_out.items()],
        found.usual_minor,
        found.from_sales,
    )


def _shown(one: Pack) -> PackShown:
    same = PackCampaignShown.__struct_fields__
    return PackShown(
        name=one.name,
        title=one.title,
        about=one.about,
        questions=one.questions,
        words=dict(one.words),
        campaigns=[PackCampaignShown(**{name: getattr(each, name) for name in same}) for each in one.campaigns],
    )


_ID = "018f4e3a-7c00-7a10-8000-000000000041"
_TITLE = {"en": "Restaurants, cafés and tea houses", "zh": "餐饮"}
_PACK: dict[str, Any] = {
    "name": "catering",
    "title": _TITLE,
    "about": {"en": "Fills quiet afternoons.", "zh": "填满下午。"},
}

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/v1/packs",
        operation="list_packs",
        summary="List the ready packs",
        tag=_TAG,
        roles=_READERS,
        reads_as="network",
        handler=_list,
        response=Listed[PackNamed],
        example_response={"items": [_PACK | {"campaigns": 4}], "next": None},
    ),
    Route(
        method="GET",
        path="/v1/packs/{name}",
        operation="read_pack",
        summary="Read a ready pack: campaigns, questions and words",
        tag=_TAG,
        roles=_READERS,
        reads_as="network",
        handler=_read,
        response=PackShown,
        errors=(errors.PackNotFound,),
        example_response=_PACK
        | {
            "questions": ["diet"],
            "words": {"sms": {"en": "Your table is waiting.", "zh": "给您留了位。"}},
            "campaigns": [
                {
                    "key": "quiet_afternoons",
                    "name": {"en": "Quiet afternoons", "zh": "下午茶时光"},
                    "why": {"en": "Seats are empty.", "zh": "座位空着。"},
                    "goal": "quiet_hours",
                    "audience": "area",
                    "metres": 1_000,
                    "not_seen_days": None,
                    "channels": ["scene", "search"],
                    "days": 28,
                    "weekdays": [1, 2, 3, 4, 5],
                    "from_minute": 840,
                    "until_minute": 1_020,
                    "vouchers": 200,
                    "offer": {
                        "kind": "cash",
                        "worth": 20,
                        "valid_days": 7,
                        "minimum": 60,
                        "percent": None,
                        "holder_only": False,
                        "per_member": None,
                    },
                }
            ],
        },
    ),
    Route(
        method="POST",
        path="/v1/packs/{name}/apply",
        operation="apply_pack",
        summary="Make drafts of a pack's campaigns for a merchant",
        description="Paused offers and draft campaigns: nothing is given and no money is bound until one is started. "
        "Each is made once; what was made before is told, and left as it is.",
        tag=_TAG,
        roles=_MANAGERS,
        handler=_apply,
        request=ApplyPack,
        response=PackApplied,
        transaction="write",
        errors=(errors.PackNotFound, errors.PackCampaignUnknown, errors.PackNeedsUsual, MerchantNotFound),
        example={"usual_purchase_minor": 6_000},
        example_response={
            "made": [{"key": "quiet_afternoons", "campaign_id": _ID}],
            "before": [],
            "left_out": [{"key": "neighbours", "reason": "no_partner"}],
            "usual_purchase_minor": 6_000,
            "from_sales": None,
        },
    ),
)
