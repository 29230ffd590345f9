"""Partners of a merchant: what is proposed, agreed and ended, what each may bind and has bound, and a new proposal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
_MOST_NAMED = 5
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
    """A partnership as its pages show it, and those of the merchant's exchanges under it that matter."""

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


def ended_by_others(found: Sequence[Partnership], own: UUID, since: datetime) -> list[Partnership]:
    """Return those that all had agreed to and that another party has ended since a time."""
    return [
        one
        for one in found
        if one.ended_at is not None
        and one.ended_at >= since
        and one.ended_by != own
        and set(one.merchant_ids) <= set(one.agreed)
    ]


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
    exchanges = await campaign.campaigns_of(uow, own, limit=100)

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
            tuple(
                mine
                for mine in exchanges
                if mine.said.partnership_id == one.id and (one.state == "ended" or mine.state is not State.ENDED)
            ),
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
    mine = (await network.merchant_of(uow, own)).legal_name
    meant, chosen = dict[str, UUID](), list[UUID]()
    for field in _PARTNERS:
        typed_ = draft.get(field).strip()
        if not typed_ and field != _PARTNERS[0]:
            continue
        found = _called(others, typed_)
        if not found and typed_.casefold() == mine.casefold():
            draft.faults[field] = speech.text("That is you. Choose another merchant.")
        elif not found:
            draft.faults[field] = speech.text("Nobody with a shop here is called like that. Type a part of the name.")
        elif len(found) > 1:
            some = ", ".join(others[id_] for id_ in found[:_MOST_NAMED])
            draft.faults[field] = speech.text("Several are called like that: %(names)s. Type more of it.", names=some)
        elif found[0] in chosen:
            draft.faults[field] = speech.text("You have chosen it already. Choose another one, or nobody.")
        else:
            meant[field] = found[0]
            chosen.append(found[0])
    rivals = await campaign.rivals_among(uow, [own, *chosen])
    for field, id_ in meant.items():
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
    """Return the names of other merchants with a shop: an exchange is given at a partner's shops.

    Where two are called alike, their first shops tell them apart.
    """
    first: dict[UUID, network.Shop] = {}
    for shop in await network.all_shops(uow):
        first.setdefault(shop.merchant_id, shop)
    found = [one for one in await network.all_merchants(uow) if one.id != own and one.id in first]
    count = Counter(one.legal_name.casefold() for one in found)
    names = {
        one.id: one.legal_name if count[one.legal_name.casefold()] == 1 else f"{one.legal_name} · {first[one.id].name}"
        for one in found
    }
    return dict(sorted(names.items(), key=lambda named: (named[1], named[0])))


def _called(others: Mapping[UUID, str], text: str) -> list[UUID]:
    """Return who is called so, else whose name has that in it; whatever the case."""
    wanted = text.casefold()
    exact = [id_ for id_, name in others.items() if name.casefold() == wanted]
    return exact or [id_ for id_, name in others.items() if wanted and wanted in name.casefold()]


async def _form(visit: Visit, draft: Draft, status: int = 200) -> Response:
    own = merchant_id(visit)
    async with visit.unit() as uow:
        console = await console_of(uow, visit)
        others = await _others(uow, own)
    return shown(visit, "partner_new.html", HERE, console, status, draft=draft, others=list(others.values()))


PAGES = (
    PageRoute(path=HERE, audience=MERCHANT, get=partners),
    PageRoute(path=f"{HERE}/new", audience=MERCHANT, get=new, post=propose),
    PageRoute(path=f"{HERE}/{{partnership_id:uuid}}", audience=MERCHANT, post=step),
)
