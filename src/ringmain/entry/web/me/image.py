"""My image: what the network knows of a person and why, what they told it, and how they correct it."""

from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from ringmain.entry.web.audiences import MEMBER
from ringmain.entry.web.me.texts import FIELDS, IDENTIFIERS, VALUES, language_of
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.kit.pure.ids import time_of
from ringmain.match.api import usual_name
from ringmain.member import api as member
from ringmain.member.errors import NameInvalid
from ringmain.network import api as network
from ringmain.profile import api as profile
from ringmain.sale import api as sale
from ringmain.segment import api as segment


@dataclass(frozen=True, slots=True)
class _Value:
    """One thing that is known, on how many of the facts it rests, and the visits that say so: day and receipt."""

    words: str
    evidence: str
    visits: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Card:
    """One field of the image in words."""

    key: str
    label: str
    values: tuple[_Value, ...]
    rests_on: str
    hidden: bool


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
    given = list(found.answers)
    cards = [_card(visit, one, found, zone) for one in found.fields if one.known]
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
        identifiers=[(_words(visit.speech, IDENTIFIERS, one.kind), one.value) for one in found.person.identifiers],
        fewest=profile.FEWEST_FACTS,
        name_error=name_error,
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


def _card(visit: Visit, fact: profile.FieldFact, image: profile.Image, zone: str) -> _Card:
    assert fact.newest_at is not None
    speech = visit.speech
    newest = speech.day(fact.newest_at, zone)
    is_kind = fact.field == profile.Field.FAVOURITE_CATEGORIES
    if fact.amount_minor is not None and fact.currency is not None:
        values: tuple[_Value, ...] = (_Value(speech.money(fact.amount_minor, fact.currency), "", ()),)
    else:
        values = tuple(
            _Value(
                _words(speech, VALUES, usual_name(one.words, speech.language) if is_kind else one.words),
                speech.text("%(count)s of %(all)s", count=speech.number(one.count), all=speech.number(fact.facts)),
                tuple(_evidence(visit, sale_id, zone) for sale_id in one.sale_ids),
            )
            for one in fact.values
        )
    return _Card(
        key=fact.field.value,
        label=speech.text(FIELDS[fact.field]),
        values=values,
        rests_on=speech.texts(
            "Counted from %(num)s visit; the newest is of %(day)s.",
            "Counted from %(num)s visits; the newest is of %(day)s.",
            fact.facts,
            day=newest,
        ),
        hidden=fact.field.value in image.hidden,
    )


def _evidence(visit: Visit, sale_id: UUID, zone: str) -> tuple[str, str]:
    """Return the day of a sale, which its id carries, and the address of its receipt."""
    token = sale.receipt_token(visit.site.keyring, visit.network_id, sale_id)
    return visit.speech.day(time_of(sale_id), zone), f"/receipts/{token}"


def _told(speech: Speech, given: member.GivenAnswer) -> _Told:
    question = member.question_of(given.question)
    words = {choice.value: choice.words for choice in question.choices}
    answer = words.get(given.value, given.value) if given.value else None
    said = speech.text(answer) if answer else speech.text("I would rather not say")
    return _Told(question.key, speech.text(question.words), said, speech.text(question.use))


def _words(speech: Speech, texts: dict[str, str], key: str) -> str:
    """Return the words for a key, or the key where a till or a merchant made it up."""
    return speech.text(texts[key]) if key in texts else key[:1].upper() + key[1:]


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
