"""The requests and answers about what people give of themselves and ask of their data, as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from ringmain.kit.http import Change, Page, Request
from ringmain.member import api
from ringmain.member.http.shapes import Language, MemberName, PlaceWord, TextVersion

RequestKindWord = Literal["export", "erase", "correct", "object"]
Picture = Annotated[
    bytes, Meta(min_length=1, max_length=api.LARGEST_PHOTO_BYTES, description="JPEG, PNG or WebP, in base64.")
]
Words = Annotated[str, Meta(min_length=1, max_length=api.MOST_WORDS)]


class PhotoConsent(Request, frozen=True):
    """The person's yes to `photo_at_till`, in which words."""

    text_version: TextVersion
    language: Language


class PutPhoto(Request, frozen=True):
    """A photo of a person. `place` "page": the person gave it themselves; else their consent is needed."""

    image: Picture
    consent: PhotoConsent | None = None
    place: PlaceWord | None = None


class PhotoKept(Struct, frozen=True):
    """Whose photo it is, and whether tills show it."""

    member_id: UUID
    shown_at_tills: bool


class ChangeMember(Change, frozen=True, omit_defaults=True):
    """What to change of what a person said of themselves; null takes it away."""

    name: MemberName | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET


class ChoiceOffered(Struct, frozen=True):
    """One answer that a question offers."""

    value: str
    words: str


class QuestionShown(Struct, frozen=True):
    """A question, with the use that is made of its answer."""

    question: str
    words: str
    use: str
    choices: list[ChoiceOffered]


class AnswerShown(Struct, frozen=True):
    """What a person answered; null: they would rather not say."""

    question: str
    value: str | None
    answered_at: datetime


class AnswersShown(Struct, frozen=True):
    """All answers of a person, and the question to ask next: one at a time."""

    answers: list[AnswerShown]
    next: QuestionShown | None


class GiveAnswer(Request, frozen=True):
    """What a person answers; null: they would rather not say, and are not asked again."""

    value: Annotated[str, Meta(max_length=40)] | None


class AnswerKept(Struct, frozen=True):
    """Which question was answered, and when; the answer itself is sealed with the person's key."""

    question: str
    answered_at: datetime


class MakeRequest(Request, frozen=True):
    """What a person asks of their data; `words` say what is to be corrected or objected to."""

    kind: RequestKindWord
    words: Words | None = None
    place: PlaceWord | None = None


class RequestMade(Struct, frozen=True):
    """A request with its clock; copies and erasures are carried out at once."""

    id: UUID
    member_id: UUID
    kind: str
    made_at: datetime
    due_at: datetime
    days_left: int | None
    outcome: str | None
    answered_at: datetime | None


class RequestShown(RequestMade, frozen=True):
    """A request with its words, as long as its member is known."""

    words: str | None
    answer: str | None


class Requests(Page, frozen=True):
    """Which requests to list."""

    answered: Annotated[bool, Meta(description="Those that were answered, newest first; else those that wait.")] = False


class AnswerRequest(Request, frozen=True):
    """What became of a request; a refusal needs words."""

    outcome: Literal["done", "refused"]
    words: Words | None = None


def question_shown(question: api.Question) -> QuestionShown:
    """Translate a question."""
    choices = [ChoiceOffered(one.value, one.words) for one in question.choices]
    return QuestionShown(question.key, question.words, question.use, choices)


def answer_shown(given: api.GivenAnswer) -> AnswerShown:
    """Translate an answer."""
    return AnswerShown(given.question, given.value, given.answered_at)


def request_made(one: api.PrivacyRequest) -> RequestMade:
    """Translate a request without its words, which may not be kept with an idempotency key."""
    return RequestMade(
        one.id, one.member_id, one.kind, one.made_at, one.due_at, one.days_left, one.outcome, one.answered_at
    )


def request_shown(one: api.PrivacyRequest) -> RequestShown:
    """Translate a request."""
    return RequestShown(
        id=one.id,
        member_id=one.member_id,
        kind=one.kind,
        made_at=one.made_at,
        due_at=one.due_at,
        days_left=one.days_left,
        outcome=one.outcome,
        answered_at=one.answered_at,
        words=one.words,
        answer=one.answer,
    )
