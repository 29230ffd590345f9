"""Service plans of a merchant or the network: the list, a new one, and one with what it says, changed or ended."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Benefit, NewServicePlan, PlanScene, Said
from ringmain.campaign.errors import ServicePlanInvalid
from ringmain.entry.web.audiences import MERCHANT, OPERATOR
from ringmain.entry.web.merchant.common import Draft, console_of, merchant_id, rail
from ringmain.entry.web.merchant.offer_form import in_words, typed
from ringmain.entry.web.serving.effect import effect_words
from ringmain.entry.web.serving.words import SCENES, tribe_name, tribe_rule, tribes_told
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Form, PageRoute, Speech, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.loop import api as loop
from ringmain.network import api as network

_MERCHANT, _OPERATOR = "/merchant/plans", "/operator/plans"
_OFFERS: Final = ("offer1", "offer2", "offer3")
_BENEFITS: Final = (1, 2, 3)
_SHARES = range(5, 21)
_USUAL_SHARE = "10"


class Kept(Struct, frozen=True):
    """A plan that was made, changed or ended."""

    plan_id: UUID


@dataclass(frozen=True, slots=True)
class _Side:
    """Whose pages these are: a merchant's (`own`), or the operator's."""

    own: UUID | None
    network_id: UUID

    @property
    def home(self) -> str:
        """The address of the list."""
        return _OPERATOR if self.own is None else _MERCHANT

    @property
    def owner(self) -> UUID:
        """Whose plans are made here."""
        return self.own or self.network_id


async def of_merchant(visit: Visit) -> Response:
    """Show a merchant's plans."""
    return await _list(visit, _Side(merchant_id(visit), visit.network_id))


async def of_network(visit: Visit) -> Response:
    """Show all plans."""
    return await _list(visit, _Side(None, visit.network_id))


async def new_of_merchant(visit: Visit) -> Response:
    """Show an empty form."""
    return await _new(visit, _Side(merchant_id(visit), visit.network_id), _first(visit))


async def new_of_network(visit: Visit) -> Response:
    """Show an empty form."""
    return await _new(visit, _Side(None, visit.network_id), _first(visit))


async def make_of_merchant(visit: Visit) -> Response:
    """Make a merchant's plan."""
    return await _make(visit, _Side(merchant_id(visit), visit.network_id))


async def make_of_network(visit: Visit) -> Response:
    """Make a plan of the network."""
    return await _make(visit, _Side(None, visit.network_id))


async def one_of_merchant(visit: Visit) -> Response:
    """Show one of a merchant's plans."""
    return await _one(visit, _Side(merchant_id(visit), visit.network_id))


async def one_of_network(visit: Visit) -> Response:
    """Show any plan."""
    return await _one(visit, _Side(None, visit.network_id))


async def step_of_merchant(visit: Visit) -> Response:
    """Change or end one of a merchant's plans."""
    return await _step(visit, _Side(merchant_id(visit), visit.network_id))


async def step_of_network(visit: Visit) -> Response:
    """Change or end any plan."""
    return await _step(visit, _Side(None, visit.network_id))


def _first(visit: Visit) -> Draft:
    values = {name: visit.query(name) for name in ("tribe", "scene")}
    return Draft({**values, "share": _USUAL_SHARE})


async def _list(visit: Visit, side: _Side) -> Response:
    async with visit.unit() as uow:
        plans = await campaign.plans_of(uow, side.own)
        told = await tribes_told(uow, side.own)
        owners = {one.id: one.legal_name for one in await network.all_merchants(uow)} if side.own is None else {}
        zone = (await network.network_of(uow)).time_zone
    speech = visit.speech
    rows = [
        {
            "id": one.id,
            "name": tribe_name(speech, told.get(one.tribe_id)),
            "scene": speech.text(SCENES[one.scene]),
            "owner": owners.get(one.owner_id, ""),
            "ended": one.ended_at is not None,
            "since": one.made_at,
            "lines": _lines(speech, one.said),
        }
        for one in plans
    ]
    running = [row for row in rows if not row["ended"]]
    over = [row for row in rows if row["ended"]]
    return await shown(visit, side.own, "plans", side.home, running=running, over=over, zone=zone, any_tribe=bool(told))


