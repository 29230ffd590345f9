"""The vouchers and members of a bench by their numbers: the ids that bench.voucher_id() and its like make in SQL."""

import hashlib
from uuid import UUID

from ringmain.voucher.api import Code

_FIRST_MILLISECOND = 1_750_000_000_000
_FIRST_MEMBER_MILLISECOND = 1_700_000_000_000
_PER_MILLISECOND = 1_000


def voucher_id(number: int) -> UUID:
    """Return the id of a voucher, as the SQL function bench.voucher_id() does."""
    return _scattered(_FIRST_MILLISECOND, number, str(number))


def member_id(number: int) -> UUID:
    """Return the id of a member, as the SQL function bench.member_id() does."""
    return _scattered(_FIRST_MEMBER_MILLISECOND, number, f"member {number}")


def subject_id(number: int) -> UUID:
    """Return the subject of a member, as the SQL function bench.subject_id() does."""
    return UUID(hashlib.md5(f"subject {number}".encode(), usedforsecurity=False).hexdigest())


def _scattered(first_millisecond: int, number: int, text: str) -> UUID:
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    milliseconds = first_millisecond + number // _PER_MILLISECOND
    return UUID(f"{milliseconds:012x}7{digest[:3]}8{digest[3:18]}")


def voucher_secret(number: int) -> bytes:
    """Return the secret of a voucher, as the SQL function bench.voucher_secret() does."""
    return hashlib.md5(f"secret {number}".encode(), usedforsecurity=False).digest()


def code_text(number: int) -> str:
    """Return what a till scans."""
    return Code(voucher_id(number), voucher_secret(number)).text()
