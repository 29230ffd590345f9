"""Privacy: what a person agrees to, a copy of everything, erasure in two steps, and requests with their clocks."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.audiences import ANYBODY, MEMBER
from ringmain.entry.web.me.texts import OUTCOMES, PURPOSES, REQUESTS, TEXT_VERSION, language_of
from ringmain.entry.web.styles import local_path
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import NotFound
from ringmain.kit.pages import PageRoute, Visit, end_sessions_of
from ringmain.match import api as match
from ringmain.member import api as member
from ringmain.member.errors import WordsNeeded
from ringmain.need import api as need
from ringmain.network import api as network
from ringmain.profile import api as profile
from ringmain.segment import api as segment

_COPY_WAITS = timedelta(hours=1)
_ASKED = (member.RequestKind.CORRECT, member.RequestKind.OBJECT)
_SWITCHED = (member.Purpose.PERSONALISATION, member.Purpose.MARKETING, member.Purpose.PHOTO_AT_TILL)


@dataclass(frozen=True, slots=True)
class _Consent:
    """One thing that a person may agree to, as it stands; `since` None: they were never asked."""

    purpose: str
    title: str
    text: str
    granted: bool
    since: str | None
    merchant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Request:
    """One request in words."""

    title: str
    made: str
    state: str
    overdue: bool
    words: str | None
    answer: str | None


async def show(visit: Visit) -> Response:
    """Show consents, copy, erasure and requests."""
    return await _page(visit)


async def _page(visit: Visit, error: str = "") -> Response:
    async with visit.unit() as uow:
        zone = (await network.network_of(uow)).time_zone
        in_force, history = await member.consents(uow, visit.holder_id)
        visits = await profile.visits(uow, visit.holder_id, limit=50)
        met = {one.recipient_merchant_id for one in in_force if one.recipient_merchant_id is not None}
        met |= {one.merchant_id for one in visits}
        names = {one.id: one.legal_name for one in await network.merchants(uow, sorted(met))}
        requests = await member.requests_of(uow, visit.site.keyring, visit.holder_id)
        now = await uow.now()
    speech = visit.speech
    last = {(one.purpose, one.recipient_merchant_id): one for one in in_force}
    copy = next((one for one in requests if one.kind == "export" and one.made_at > now - _COPY_WAITS), None)
    return visit.page(
        "me/privacy.html",
        422 if error else 200,
        switched=[_consent(visit, purpose, last.get((purpose.value, None)), zone) for purpose in _SWITCHED],
        shared=[
            _consent(
                visit,
                member.Purpose.SHARE_WITH_MERCHANT,
                last.get((member.Purpose.SHARE_WITH_MERCHANT.value, id_)),
                zone,
                (id_, name),
            )
            for id_, name in sorted(names.items(), key=lambda item: item[1])
        ],
        history=[
            (
                _title(visit, one.purpose, names.get(one.recipient_merchant_id or UUID(int=0))),
                one.granted,
                speech.moment(one.recorded_at, zone),
                one.text_version,
            )
            for one in reversed(history)
        ],
        copy=copy,
        requests=[_request(visit, one, zone) for one in requests],
        kinds=[(kind.value, speech.text(REQUESTS[kind])) for kind in _ASKED],
        most_words=member.MOST_WORDS,
        error=error,
        words=visit.form.text("words") if error else "",
        kind=visit.form.text("kind") if error else "",
    )


def _title(visit: Visit, purpose: str, merchant: str | None) -> str:
    return merchant or visit.speech.text(PURPOSES[member.Purpose(purpose)].title)


def _consent(
    visit: Visit,
    purpose: member.Purpose,
    record: member.ConsentRecord | None,
    zone: str,
    merchant: tuple[UUID, str] | None = None,
) -> _Consent:
    return _Consent(
        purpose=purpose.value,
        title=_title(visit, purpose.value, merchant[1] if merchant else None),
        text=visit.speech.text(PURPOSES[purpose].text),
        granted=record is not None and record.granted,
        since=None if record is None else visit.speech.day(record.recorded_at, zone),
        merchant_id=merchant[0] if merchant else None,
    )


def _request(visit: Visit, one: member.PrivacyRequest, zone: str) -> _Request:
    speech = visit.speech
    if one.days_left is None:
        state = speech.text(OUTCOMES[one.outcome or "done"])
        if one.answered_at is not None:
            state = speech.text("%(outcome)s on %(day)s", outcome=state, day=speech.day(one.answered_at, zone))
    elif one.days_left < 0:
        state = speech.text("Overdue since %(day)s", day=speech.day(one.due_at, zone))
    else:
        state = speech.texts(
            "%(num)s day left, until %(day)s",
            "%(num)s days left, until %(day)s",
            one.days_left,
            day=speech.day(one.due_at, zone),
        )
    return _Request(
        title=speech.text(REQUESTS[member.RequestKind(one.kind)]),
        made=speech.day(one.made_at, zone),
        state=state,
        overdue=one.days_left is not None and one.days_left < 0,
        words=one.words,
        answer=one.answer,
    )


def _place(visit: Visit) -> member.Place:
    return member.Place("page", visit.holder_id)


async def consent(visit: Visit) -> Response:
    """Record one yes or no."""
    merchant_id, granted = visit.form.id("merchant"), visit.form.text("granted") == "yes"
    try:
        purpose = member.Purpose(visit.form.text("purpose"))
    except ValueError:
        raise NotFound from None
    answer = member.Answer(purpose, granted, TEXT_VERSION, language_of(visit.speech), merchant_id)

    async def act(uow: UnitOfWork) -> bool:
        await member.record_consents(uow, visit.holder_id, [answer], _place(visit))
        return True

    await visit.once("page: answer to a consent", act, bool)
    return visit.go(local_path(visit.form.text("next"), "/me/privacy"))


async def make_copy(visit: Visit) -> Response:
    """Record the wish for a copy; the copy itself can be downloaded for an hour."""

    async def act(uow: UnitOfWork) -> bool:
        await member.make_request(uow, visit.site.keyring, visit.holder_id, member.RequestKind.EXPORT, _place(visit))
        return True

    await visit.once("page: ask for my copy", act, bool)
    return visit.go("/me/privacy#copy")


async def download(visit: Visit) -> Response:
    """Give the copy that was asked for within the last hour."""
    async with visit.unit() as uow:
        asked = await member.requests_of(uow, visit.site.keyring, visit.holder_id)
        since = await uow.now() - _COPY_WAITS
        if not any(one.kind == "export" and one.made_at > since for one in asked):
            return visit.go("/me/privacy#copy")
        copy = await profile.own_copy(uow, visit.site.keyring, visit.holder_id)
        (known,) = await member.subjects(uow, [visit.holder_id])
        # What is expected of a person, their groups, and what they never want to see are known above the rest.
        expected = await need.own_needs(uow, known.subject_ids) if known is not None else []
        blocked = await match.blocks(uow, known.subject_ids) if known is not None else []
        above = {
            "needs": expected,
            "tribe": await segment.copied(uow, visit.holder_id),
            "segments": await segment.copied_segments(uow, visit.holder_id),
            "blocks": blocked,
            "service_plans": await campaign.copied_plans(uow, known) if known is not None else [],
            "benefits_given": await campaign.copied_benefits(uow, known) if known is not None else [],
        }
    data = msgspec.json.format(msgspec.json.encode({**msgspec.to_builtins(copy), **above}), indent=2)
    return visit.file(data, "application/json", f"my-data-{copy.copied_at:%Y-%m-%d}.json")


async def ask(visit: Visit) -> Response:
    """Take a request that people answer."""
    words = visit.form.text("words")
    try:
        kind = member.RequestKind(visit.form.text("kind"))
    except ValueError:
        raise NotFound from None
    if kind not in _ASKED:
        raise NotFound

    async def act(uow: UnitOfWork) -> bool:
        await member.make_request(uow, visit.site.keyring, visit.holder_id, kind, _place(visit), words)
        return True

    try:
        await visit.once("page: make a request", act, bool)
    except WordsNeeded as error:
        return await _page(visit, visit.speech.next_step(error))
    return visit.go("/me/privacy#requests")


async def before_erasure(visit: Visit) -> Response:
    """Say what goes and what stays, and ask once more."""
    return visit.page("me/erase.html", error="")


async def erase(visit: Visit) -> Response:
    """Erase the person, end all their sessions, and let this browser go."""
    if not visit.form.ticked("sure"):
        return visit.page("me/erase.html", 422, error=visit.speech.text("Tick the box: there is no way back."))

    async def act(uow: UnitOfWork) -> bool:
        await member.make_request(uow, visit.site.keyring, visit.holder_id, member.RequestKind.ERASE, _place(visit))
        await end_sessions_of(uow, "phone", visit.holder_id)
        return True

    await visit.once("page: erase me", act, bool)
    await visit.sign_out()
    return visit.go("/me/gone")


async def gone(visit: Visit) -> Response:
    """Say that it is done."""
    return visit.page("me/gone.html")


PAGES: tuple[PageRoute, ...] = (
    PageRoute(path="/me/privacy", audience=MEMBER, get=show),
    PageRoute(path="/me/privacy/consents", audience=MEMBER, post=consent),
    PageRoute(path="/me/privacy/copy", audience=MEMBER, post=make_copy),
    PageRoute(path="/me/privacy/copy.json", audience=MEMBER, get=download),
    PageRoute(path="/me/privacy/requests", audience=MEMBER, post=ask),
    PageRoute(path="/me/privacy/erase", audience=MEMBER, get=before_erasure, post=erase),
    PageRoute(path="/me/gone", audience=ANYBODY, get=gone),
)
