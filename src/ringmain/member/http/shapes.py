"""The requests and answers about people, as JSON."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from ringmain.kit.http import Request
from ringmain.member.model import ConsentRecord
from ringmain.member.show import Shown

Kind = Literal["phone", "card_token", "wechat", "alipay", "tag"]
PaymentKind = Literal["card_token", "wechat", "alipay"]
Language = Literal["en", "zh"]
PurposeWord = Literal["personalisation", "marketing", "share_with_merchant", "photo_at_till"]
PlaceWord = Literal["till", "page", "paper", "operator"]

Phone = Annotated[str, Meta(min_length=3, max_length=40, description="E.164, or as dialled in `region`.")]
Region = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z", description="ISO 3166, for a phone without +.")]
Value = Annotated[str, Meta(min_length=1, max_length=200, description="Never the number on a card: its token.")]
Digits = Annotated[str, Meta(pattern=r"^[0-9]{6}\Z", description="The six digits that were sent.")]
MemberName = Annotated[str, Meta(min_length=1, max_length=100)]
TextVersion = Annotated[str, Meta(min_length=1, max_length=50, description="Which text the person agreed to.")]


class AskForCode(Request, frozen=True):
    """Send a one-time code to a phone."""

    phone: Phone
    region: Region | None = None


class OpenChallenge(Struct, frozen=True):
    """A question that waits for its answer."""

    challenge_id: UUID
    expires_at: datetime


class DevelopmentCode(Struct, frozen=True):
    """A code that was not sent, because this installation is in development mode."""

    challenge_id: UUID
    code: str


class ConsentGiven(Request, frozen=True):
    """One answer of a person to one purpose."""

    purpose: PurposeWord
    granted: bool
    text_version: TextVersion
    language: Language
    recipient_merchant_id: UUID | None = None


class JoinNetwork(Request, frozen=True):
    """Become a member by the code that was sent to a phone."""

    challenge_id: UUID
    code: Digits
    name: MemberName | None = None
    language: Language | None = None
    consents: Annotated[list[ConsentGiven], Meta(max_length=20)] = msgspec.field(default_factory=list)
    shop_id: UUID | None = None


class MemberJoined(Struct, frozen=True):
    """Who the person is; `new` is false where the phone was a member's already."""

    member_id: UUID
    new: bool


class LookUpMember(Request, frozen=True):
    """Find a member by what they show or say; `code` is the rotating code of their page, which stays unused."""

    kind: Literal["phone", "card_token", "wechat", "alipay", "tag", "code"]
    value: Value
    region: Region | None = None


class MemberGlimpse(Struct, frozen=True):
    """What a till shows, so that cashier and member know they mean the same person."""

    member_id: UUID
    initial: str | None
    masked_phone: str | None


class MemberFound(Struct, frozen=True):
    """The member, or null where nobody is known by this."""

    member: MemberGlimpse | None


class IdentifierShown(Struct, frozen=True):
    """An identifier; its value is masked."""

    id: UUID
    kind: str
    value: str
    attached_at: datetime
    verified_at: datetime | None


class ConsentShown(Struct, frozen=True):
    """One answer of a person, with its words, place and time."""

    id: UUID
    purpose: str
    recipient_merchant_id: UUID | None
    granted: bool
    text_version: str
    language: str
    place: str
    shop_id: UUID | None
    recorded_at: datetime


class MergeShown(Struct, frozen=True):
    """One member merged into another."""

    id: UUID
    from_member_id: UUID
    into_member_id: UUID
    merged_at: datetime


class MemberShown(Struct, frozen=True):
    """The record of a person. A merchant sees name, phone and the consent to share with it, nothing else."""

    member_id: UUID
    merged_member_ids: list[UUID]
    joined_at: datetime
    name: str | None
    language: str | None
    identifiers: list[IdentifierShown]
    consents: list[ConsentShown]
    merges: list[MergeShown]


class MemberExport(Struct, frozen=True):
    """A person's own copy: nothing masked, every consent that was ever given or withdrawn."""

    format: Literal["ringmain-member/1"]
    exported_at: datetime
    member: MemberShown
    consent_history: list[ConsentShown]
    answers: dict[str, str | None]
    photo_jpeg: bytes | None


class AttachIdentifier(Request, frozen=True):
    """A token with its `value`, or a phone with the `challenge_id` and `code` that prove it."""

    kind: Kind
    value: Value | None = None
    challenge_id: UUID | None = None
    code: Digits | None = None


class MemberNamed(Struct, frozen=True):
    """Which member this was about."""

    member_id: UUID


class RecordConsents(Request, frozen=True):
    """Answers of a person, and where they were given."""

    consents: Annotated[list[ConsentGiven], Meta(min_length=1, max_length=20)]
    place: PlaceWord | None = None
    shop_id: UUID | None = None


class ConsentsRecorded(Struct, frozen=True):
    """The records that were added."""

    consent_ids: list[UUID]


class ConsentsShown(Struct, frozen=True):
    """What holds now, and every answer that led to it, the oldest first."""

    in_force: list[ConsentShown]
    history: list[ConsentShown]


class MergeMembers(Request, frozen=True):
    """Two members who are one person."""

    from_member_id: UUID
    into_member_id: UUID


class MembersMerged(Struct, frozen=True):
    """The merge, and the member that stands for each side."""

    merge_id: UUID
    from_member_id: UUID
    into_member_id: UUID


class MembersErased(Struct, frozen=True):
    """The members that were erased: the person's and those merged into it."""

    member_ids: list[UUID]


class PaymentToken(Request, frozen=True):
    """What somebody paid with: the provider's token for their card or wallet."""

    kind: PaymentKind
    value: Value


class RecognisePayment(Request, frozen=True):
    """Ask who pays with these."""

    tokens: Annotated[list[PaymentToken], Meta(min_length=1, max_length=5)]


class PaymentRecognised(Struct, frozen=True):
    """The member, or else the challenge under which the till asks for a phone."""

    member_id: UUID | None
    ask_for_phone: OpenChallenge | None


class GivePhone(Request, frozen=True):
    """The phone of whoever paid."""

    phone: Phone
    region: Region | None = None


class PhoneAnswered(Struct, frozen=True):
    """The new member, or else the challenge whose code the owner of the phone has to tell (join with it)."""

    member_id: UUID | None
    confirm_by_code: OpenChallenge | None


class RotatingCodeShown(Struct, frozen=True):
    """The code of this moment, to be shown as a QR code, and when to fetch the next."""

    code: str
    replaced_at: datetime


def member_shown(shown: Shown) -> MemberShown:
    """Translate the record of a person."""
    return MemberShown(
        member_id=shown.member_id,
        merged_member_ids=shown.merged_member_ids,
        joined_at=shown.joined_at,
        name=shown.name,
        language=shown.language,
        identifiers=[
            IdentifierShown(one.id, one.kind, one.value, one.attached_at, one.verified_at) for one in shown.identifiers
        ],
        consents=[consent_shown(record) for record in shown.consents],
        merges=[MergeShown(one.id, one.from_id, one.into_id, one.merged_at) for one in shown.merges],
    )


def consent_shown(record: ConsentRecord) -> ConsentShown:
    """Translate a consent record; who typed it in stays inside."""
    return ConsentShown(
        id=record.id,
        purpose=record.purpose,
        recipient_merchant_id=record.recipient_merchant_id,
        granted=record.granted,
        text_version=record.text_version,
        language=record.language,
        place=record.place,
        shop_id=record.shop_id,
        recorded_at=record.recorded_at,
    )
