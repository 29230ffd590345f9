"""What would happen: questions of the operator, answered by a job from a made-up copy of the network, and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.merchant.common import N_
from ringmain.entry.web.operator.common import Names, area_names, names
from ringmain.kit.audit import Actor, audit
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.match.api import usual_name
from ringmain.simulate.api import what_if

HERE = "/operator/what-if"
_LABELS = {
    "visits": N_("Visits"),
    "flow": N_("Vouchers spent at another shop"),
    "turnover_minor": N_("Turnover"),
    "fees_minor": N_("Fees"),
    "money_minor": N_("Taken off by vouchers"),
}
_FAILURES = {
    "too_little_history": N_(
        "Too little is known for that: it needs a hundred people and a thousand visits in 12 weeks."
    ),
    "stopped": N_("Stopped before anything was known."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A question with what is known of it."""

    id: UUID
    title: str
    state: str
    running: bool
    sentence: str
    assumed: list[str]
    rows: list[list[str]]


async def show(visit: Visit) -> Response:
    """Show the form, and the newest questions with their answers."""
    async with visit.unit() as uow:
        known, asked = await names(uow), await what_if.questions(uow)
    speech, areas = visit.speech, area_names(visit.speech, known)
    shops = sorted({one.id: one for one in known.shops.values()}.values(), key=lambda one: (one.name, one.id))
    merchants = sorted(known.merchants.values(), key=lambda one: (one.legal_name, one.id))
    kinds = sorted({one.category for one in shops})
    return visit.page(
        "operator/what_if.html",
        names=known,
        asked=[_row(speech, known, areas, one) for one in asked],
        columns=[
            speech.text("In four weeks"),
            speech.text("Now"),
            speech.text("Change"),
            speech.text("At least"),
            speech.text("At most"),
        ],
        shops=[(one.id, one.name) for one in shops],
        merchants=[(one.id, one.legal_name) for one in merchants],
        kinds=[(kind, usual_name(kind, speech.language)) for kind in kinds],
        areas=sorted(areas.items(), key=lambda named: named[1]),
    )


def _row(speech: Speech, known: Names, areas: dict[str, str], one: what_if.Asked) -> Row:
    words = {
        "waiting": speech.text("It waits for its turn, a minute at most."),
        "running": speech.text("Being lived: %(lived)s of %(pairs)s pairs.", lived=one.lived, pairs=what_if.PAIRS),
        "stopping": speech.text("Being stopped."),
    }
    sentence = words.get(one.state, "")
    if one.failure is not None:
        sentence = speech.text(
            _FAILURES.get(one.failure, N_("It could not be answered: what was asked about is gone."))
        )
    if one.answer is not None:
        sentence = _sentence(speech, one.answer)
    return Row(
        one.id,
        _title(speech, known, areas, one.question),
        one.state,
        one.state in ("waiting", "running"),
        sentence,
        [] if one.answer is None else _assumed(speech, one.answer),
        [] if one.answer is None else _rows(speech, one.answer),
    )


def _title(speech: Speech, known: Names, areas: dict[str, str], asked: what_if.Question) -> str:
    if isinstance(asked, what_if.RemoveShop):
        return speech.text("Without %(shop)s", shop=known.shop(asked.shop_id))
    if isinstance(asked, what_if.DoubleBudget):
        return speech.text("Twice the money of %(merchant)s", merchant=known.merchant(asked.funder_id))
    area = campaign.area_of(asked.latitude, asked.longitude)
    kind = usual_name(asked.category, speech.language)
    return speech.text("One more shop: %(kind)s, %(area)s", kind=kind, area=areas.get(area, area))


