"""Partners of a merchant: what is proposed, agreed and ended, what each may bind and has bound, and a new proposal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import Campaign, Partnership, State
from ringmain.entry.web.audiences import MERCHANT
from ringmain.entry.web.merchant.common import N_, Draft, console_of, merchant_id, shown
from ringmain.entry.web.merchant.offer_form import typed
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.network import api as network

HERE: Final = "/merchant/partners"
# The fields of the form in which partners stand: the first one is needed.
_PARTNERS: Final = ("partner", "partner2", "partner3")
_MOST_NAME = 200
_MOST_ENDED = 20
_STEPS = {
    "agree": campaign.agree_partnership,
    "end": campaign.end_partnership,
}


@dataclass(frozen=True, slots=True)
class Party:
    """One party to a partnership: its name, whether it has agreed, and what it has bound of the limit."""

    name: str
    own: bool
    agreed: bool
    bound_minor: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A partnership as its pages show it, and those of the merchant's exchanges under it that are not over."""

    one: Partnership
    proposer: str
    parties: tuple[Party, ...]
    exchanges: tuple[Campaign, ...]
    ended: str

    @property
    def bound(self) -> bool:
        """Whether money is bound under it."""
        return any(party.bound_minor for party in self.parties)


def awaiting(found: Sequence[Partnership], own: UUID) -> list[Partnership]:
    """Return those that wait for a merchant's answer."""
    return [one for one in found if one.state == "proposed" and own not in one.agreed]


async def partners(visit: Visit) -> Response:
    """Show all partnerships, those that wait for an answer first."""
    own = merchant_id(visit)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        found = await campaign.partnerships_of(uow, own)
        ended = [one for one in found if one.state == "ended"][:_MOST_ENDED]
        told = {one.one.id: one for one in await _told(uow, visit.speech, own, found)}
        alone = not await _others(uow, own)
    asked = {one.id for one in awaiting(found, own)}
    return shown(
        visit,
        "partners.html",
        HERE,
        console,
        asked=[told[one.id] for one in found if one.id in asked],
        running=[told[one.id] for one in found if one.state == "agreed"],
        proposed=[told[one.id] for one in found if one.state == "proposed" and one.id not in asked],
        ended=[told[one.id] for one in ended],
        alone=alone,
    )


async def _told(uow: UnitOfWork, speech: Speech, own: UUID, found: Sequence[Partnership]) -> list[Shown]:
    """Return partnerships with names, and what is bound under them."""
    bound = await campaign.bound_minor(uow, [one.id for one in found])
    ids = sorted({id_ for one in found for id_ in one.merchant_ids})
    names = {one.id: one.legal_name for one in await network.merchants(uow, ids)} if ids else {}
    exchanges = [one for one in await campaign.campaigns_of(uow, own, limit=100) if one.state is not State.ENDED]

    def party(one: Partnership, id_: UUID) -> Party:
        used = bound.get((one.id, id_), 0)
        return Party(names[id_], id_ == own, id_ in one.agreed, used, max(0, one.limit_minor - used))

    def ended(one: Partnership) -> str:
        agreed = set(one.merchant_ids) <= set(one.agreed)
        return speech.text(N_("ended") if agreed else N_("declined or withdrawn"))

    return [
        Shown(
            one,
            names[one.proposed_by],
            tuple(party(one, id_) for id_ in sorted(one.merchant_ids, key=lambda id_: (id_ != own, names[id_]))),
            tuple(mine for mine in exchanges if mine.said.partnership_id == one.id),
            ended(one),
        )
        for one in found
    ]


async def step(visit: Visit) -> Response:
    """Agree, decline or end; where money is bound under what is ended, first ask whether they are sure."""
    partnership_id, own, name = visit.path_id("partnership_id"), merchant_id(visit), visit.form.text("step")
    if name not in _STEPS:
        return visit.go(HERE)
    async with visit.unit() as uow:
        one = await campaign.read_partnership(uow, partnership_id, party=own)
        told = (await _told(uow, visit.speech, own, [one]))[0]
        console = await console_of(uow, visit)
    if name == "end" and one.state != "ended" and told.bound and visit.form.text("sure") != "yes":
        return shown(visit, "partner_end.html", HERE, console, told=told)

    async def act(uow: UnitOfWork) -> UUID:
        return (await _STEPS[name](uow, partnership_id, party=own)).id

    await visit.once(f"page {name} partnership", act, UUID)
    return visit.go(HERE)


