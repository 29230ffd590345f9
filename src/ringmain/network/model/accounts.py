"""People who sign in to the consoles as plain data: roles, what a password must be, how tries are counted."""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

AccountRole = Literal["operator", "owner", "manager"]
SignInMethod = Literal["password", "code", "recovery_code", "passkey", "organisation", "invitation"]

# The kind of the page sessions in which accounts are signed in (`kit.pages`).
SESSION_KIND = "account"
INVITATION_LIFE = timedelta(hours=72)
PASSWORD_LENGTH = 12
# Argon2 reads any length; this keeps a request from making it read megabytes.
PASSWORD_LONGEST = 256
RECOVERY_CODES = 10
RECOVERY_LENGTH = 10
# Without 0, 1, I, L, O, as codes for pairing: 31 characters, ten of them are 49 bits.
RECOVERY_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
TOTP_STEP_SECONDS = 30
_EMAIL_LONGEST = 254
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}@[^\s@<>()\[\],;:\\\"]{1,253}")
_FEWEST_CHARACTERS = 5
_SIGNS = str.maketrans("@$0!", "asoi")
_SHORTEST_WORD = 4
_ROWS = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb")
# What people choose where twelve characters are asked for: long forms of the passwords at the top of leaked lists.
_COMMON = (
    "password", "iloveyou", "iloveu", "woaini", "admin",
    "administrator", "welcome", "letmein", "changeme", "secret", "monkey", "dragon", "football", "baseball",
    "sunshine", "princess", "superman", "batman", "starwars", "michael", "jennifer", "trustno1", "whatever", "master",
    "hello", "login", "access", "shadow", "ninja", "mustang", "freedom", "computer", "internet", "samsung", "google",
    "ringmain", "summer", "winter", "spring", "autumn", "january", "december", "qwerty", "azerty", "qwertz", "asdfgh",
    "zxcvbn", "1q2w3e4r5t6y", "1q2w3e4r", "q1w2e3r4", "a1b2c3", "abc123", "aa123456", "default", "guest",
    "correcthorsebatterystaple",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A person to let in: operators for the whole network, owners and managers for one merchant."""

    email: str = field(repr=False)
    name: str = field(repr=False)
    role: AccountRole
    merchant_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in; name and e-mail are sealed (`accounts.name_of`, `accounts.email_of` open them)."""

    network_id: UUID
    id: UUID
    role: AccountRole
    merchant_id: UUID | None
    master_version: int
    wrapped: bytes = field(repr=False)
    name_sealed: bytes = field(repr=False)
    email_sealed: bytes = field(repr=False)
    made_at: datetime
    disabled_at: datetime | None
    sessions_from: datetime
    signed_in_at: datetime | None
    password_set_at: datetime | None
    totp_since: datetime | None
    passkeys: int

    def lets_in(self, signed_in_at: datetime) -> bool:
        """Say whether a sign-in may open a session: nobody disabled, reset or gave a new password to the account since.

        Between a sign-in and its session there is a moment in which that may happen.
        """
        return self.disabled_at is None and self.sessions_from <= signed_in_at

    @property
    def second_factor_missing(self) -> bool:
        """Whether this person should be asked to add a second factor: operators and owners without one."""
        return self.role in ("operator", "owner") and self.totp_since is None and self.passkeys == 0


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that lets somebody set a password once; its token is derived from these (`invitations.token_of`)."""

    account: Account
    version: int
    master_version: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey of an account."""

    id: UUID
    account_id: UUID
    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str
    added_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who signed in, and how. `device` is what the browser keeps, so that a lock by strangers does not meet it."""

    network_id: UUID
    account_id: UUID
    role: AccountRole
    merchant_id: UUID | None
    method: SignInMethod
    second_factor_missing: bool
    at: datetime
    device: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password was right, and a second factor is asked for; the ticket stands for the person until then."""

    ticket: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """How many tries are taken before a lock, and how the lock grows from one to the next, in which bounds."""

    free: int
    first_lock: timedelta
    longest_lock: timedelta
    forget_after: timedelta = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tries:
    """How often somebody tried, and until when no more tries are taken."""

    tries: int = 0
    last_at: datetime | None = None
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Say whether no try is taken now."""
        return self.locked_until is not None and self.locked_until > now

    def one_more(self, patience: Patience, now: datetime) -> "Tries":
        """Return how it stands after one more try: from the last free one on, each is followed by a longer lock."""
        forgotten = self.last_at is None or self.last_at + patience.forget_after < now
        tries = 1 if forgotten else self.tries + 1
        beyond = tries - patience.free
        if beyond < 0:
            return Tries(tries, now, None)
        # Beyond 16 doublings the lock is the longest one anyway.
        lock = min(patience.first_lock * 2 ** min(beyond, 16), patience.longest_lock)
        return Tries(tries, now, now + lock)


# One browser or address that tries one e-mail; all that try it; one address that tries many; a browser that this
# person signed in with before; the codes that follow a right password.
PAIR_PATIENCE = Patience(5, timedelta(minutes=1), timedelta(minutes=15))
ACCOUNT_PATIENCE = Patience(20, timedelta(minutes=1), timedelta(minutes=15))
ADDRESS_PATIENCE = Patience(50, timedelta(minutes=1), timedelta(hours=1))
DEVICE_PATIENCE = Patience(10, timedelta(minutes=1), timedelta(minutes=15))
CODE_PATIENCE = Patience(5, timedelta(minutes=1), timedelta(hours=1))


def normal_email(text: str) -> str | None:
    """Return an e-mail address as it is compared (NFKC, lower case), or None where it is none."""
    email = unicodedata.normalize("NFKC", text).strip().lower()
    return email if len(email) <= _EMAIL_LONGEST and _EMAIL.fullmatch(email) else None


def normal_password(text: str) -> str:
    """Return a password in one Unicode form, so that it is the same from every keyboard (NIST SP 800-63B, 5.1.1.2)."""
    return unicodedata.normalize("NFKC", text)


def normal_recovery_code(text: str) -> str:
    """Return a recovery code as it is compared: upper case, without spaces and hyphens."""
    return "".join(text.upper().split()).replace("-", "")


def weakness(password: str, email: str, name: str) -> str | None:
    """Return why a password is refused (`too_short`, `too_long`, `personal`, `common`), or None where it is not.

    There are no rules on which kinds of characters it has: they make passwords that people write down.
    """
    text = normal_password(password)
    if len(text) < PASSWORD_LENGTH:
        return "too_short"
    if len(text) > PASSWORD_LONGEST:
        return "too_long"
    plain = re.sub(r"[\W_]", "", text.lower())
    for word in _personal_words(email, name):
        if word in plain and len(plain) - len(word) < PASSWORD_LENGTH - _SHORTEST_WORD:
            return "personal"
    # Signs that stand for letters (`p@ssw0rd`) hide no word from anybody.
    spelt = re.sub(r"[\W_]", "", text.lower().translate(_SIGNS))
    return "common" if _is_common(plain) or _is_common(spelt) else None


def _personal_words(email: str, name: str) -> list[str]:
    local, _, domain = email.lower().partition("@")
    texts = [local, domain.partition(".")[0], name.lower(), *re.split(r"[\W_]+", local), *name.lower().split()]
    words = {re.sub(r"[\W_]", "", text) for text in texts}
    return sorted((word for word in words if len(word) >= _SHORTEST_WORD), key=len, reverse=True)


def _is_common(plain: str) -> bool:
    """Say whether little is left once common words, keys in a row and repetitions are taken away."""
    if len(set(plain)) < _FEWEST_CHARACTERS or _repeats(plain):
        return True
    rest = plain
    for word in _COMMON:
        rest = rest.replace(word, "")
    rest = _without_rows(rest)
    return len(re.sub(r"\d", "", rest)) < _SHORTEST_WORD and len(rest) < len(plain)


def _repeats(text: str) -> bool:
    """Say whether a text is a short piece over and over (`abcdabcdabcd`)."""
    return any(text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, len(text) // 2 + 1))


def _without_rows(text: str) -> str:
    """Return the text without runs of at least four keys in a row, forwards or backwards."""
    for row in (*_ROWS, *(row[::-1] for row in _ROWS)):
        for size in range(len(row), _SHORTEST_WORD - 1, -1):
            for start in range(len(row) - size + 1):
                text = text.replace(row[start : start + size], "")
    return text