async def _new(visit: Visit, side: _Side, draft: Draft, status: int = 200) -> Response:
    async with visit.unit() as uow:
        told = await tribes_told(uow, side.own)
        offers = await campaign.offers_for(uow, side.owner)
    speech = visit.speech
    return await shown(
        visit,
        side.own,
        "plan_new",
        side.home,
        status,
        draft=draft,
        tribes=[(id_, tribe_name(speech, one)) for id_, one in told.items()],
        rules=[(tribe_name(speech, one), tribe_rule(speech, one)) for one in told.values()],
        scenes=[(scene, speech.text(words)) for scene, words in SCENES.items()],
        **_form(speech, offers),
    )


def _form(speech: Speech, offers: list[Any]) -> dict[str, Any]:
    nothing = [("", speech.text("None"))]
    return {
        "offers": nothing + [(one.id, f"{one.name} · {in_words(speech, one.terms)}") for one in offers],
        "offer_fields": _OFFERS,
        "benefit_fields": _BENEFITS,
    }


async def _make(visit: Visit, side: _Side) -> Response:
    draft, speech = typed(visit.form), visit.speech
    said = _said(speech, draft)
    async with visit.unit() as uow:
        told = await tribes_told(uow, side.own)
    tribe_id, scene, share = visit.form.id("tribe"), _scene(draft.get("scene")), visit.form.whole("share")
    if tribe_id not in told:
        draft.faults["tribe"] = speech.text("Choose a group.")
    if scene is None:
        draft.faults["scene"] = speech.text("Choose where they are met.")
    if share not in _SHARES:
        draft.faults["share"] = speech.text("5 to 20 percent are held out.")
    if draft.faults or tribe_id is None or scene is None or share is None:
        return await _new(visit, side, draft, HTTPStatus.UNPROCESSABLE_ENTITY)
    wish = NewServicePlan(owner_id=side.owner, tribe_id=tribe_id, scene=scene, said=said, held_out_bp=share * 100)

    async def act(uow: UnitOfWork) -> Kept:
        return Kept((await campaign.make_plan(uow, wish, by=side.own)).id)

    try:
        kept = await visit.once("make_service_plan", act, Kept)
    except RuleBroken as rule:
        _refused(speech, draft, rule)
        return await _new(visit, side, draft, int(rule.status))
    return visit.go(f"{side.home}/{kept.plan_id}")


def _refused(speech: Speech, draft: Draft, rule: RuleBroken) -> None:
    """Put a refusal at its field, with what to do."""
    text = f"{speech.why(rule)} {speech.next_step(rule)}"
    field = str(rule.facts.get("field", "")) if isinstance(rule, ServicePlanInvalid) else ""
    draft.faults[{"offer_ids": "offer1", "benefits": "en1", "message_days": "days"}.get(field, "scene")] = text


def _scene(value: str) -> PlanScene | None:
    return next((one for one in SCENES if one == value), None)


def _said(speech: Speech, draft: Draft) -> Said:
    """Return what the form says; what is wrong is put at its field."""
    form = Form({name: [value] for name, value in draft.values.items()})
    offer_ids = list(dict.fromkeys(id_ for name in _OFFERS if (id_ := form.id(name)) is not None))
    benefits = []
    for number in _BENEFITS:
        texts = [draft.get(f"{language}{number}").strip() for language in ("en", "zh")]
        if all(texts):
            benefits.append(Benefit(*texts))
        elif any(texts):
            missing = "en" if not texts[0] else "zh"
            draft.faults[f"{missing}{number}"] = speech.text("Say it in both languages: people read their own.")
    days = form.whole("days") if draft.get("days").strip() else None
    if draft.get("days").strip() and (days is None or not 1 <= days <= campaign.LONGEST_PACE_DAYS):
        draft.faults["days"] = speech.text("Type a number of days from 1 to 90, or leave it empty.")
    if not (offer_ids or benefits or days or draft.faults):
        draft.faults["offer1"] = speech.text("Choose an offer, name a benefit or set a pace: one of them at least.")
    return Said(offer_ids=tuple(offer_ids), benefits=tuple(benefits), message_days=days)


