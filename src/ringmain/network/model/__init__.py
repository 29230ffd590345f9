"""Networks, merchants, shops, staff, terminals and keys as plain data, with opening hours and the form of tokens."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from functools import cache
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

KeyRole = Literal["operator", "merchant", "terminal", "analyst"]
StaffRole = Literal["owner", "manager", "cashier"]
# Seven days, Monday first; each a tuple of (opens, closes) in minutes since local midnight. A shop that closes after
# midnight has `closes` beyond 1,440.
Hours = tuple[tuple[tuple[int, int], ...], ...]

DAY_MINUTES = 1_440
PAIRING_MINUTES = 10
PIN_TRIES = 5
PIN_LOCK = timedelta(minutes=15)
LONGEST_OVERLAP_SECONDS = 7 * 24 * 3_600

# Without 0, 1, I, L, O: nobody mistakes one character for another when reading a code from one screen to another.
PAIRING_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
PAIRING_LENGTH = 6
_ROLE_LETTERS: dict[str, KeyRole] = {"o": "operator", "m": "merchant", "t": "terminal", "a": "analyst"}
_KEY_ID_CHARACTERS = 22
_TOKEN_CHARACTERS = 71


class MerchantAccount(IntEnum):
    """What a ledger account is for. Holder: a merchant, the network itself, or a member's subject (POINTS)."""

    AVAILABLE = 1  # What its holder can spend on vouchers; guarded.
    HELD = 2  # Set aside for vouchers that are out.
    PAYABLE = 3  # Owed to its holder for redeemed vouchers.
    FEES = 4  # The network's income.
    CASH = 5  # Money outside.
    POINTS = 6  # A member's points.
    SETTLED = 7  # Paid out.


class NetworkTransfer(IntEnum):
    """Why money moves by this slice."""

    DEPOSIT = 1
    TOP_UP = 2  # What a merchant is owed becomes what it can spend.


@dataclass(frozen=True, slots=True)
class Network:
    """The tenant: merchants that share members and vouchers, in one currency."""

    id: UUID
    name: str
    currency: str
    time_zone: str
    opened_at: datetime
    simulated: bool = False  # Lives in a replayed or simulated time, not in the present.


@dataclass(frozen=True, slots=True)
class Merchant:
    """A legal entity with accounts in the ledger."""

    id: UUID
    legal_name: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class NewMerchant:
    """A merchant to open; the id may be given by imports and replays. The credit limit lets it fund on account."""

    legal_name: str
    id: UUID | None = None
    credit_limit_minor: int = 0


@dataclass(frozen=True, slots=True)
class Shop:
    """A place of a merchant. `hours` is None where nobody said when it is open."""

    id: UUID
    merchant_id: UUID
    name: str
    category: str
    latitude: float
    longitude: float
    time_zone: str
    hours: Hours | None
    opened_at: datetime

    def is_open(self, at: datetime) -> bool:
        """Say whether the shop is open at a UTC time, by its own clock; a shop without stated hours counts as open."""
        if self.hours is None:
            return True
        local = at.astimezone(ZoneInfo(self.time_zone))
        minute = local.hour * 60 + local.minute
        today, yesterday = self.hours[local.weekday()], self.hours[local.weekday() - 1]
        return any(opens <= minute < closes for opens, closes in today) or any(
            minute + DAY_MINUTES < closes for _, closes in yesterday
        )


@dataclass(frozen=True, slots=True)
class NewShop:
    """A shop to open; the id may be given by imports and replays."""

    merchant_id: UUID
    name: str
    category: str
    latitude: float
    longitude: float
    time_zone: str
    hours: Hours | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who works for a merchant, in one shop or in all."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID | None
    name: str
    role: StaffRole
    joined_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True)
class Terminal:
    """A till: paired once with a code that a person reads from the console."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    name: str
    made_at: datetime
    paired_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is shown: never with its secret."""

    id: UUID
    role: KeyRole
    principal_id: UUID
    merchant_id: UUID | None
    shop_id: UUID | None
    terminal_id: UUID | None
    name: str
    version: int
    old_valid_until: datetime | None
    made_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Token:
    """The parts of an API key as a client sends it: `rm_<role letter>_<key id, 22>_<secret, 43>`."""

    role: KeyRole
    key_id: UUID
    secret: bytes

    def text(self) -> str:
        """Return the token as the client sends it."""
        letter = next(letter for letter, role in _ROLE_LETTERS.items() if role == self.role)
        return f"rm_{letter}_{_base64(self.key_id.bytes)}_{_base64(self.secret)}"

    def hashed(self) -> bytes:
        """Return the SHA-256 of the secret, which is what the database knows."""
        return hashlib.sha256(self.secret).digest()


def token_of(text: str) -> Token | None:
    """Return the parts of a token, or None where it has another form."""
    if len(text) != _TOKEN_CHARACTERS or not text.startswith("rm_") or text[4] != "_":
        return None
    role = _ROLE_LETTERS.get(text[3])
    end = 5 + _KEY_ID_CHARACTERS
    if role is None or text[end] != "_":
        return None
    try:
        key_id = base64.b64decode(text[5:end] + "==", altchars=b"-_", validate=True)
        secret = base64.b64decode(text[end + 1 :] + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return Token(role, UUID(bytes=key_id), secret)


def matches(token: Token, secret_hash: bytes, old_secret_hash: bytes | None, *, old_is_valid: bool) -> bool:
    """Say whether a token's secret is the present one, or the one before while that is still valid."""
    given = token.hashed()
    present = hmac.compare_digest(given, secret_hash)
    former = old_secret_hash is not None and hmac.compare_digest(given, old_secret_hash)
    return present or (former and old_is_valid)


def pairing_code(seed: bytes) -> str:
    """Return the six characters that 32 random bytes stand for: one of 887,503,681 codes."""
    number = int.from_bytes(seed)
    code = ""
    for _ in range(PAIRING_LENGTH):
        number, place = divmod(number, len(PAIRING_ALPHABET))
        code += PAIRING_ALPHABET[place]
    return code


@cache
def known_time_zone(name: str) -> bool:
    """Say whether a name is one of the IANA time zone database."""
    return name in available_timezones()


def network_accounts() -> tuple[MerchantAccount, ...]:
    """Return the accounts that a network holds itself: for outside money, income, and vouchers it pays for."""
    return (MerchantAccount.CASH, MerchantAccount.FEES, *merchant_accounts())


def merchant_accounts() -> tuple[MerchantAccount, ...]:
    """Return the accounts that every merchant holds."""
    return (MerchantAccount.AVAILABLE, MerchantAccount.HELD, MerchantAccount.PAYABLE)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
