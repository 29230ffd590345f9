"""Twelve digits stand for a voucher at one shop and for five minutes, and nobody guesses them for long."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.voucher import codes, errors, expire, typed
from tests.voucher.ring import NOW, Ring

KEYRING = Keyring({1: b"k" * 32})
TILL = UUID(int=40)


async def _code(ring: Ring) -> codes.Code:
    granted = await ring.grant(await ring.publish())
    secret = await ring.value("SELECT secret FROM voucher WHERE id = %s", granted.voucher_id)
    return codes.Code(granted.voucher_id, secret)


async def _make(ring: Ring, code: codes.Code, keyring: Keyring = KEYRING) -> str:
    async with ring.unit() as uow:
        made = await typed.make(uow, keyring, code, ring.cafe_shop)
    assert made.expires_at == NOW + timedelta(minutes=5)
    return made.digits


async def _resolve(
    ring: Ring,
    digits: str,
    at: datetime = NOW,
    *,
    shop: UUID | None = None,
    keyring: Keyring = KEYRING,
    by: UUID = TILL,
) -> Any:
    async with ring.unit(at) as uow:
        answer = await typed.resolve(uow, keyring, by, shop or ring.cafe_shop, digits)
    return answer.code if isinstance(answer, RuleBroken) else answer


async def test_digits_stand_for_the_voucher_at_one_shop(ring: Ring) -> None:
    """The till gets the code as if it had been scanned; another shop, other digits and a later time learn nothing."""
    code = await _code(ring)
    digits = await _make(ring, code)
    assert len(digits) == 12
    assert digits.isdigit()
    assert await _resolve(ring, digits) == code
    assert await _resolve(ring, digits, NOW + timedelta(minutes=4, seconds=59)) == code
    unknown = "typed_code_unknown"
    assert await _resolve(ring, digits, NOW + timedelta(minutes=5)) == unknown
    assert await _resolve(ring, digits, shop=ring.bakery_shop) == unknown
    assert await _resolve(ring, f"{(int(digits) + 1) % 10**12:012d}") == unknown


async def test_digits_are_kept_as_a_keyed_hash(ring: Ring) -> None:
    """The database knows no digits, another key does not find them, and a rotated keyring still does."""
    code = await _code(ring)
    digits = await _make(ring, code)
    row = await ring.value("SELECT t::text FROM typed_code t")
    assert digits not in row
    assert await _resolve(ring, digits, keyring=Keyring({1: b"x" * 32})) == "typed_code_unknown"
    assert await _resolve(ring, digits, keyring=Keyring({1: b"k" * 32, 2: b"n" * 32})) == code


async def test_a_wrong_code_gets_no_digits(ring: Ring) -> None:
    """Whoever does not have the voucher's secret gets nothing."""
    code = await _code(ring)
    for wrong in (codes.Code(code.voucher_id, bytes(16)), codes.Code(uuid7(NOW), code.secret)):
        with pytest.raises(errors.VoucherNotFound):
            await _make(ring, wrong)
    assert await ring.value("SELECT count(*) FROM typed_code") == 0


async def test_a_terminal_guesses_twenty_times_an_hour(ring: Ring) -> None:
    """After too many wrong digits, even the right ones are refused, to this terminal and until the hour is over."""
    code = await _code(ring)
    digits = await _make(ring, code)
    wrong = [f"{(int(digits) + place) % 10**12:012d}" for place in range(1, 31)]
    got = await asyncio.gather(*(_resolve(ring, one) for one in wrong))
    assert sorted(got) == ["too_many_wrong_codes"] * 10 + ["typed_code_unknown"] * 20
    assert await _resolve(ring, digits) == "too_many_wrong_codes"
    assert await _resolve(ring, digits, by=UUID(int=41)) == code
    assert await _resolve(ring, wrong[0], NOW + timedelta(hours=1)) == "typed_code_unknown"


async def test_digits_in_use_are_not_given_twice(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Digits that stand for another voucher are not reused before their time is over, and the sweep clears them."""
    first, second = await _code(ring), await _code(ring)
    numbers = iter([7, 7, 8])
    monkeypatch.setattr("ringmain.voucher.typed.secrets.randbelow", lambda _: next(numbers))
    assert await _make(ring, first) == "000000000007"
    assert await _make(ring, second) == "000000000008"
    assert await _resolve(ring, "000000000007") == first
    await expire.sweep(ring.database, ring.network_id, now=NOW + timedelta(minutes=5))
    assert await ring.value("SELECT count(*) FROM typed_code") == 0