async def _one(visit: Visit, side: _Side, draft: Draft | None = None, status: int = 200) -> Response:
    async with visit.unit() as uow:
        one = await campaign.read_plan(uow, visit.path_id("plan_id"), by=side.own)
        told = (await tribes_told(uow, side.own)).get(one.tribe_id)
        offers = await campaign.offers_for(uow, one.owner_id)
        owner = None
        if side.own is None and one.owner_id != uow.network_id:
            owner = (await network.merchant_of(uow, one.owner_id)).legal_name
        here = await network.network_of(uow)
        asked = await loop.effect_of(uow, one.id, by=side.own)
    speech, zone = visit.speech, here.time_zone
    found = await loop.in_turn(
        loop.plan_effect, visit.site.settings.lake_folder, visit.site.keyring, visit.network_id, asked
    )
    named = {offer.id: f"{offer.name} · {in_words(speech, offer.terms)}" for offer in offers}
    return await shown(
        visit,
        side.own,
        "plan",
        side.home,
        status,
        one=one,
        owner=owner,
        zone=zone,
        tribe=tribe_name(speech, told),
        rule=tribe_rule(speech, told),
        gone=told is None,
        scene=speech.text(SCENES[one.scene]),
        share=speech.share(one.held_out_bp / 10_000),
        first=[named.get(id_, speech.text("An offer that is not given any more")) for id_ in one.said.offer_ids],
        benefits=campaign.in_language(one.said.benefits, speech.language),
        found=found,
        effect=effect_words(speech, found, here.currency),
        draft=draft or _draft_of(one.said),
        changing=draft is not None,
        **_form(speech, offers),
    )


def _draft_of(said: Said) -> Draft:
    values = {name: str(id_) for name, id_ in zip(_OFFERS, said.offer_ids, strict=False)}
    for number, benefit in zip(_BENEFITS, said.benefits, strict=False):
        values |= {f"en{number}": benefit.en, f"zh{number}": benefit.zh}
    return Draft(values | {"days": str(said.message_days or "")})


async def _step(visit: Visit, side: _Side) -> Response:
    plan_id = visit.path_id("plan_id")
    if visit.form.text("step") == "end":

        async def end(uow: UnitOfWork) -> Kept:
            return Kept((await campaign.end_plan(uow, plan_id, by=side.own)).id)

        await visit.once("end_service_plan", end, Kept)
        return visit.go(f"{side.home}/{plan_id}")
    draft = typed(visit.form)
    said = _said(visit.speech, draft)
    if draft.faults:
        return await _one(visit, side, draft, HTTPStatus.UNPROCESSABLE_ENTITY)

    async def change(uow: UnitOfWork) -> Kept:
        before = (await campaign.read_plan(uow, plan_id, by=side.own)).said
        # What the API has named beyond the fields of this form stays.
        more = Said(
            offer_ids=said.offer_ids + before.offer_ids[len(_OFFERS) :],
            benefits=said.benefits + before.benefits[len(_BENEFITS) :],
            message_days=said.message_days,
        )
        return Kept((await campaign.change_plan(uow, plan_id, more, by=side.own)).id)

    try:
        await visit.once("change_service_plan", change, Kept)
    except RuleBroken as rule:
        _refused(visit.speech, draft, rule)
        return await _one(visit, side, draft, int(rule.status))
    return visit.go(f"{side.home}/{plan_id}")


def _lines(speech: Speech, said: Said) -> list[str]:
    """Return what a plan says, in a few words."""
    lines = campaign.in_language(said.benefits, speech.language)
    if said.offer_ids:
        lines.append(speech.texts("%(num)s offer first", "%(num)s offers first", len(said.offer_ids)))
    if said.message_days:
        text = speech.texts("One message a day at most", "One message in %(num)s days at most", said.message_days)
        lines.append(text)
    return lines


async def shown(visit: Visit, own: UUID | None, template: str, here: str, status: int = 200, **values: Any) -> Response:
    """Return a page of either console: `template` is what stands within it."""
    values |= {"inner": f"serving/{template}.html", "home": here}
    if own is None:
        async with visit.unit() as uow:
            home = await network.network_of(uow)
        return visit.page("serving/operator.html", status, here=here, network=home, **values)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
    return visit.page("serving/merchant.html", status, rail=rail(visit.speech), here=here, console=console, **values)


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path=_MERCHANT, audience=MERCHANT, get=of_merchant),
    PageRoute(path=f"{_MERCHANT}/new", audience=MERCHANT, get=new_of_merchant, post=make_of_merchant),
    PageRoute(path=f"{_MERCHANT}/{{plan_id:uuid}}", audience=MERCHANT, get=one_of_merchant, post=step_of_merchant),
    PageRoute(path=_OPERATOR, audience=OPERATOR, get=of_network),
    PageRoute(path=f"{_OPERATOR}/new", audience=OPERATOR, get=new_of_network, post=make_of_network),
    PageRoute(path=f"{_OPERATOR}/{{plan_id:uuid}}", audience=OPERATOR, get=one_of_network, post=step_of_network),
)
