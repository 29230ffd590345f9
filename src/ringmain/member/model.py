"""What a member is: identifiers, consents, merges and rotating codes as frozen data and pure decisions."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum
from uuid import UUID

from msgspec import Struct

from ringmain.member.errors import IdentifierInvalid, MemberCodeInvalid, NameInvalid

# ------------------------------------------------------------------------------------------------------- identifiers


class IdentifierKind(IntEnum):
    """How a person can be found; the numbers are stored."""

    PHONE = 1
    CARD_TOKEN = 2
    WECHAT = 3
    ALIPAY = 4
    TAG = 5

    @property
    def word(self) -> str:
        """The kind as the API writes it."""
        return self.name.lower()


# Visible ASCII without quotes, backslash and angle brackets: what payment providers use for tokens and payer ids.
_TOKEN = re.compile(r"[!#-;=?-\[\]-~]{4,200}")
_NAME_LENGTH = 100
# Of a shorter token its last four letters would be too much of it.
_SHORTEST_SHOWN = 8


class Identifier(Struct, frozen=True):
    """One value by which a person is found, already in its normal form (a phone in E.164)."""

    kind: IdentifierKind
    value: str


def token_identifier(kind: IdentifierKind, value: str) -> Identifier:
    """Return a token as an identifier. Raises `IdentifierInvalid`, also for phones: those are no tokens."""
    value = value.strip()
    if kind is IdentifierKind.PHONE or not _TOKEN.fullmatch(value):
        raise IdentifierInvalid(kind=kind.word)
    return Identifier(kind, value)


def clean_name(name: str) -> str:
    """Return a name without outer space. Raises `NameInvalid` (empty, too long, control letters)."""
    name = " ".join(name.split())
    if not 0 < len(name) <= _NAME_LENGTH or not name.isprintable():
        raise NameInvalid
    return name


def mask_phone(e164: str) -> str:
    """Return a phone of which a till may show its owner the end: `+********8000`."""
    return "+" + "*" * (len(e164) - 5) + e164[-4:]


def mask_token(token: str) -> str:
    """Return the end of a token, enough to tell one card from another on a list."""
    return "*" * min(8, len(token) - 4) + token[-4:] if len(token) > _SHORTEST_SHOWN else "*" * len(token)


def initial(name: str) -> str:
    """Return the first letter of a name, all that a till shows of it."""
    return name[:1].upper()


# ---------------------------------------------------------------------------------------------------------- consents


class Purpose(StrEnum):
    """What a person may agree to."""

    PERSONALISATION = "personalisation"
    MARKETING = "marketing"
    SHARE_WITH_MERCHANT = "share_with_merchant"
    PHOTO_AT_TILL = "photo_at_till"


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One answer of one person: appended, never changed."""

    id: UUID
    member_id: UUID
    purpose: str
    recipient_merchant_id: UUID | None
    granted: bool
    text_version: str
    language: str
    place: str
    shop_id: UUID | None
    recorded_by: UUID
    recorded_at: datetime


def in_force(records: Iterable[ConsentRecord]) -> list[ConsentRecord]:
    """Return the last answer per purpose and recipient; of two at one moment a withdrawal wins, then the later id."""
    last: dict[tuple[str, UUID | None], ConsentRecord] = {}
    for record in sorted(records, key=lambda record: (record.recorded_at, not record.granted, record.id)):
        last[record.purpose, record.recipient_merchant_id] = record
    return list(last.values())


# ------------------------------------------------------------------------------------------------------------ merges


@dataclass(frozen=True, slots=True)
class Merge:
    """One member merged into another, in force unless it was reversed."""

    id: UUID
    from_id: UUID
    into_id: UUID
    merged_at: datetime
    reversed_at: datetime | None


def canonical_members(members: Iterable[UUID], merges: Iterable[tuple[UUID, UUID]]) -> dict[UUID, UUID]:
    """Return who stands for each member, given the merges (from, into) in force; those form trees."""
    parents = dict(merges)
    roots: dict[UUID, UUID] = {}
    for member in members:
        root = member
        while root in parents:
            root = parents[root]
        roots[member] = root
    return roots


def subject_aliases(canonical: Mapping[UUID, UUID], subjects: Mapping[UUID, UUID]) -> dict[UUID, UUID]:
    """Return subject -> subject that stands for it, of those members who do not stand for themselves."""
    return {subjects[member]: subjects[root] for member, root in canonical.items() if member != root}


# ---------------------------------------------------------------------------------------------------- rotating codes

CODE_STEP = timedelta(seconds=30)
_CODE_PREFIX = "RM1"
_STEP_BYTES = 4
_TAG_BYTES = 16
_CODE_BYTES = 16 + _STEP_BYTES + _TAG_BYTES
_CODE_LETTERS = -(-_CODE_BYTES * 8 // 5)


@dataclass(frozen=True, slots=True)
class RotatingCode:
    """What a scanned member code says: an opaque id, the 30-second step it was made in, and the proof."""

    code_id: UUID
    step: int
    tag: bytes


def step_of(at: datetime) -> int:
    """Return the number of whole 30-second steps since 1970."""
    return int(at.timestamp()) // int(CODE_STEP.total_seconds())


def step_ends(step: int) -> datetime:
    """Return when the code of a step is replaced by the next."""
    return datetime.fromtimestamp((step + 1) * CODE_STEP.total_seconds(), tz=UTC)


def make_code(seed: bytes, code_id: UUID, step: int) -> str:
    """Return the code of a step: RM1 and 58 letters of base32, which QR codes and scanners that type carry well."""
    raw = code_id.bytes + step.to_bytes(_STEP_BYTES) + _tag(seed, code_id, step)
    return _CODE_PREFIX + base64.b32encode(raw).decode().rstrip("=")


def read_code(text: str) -> RotatingCode:
    """Return what a code says, unproven. Raises `MemberCodeInvalid` where it is no member code."""
    text = text.strip().upper()
    body = text.removeprefix(_CODE_PREFIX)
    if body == text or len(body) != _CODE_LETTERS:
        raise MemberCodeInvalid
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except (binascii.Error, ValueError):
        raise MemberCodeInvalid from None
    return RotatingCode(UUID(bytes=raw[:16]), int.from_bytes(raw[16:-_TAG_BYTES]), raw[-_TAG_BYTES:])


def code_is_genuine(seed: bytes, code: RotatingCode) -> bool:
    """Say whether the member's seed made this code; the comparison takes the same time for every wrong tag."""
    return hmac.compare_digest(code.tag, _tag(seed, code.code_id, code.step))


def code_is_current(code: RotatingCode, now: datetime) -> bool:
    """Say whether the code is of this step, the one before or the one after: clocks of phones differ."""
    return abs(code.step - step_of(now)) <= 1


def _tag(seed: bytes, code_id: UUID, step: int) -> bytes:
    return hmac.digest(seed, code_id.bytes + step.to_bytes(_STEP_BYTES), hashlib.sha256)[:_TAG_BYTES]
