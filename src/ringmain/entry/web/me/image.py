"""My image: what the network knows of a person and why, what they told it, and how they correct it."""

from dataclasses import dataclass

from starlette.responses import Response

from ringmain.entry.web.audiences import MEMBER
from ringmain.entry.web.me.cards import card, words_of
from ringmain.entry.web.me.texts import FIELDS, IDENTIFIERS, language_of
from ringmain.entry.web.me.wanted import wanted
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.match.api import usual_name
from ringmain.member import api as member
from ringmain.member.errors import NameInvalid
from ringmain.network import api as network
from ringmain.profile import api as profile
from ringmain.segment import api as segment


@dataclass(frozen=True, slots=True)
class _Tribe:
    """The group that a person is in, in words; `likely` None where it was counted and not guessed."""

    name: str
    rule: str
    own: tuple[str, ...]
    since: str
    likely: str | None


@dataclass(frozen=True, slots=True)
class _Told:
    """One answer that a person gave."""

    key: str
    question: str
    answer: str
    use: str


async def show(visit: Visit) -> Response:
    """Show the image."""
    return await _page(visit)


async def _page(visit: Visit, name_error: str = "") -> Response:
    async with visit.unit() as uow:
        found = await profile.image(uow, visit.site.keyring, visit.holder_id)
        tribe = await segment.own_tribe(uow, visit.holder_id)
        zone = (await network.network_of(uow)).time_zone
        soon = await wanted(uow, visit.speech, found, zone)
    given = list(found.answers)
    cards = [card(visit, one, found, zone) for one in found.fields if one.known]
    return visit.page(
        "me/image.html",
        422 if name_error else 200,
        image=found,
        zone=zone,
        cards=[one for one in cards if not one.hidden],
        hidden=[one for one in cards if one.hidden],
        unknown=[visit.speech.text(FIELDS[one.field]) for one in found.fields if not one.known],
        question=member.next_question(given),
        told=[_told(visit.speech, one) for one in given],
        identifiers=[(words_of(visit.speech, IDENTIFIERS, one.kind), one.value) for one in found.person.identifiers],
        fewest=profile.FEWEST_FACTS,
        name_error=name_error,
        soon=soon,
        tribe=None if tribe is None else _tribe(visit.speech, tribe, zone),
        fewest_in_tribe=segment.FEWEST,
        enough_visits=segment.ENOUGH_VISITS,
    )


def _tribe(speech: Speech, tribe: segment.OwnTribe, zone: str) -> _Tribe:
    language = language_of(speech)
    shares = zip(tribe.told.rule, tribe.shares, strict=True)
    return _Tribe(
        name=segment.name_words(tribe.told.name, language, usual_name),
        rule=segment.rule_words(tribe.told.rule, language, usual_name),
        own=tuple(
            speech.text(
                "%(share)s of yours %(what)s",
                share=speech.number(share) + "%",
                what=segment.condition_words(one.column, language, usual_name),
            )
            for one, share in shares
        ),
        since=speech.day(tribe.since, zone),
        likely=None if tribe.probability is None else speech.number(round(tribe.probability * 100)) + "%",
    )


def _told(speech: Speech, given: member.GivenAnswer) -> _Told:
    question = member.question_of(given.question)
    words = {choice.value: choice.words for choice in question.choices}
    answer = words.get(given.value, given.value) if given.value else None
    said = speech.text(answer) if answer else speech.text("I would rather not say")
    return _Told(question.key, speech.text(question.words), said, speech.text(question.use))


async def change_name(visit: Visit) -> Response:
    """Change name and language."""
    name, language = visit.form.text("name") or None, visit.form.text("language")

    async def act(uow: UnitOfWork) -> bool:
        chosen = language if language in ("en", "zh") else language_of(visit.speech)
        await member.describe(uow, visit.site.keyring, visit.holder_id, name, chosen)
        return True

    try:
        await visit.once("page: change my name", act, bool)
    except NameInvalid as error:
        return await _page(visit, visit.speech.next_step(error))
    if language in ("en", "zh"):
        visit.speak(language)
    return visit.go("/me#about")


async def answer(visit: Visit) -> Response:
    """Keep an answer, or that the person would rather not say."""
    question, value = visit.form.text("question"), visit.form.text("value")

    async def act(uow: UnitOfWork) -> bool:
        await member.answer_question(uow, visit.site.keyring, visit.holder_id, question, value or None)
        return True

    await visit.once("page: answer a question", act, bool)
    return visit.go("/me#told")


async def forget(visit: Visit) -> Response:
    """Forget an answer; the question may be asked again."""
    question = visit.form.text("question")

    async def act(uow: UnitOfWork) -> bool:
        await member.forget_answer(uow, visit.holder_id, question)
        return True

    await visit.once("page: forget an answer", act, bool)
    return visit.go("/me#told")


async def hide(visit: Visit) -> Response:
    """Keep a field from being used, or let it be used again."""
    field, hidden = visit.form.text("field"), visit.form.text("hidden") == "yes"

    async def act(uow: UnitOfWork) -> bool:
        await profile.hide(uow, visit.holder_id, field, hidden=hidden)
        return True

    await visit.once("page: hide a field", act, bool)
    return visit.go("/me#known")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/me", audience=MEMBER, get=show),
    PageRoute(path="/me/name", audience=MEMBER, post=change_name),
    PageRoute(path="/me/answers", audience=MEMBER, post=answer),
    PageRoute(path="/me/answers/forget", audience=MEMBER, post=forget),
    PageRoute(path="/me/fields", audience=MEMBER, post=hide),
)