async def new(visit: Visit) -> Response:
    """Show an empty proposal."""
    return await _form(visit, Draft())


async def propose(visit: Visit) -> Response:
    """Propose a partnership, or show what is wrong with it at its field."""
    draft, own, speech = typed(visit.form), merchant_id(visit), visit.speech
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        chosen = await _chosen(uow, speech, draft, own)
    name, limit = draft.get("name").strip(), visit.form.minor("limit", console.precision)
    if not 0 < len(name) <= _MOST_NAME:
        draft.faults["name"] = speech.text("Give the partnership a name.")
    if not limit:
        draft.faults["limit"] = speech.text("Say how much each of you may bind at once, such as 500.")
    if draft.faults or not limit:
        return await _form(visit, draft, 422)

    async def act(uow: UnitOfWork) -> UUID:
        return (await campaign.propose_partnership(uow, name, own, chosen, limit)).id

    await visit.once("page propose partnership", act, UUID)
    return visit.go(HERE)


async def _chosen(uow: UnitOfWork, speech: Speech, draft: Draft, own: UUID) -> list[UUID]:
    """Return the chosen partners; what cannot be is put at its field: none, oneself, strangers, one twice, rivals."""
    others = await _others(uow, own)
    known, chosen = {str(id_): id_ for id_ in others}, list[UUID]()
    for field in _PARTNERS:
        value = draft.get(field)
        if not value and field != _PARTNERS[0]:
            continue
        if value == str(own):
            draft.faults[field] = speech.text("That is you. Choose another merchant.")
        elif value not in known:
            draft.faults[field] = speech.text("Choose a merchant of the network that has a shop.")
        elif known[value] in chosen:
            draft.faults[field] = speech.text("You have chosen it already. Choose another one, or nobody.")
        else:
            chosen.append(known[value])
    rivals = await campaign.rivals_among(uow, [own, *chosen])
    for field in _PARTNERS:
        id_ = known.get(draft.get(field))
        if id_ is None:
            continue
        with_ = next((one for one in (own, *chosen) if (one, id_) in rivals), None)
        if with_ == own:
            text = N_(
                "You and %(name)s are declared rivals, who never give each other's vouchers. Choose another merchant,"
                " or ask whoever runs the network to withdraw the declaration."
            )
            draft.faults[field] = speech.text(text, name=others[id_])
        elif with_ is not None:
            text = N_("Two of these merchants are declared rivals. Leave one of them out.")
            draft.faults[field] = speech.text(text)
    return chosen


async def _others(uow: UnitOfWork, own: UUID) -> dict[UUID, str]:
    """Return the names of other merchants with a shop: an exchange is given at a partner's shops."""
    open_ = {shop.merchant_id for shop in await network.all_shops(uow)}
    found = [one for one in await network.all_merchants(uow) if one.id != own and one.id in open_]
    return {one.id: one.legal_name for one in sorted(found, key=lambda one: (one.legal_name, one.id))}


async def _form(visit: Visit, draft: Draft, status: int = 200) -> Response:
    own = merchant_id(visit)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        others = await _others(uow, own)
    nobody = ("", visit.speech.text("Nobody"))
    choices = [("", visit.speech.text("Choose a merchant")), *others.items()]
    return shown(
        visit, "partner_new.html", HERE, console, status, draft=draft, first=choices, more=[nobody, *others.items()]
    )


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=partners),
    PageRoute(path=f"{HERE}/new", audience=MERCHANT, get=new, post=propose),
    PageRoute(path=f"{HERE}/{{partnership_id:uuid}}", audience=MERCHANT, post=step),
)
