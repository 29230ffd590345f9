"""The vouchers of a bench by their numbers: the ids, secrets and codes that bench.voucher_id() makes in SQL."""

import hashlib
from uuid import UUID

from ringmain.voucher.api import Code

_FIRST_MILLISECOND = 1_750_000_000_000
_PER_MILLISECOND = 1_000


def voucher_id(number: int) -> UUID:
    """Return the id of a voucher, as the SQL function bench.voucher_id() does."""
    digest = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
    milliseconds = _FIRST_MILLISECOND + number // _PER_MILLISECOND
    return UUID(f"{milliseconds:012x}7{digest[:3]}8{digest[3:18]}")


def voucher_secret(number: int) -> bytes:
    """Return the secret of a voucher, as the SQL function bench.voucher_secret() does."""
    return hashlib.md5(f"secret {number}".encode(), usedforsecurity=False).digest()


def code_text(number: int) -> str:
    """Return what a till scans."""
    return Code(voucher_id(number), voucher_secret(number)).text()