def _sentence(speech: Speech, found: what_if.Answer) -> str:
    one = found.named("visits")
    low, high = round(min(abs(one.low), abs(one.high))), round(max(abs(one.low), abs(one.high)))
    facts = {"number": speech.number(round(abs(one.change))), "low": speech.number(low), "high": speech.number(high)}
    if one.low > 0:
        return speech.text("About %(number)s visits more in four weeks (between %(low)s and %(high)s).", **facts)
    if one.high < 0:
        return speech.text("About %(number)s visits fewer in four weeks (between %(low)s and %(high)s).", **facts)
    return speech.text("Whether visits would change cannot be told.")


def _rows(speech: Speech, found: what_if.Answer) -> list[list[str]]:
    def worth(name: str, value: float) -> str:
        if name.endswith("_minor"):
            return speech.money(round(value), found.currency)
        return speech.number(round(value))

    rows = [
        [
            speech.text(_LABELS[one.name]),
            *(worth(one.name, value) for value in (one.now, one.change, one.low, one.high)),
        ]
        for one in found.figures
    ]
    if found.lasts_now is not None and found.lasts_then is not None:
        now, then = round(found.lasts_now), round(found.lasts_then)
        rows.append([speech.text("Days that the money lasts"), speech.number(now), speech.number(then - now), "–", "–"])
    return rows


def _assumed(speech: Speech, found: what_if.Answer) -> list[str]:
    """Return what the answer rests on, in words."""

    def between(bounds: Sequence[float]) -> dict[str, str]:
        return {"low": speech.share(bounds[0]), "high": speech.share(bounds[1])}

    copied = N_(
        "A made-up copy of this network lived %(pairs)s pairs of four weeks, with the change and without it, by the"
        " same chance. It goes by %(visits)s visits of %(people)s people in %(days)s days."
    )
    counted = {name: speech.number(getattr(found, name)) for name in ("pairs", "visits", "people", "days")}
    lines = [speech.text(copied, **counted)]
    if not isinstance(found.question, what_if.DoubleBudget):
        text = N_(
            "Assumed: of the visits to a shop, %(low)s to %(high)s are made nowhere else in the network without it; the"
            " others go to shops of its kind within five kilometres."
        )
        lines.append(speech.text(text, **between(what_if.LOST)))
    if not isinstance(found.question, what_if.AddShop):
        text = N_("Assumed: of the visits with a voucher, %(low)s to %(high)s would not have been made without it.")
        lines.append(speech.text(text, **between(what_if.CAUSED)))
    if isinstance(found.question, what_if.DoubleBudget):
        text = N_("Assumed: twice the money lets %(low)s to %(high)s more vouchers be spent than now.")
        lines.append(speech.text(text, **between(what_if.MORE)))
    if isinstance(found.question, what_if.AddShop):
        lines.append(speech.text("Assumed: it draws people as one of its kind here does, once they are used to it."))
    return lines


async def ask(visit: Visit) -> Response:
    """Keep a question for the job."""
    form, kind = visit.form, visit.form.text("ask")
    category, area = form.text("kind"), form.text("area")
    words = {
        "remove": {"remove_shop": form.text("shop")},
        "double": {"double_budget": form.text("merchant")},
        "add": {"add_shop": f"{category}@{area}"},
    }

    async def act(uow: UnitOfWork) -> UUID:
        question = await what_if.question_of(uow, **words.get(kind, {}))
        id_ = await what_if.keep_question(uow, question)
        await audit(uow, Actor("account", visit.holder_id), "ask_what_if", "what_if", id_, {"kind": kind})
        return id_

    await visit.once("ask_what_if", act, UUID)
    return visit.go(HERE)


async def stop(visit: Visit) -> Response:
    """Stop a question: what was lived until then is its answer."""
    id_ = visit.path_id("what_if_id")

    async def act(uow: UnitOfWork) -> UUID:
        await what_if.stop_question(uow, id_)
        return id_

    await visit.once("stop_what_if", act, UUID)
    return visit.go(HERE)


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path=HERE, audience=OPERATOR, get=show, post=ask),
    PageRoute(path=f"{HERE}/{{what_if_id:uuid}}", audience=OPERATOR, post=stop),
)
