"""A sale as the receipt of its buyer, and the token by which a printed code opens it."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.network import api as network
from ringmain.sale.errors import SaleNotFound
from ringmain.sale.model import Line, Tender
from ringmain.sale.store import buyers as store
from ringmain.voucher import api as voucher

_TAG_BYTES = 16
_TOKEN_BYTES = 16 + 16 + _TAG_BYTES
_TOKEN_LETTERS = 64


@dataclass(frozen=True, slots=True)
class Receipt:
    """One sale with its lines, vouchers and what was saved; who bought is not part of it.

    `to_pay_minor` is the total less what vouchers took off, `refunded_minor` what was given back of it.
    """

    sale_id: UUID
    merchant_id: UUID
    merchant_name: str
    shop_id: UUID
    shop_name: str
    time_zone: str
    receipt: str | None
    sold_at: datetime
    minimal: bool
    total_minor: int
    saved_minor: int
    to_pay_minor: int
    refunded_minor: int
    currency: str
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    vouchers: tuple[voucher.SaleUse, ...]


def receipt_token(keyring: Keyring, network_id: UUID, sale_id: UUID) -> str:
    """Return the 64 letters by which whoever holds the paper reads the receipt: 128 bits that nobody can guess."""
    tag = _tag(keyring, network_id, sale_id, keyring.newest)
    return base64.urlsafe_b64encode(network_id.bytes + sale_id.bytes + tag).decode()


def read_receipt_token(keyring: Keyring, token: str) -> tuple[UUID, UUID] | None:
    """Return network and sale of a token that we made, under any version of the master key; None for all others."""
    if len(token) != _TOKEN_LETTERS:
        return None
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    network_id, sale_id, tag = UUID(bytes=raw[:16]), UUID(bytes=raw[16:32]), raw[32:_TOKEN_BYTES]
    # Every version is tried, so that the time tells nothing.
    matches = [hmac.compare_digest(tag, _tag(keyring, network_id, sale_id, one)) for one in keyring.versions]
    return (network_id, sale_id) if any(matches) else None


async def receipt_of(uow: UnitOfWork, sale_id: UUID) -> Receipt:
    """Return the receipt of a sale; the caller has made sure that whoever asks may see it. Raises `SaleNotFound`."""
    row = await store.bought(uow, sale_id)
    if row is None:
        raise SaleNotFound
    uses = await voucher.uses_of_sales(uow, [sale_id])
    lines = await store.lines_of(uow, [sale_id])
    (shop,) = await network.shops(uow, [row.shop_id])
    (merchant,) = await network.merchants(uow, [row.merchant_id])
    saved = sum(use.amount_minor for use in uses if not use.reversed)
    return Receipt(
        sale_id=row.id,
        merchant_id=row.merchant_id,
        merchant_name=merchant.legal_name,
        shop_id=row.shop_id,
        shop_name=shop.name,
        time_zone=shop.time_zone,
        receipt=row.receipt,
        sold_at=row.sold_at,
        minimal=row.minimal,
        total_minor=row.total_minor,
        saved_minor=saved,
        to_pay_minor=row.total_minor - saved,
        refunded_minor=row.refunded_minor,
        currency=row.currency,
        lines=tuple(Line(one.product, one.quantity, one.amount_minor, one.category) for one in lines),
        tenders=tenders_of(row.tenders),
        vouchers=tuple(uses),
    )


def tenders_of(stored: Any) -> tuple[Tender, ...]:
    """Return the ways in which a sale was paid, from what its row holds."""
    return tuple(Tender(one["kind"], one["amount_minor"]) for one in stored or ())


def _tag(keyring: Keyring, network_id: UUID, sale_id: UUID, version: int) -> bytes:
    key = keyring.derived("receipt", version=version)
    return hmac.digest(key, network_id.bytes + sale_id.bytes, hashlib.sha256)[:_TAG_BYTES]
