"""What a merchant has set up: one question of whether there is any of each."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork


@dataclass(frozen=True, slots=True)
class SetUpRow:
    """Which steps are done."""

    shop_with_hours: bool
    terminal_paired: bool
    staff_with_pin: bool
    money: bool
    offer: bool
    poster: bool
    voucher_won: bool
    voucher_redeemed: bool


# Nobody is added to the staff without a PIN. An offer that another pays for needs no money of the merchant's own.
_SET_UP = """
    WITH own AS (
        SELECT id, funder_id FROM offer WHERE network_id = %(network)s AND creator_merchant_id = %(merchant)s
    )
    SELECT
        EXISTS (SELECT FROM shop WHERE network_id = %(network)s AND merchant_id = %(merchant)s
                AND hours IS NOT NULL) AS shop_with_hours,
        EXISTS (SELECT FROM terminal WHERE network_id = %(network)s AND merchant_id = %(merchant)s
                AND paired_at IS NOT NULL AND revoked_at IS NULL) AS terminal_paired,
        EXISTS (SELECT FROM staff WHERE network_id = %(network)s AND merchant_id = %(merchant)s
                AND left_at IS NULL) AS staff_with_pin,
        EXISTS (SELECT FROM deposit WHERE network_id = %(network)s AND merchant_id = %(merchant)s)
            OR EXISTS (SELECT FROM ledger_guard WHERE network_id = %(network)s AND account_id = %(purse)s
                       AND available_minor + credit_limit_minor > 0)
            OR EXISTS (SELECT FROM own WHERE funder_id <> %(merchant)s) AS money,
        EXISTS (SELECT FROM own) AS offer,
        EXISTS (SELECT FROM scene c JOIN shop h ON h.network_id = c.network_id AND h.id = c.shop_id
                WHERE h.network_id = %(network)s AND h.merchant_id = %(merchant)s AND c.retired_at IS NULL) AS poster,
        EXISTS (SELECT FROM own o JOIN voucher v ON v.network_id = %(network)s AND v.offer_id = o.id) AS voucher_won,
        EXISTS (SELECT FROM redemption WHERE network_id = %(network)s AND merchant_id = %(merchant)s)
            AS voucher_redeemed
"""


async def set_up(uow: UnitOfWork, merchant_id: UUID, purse_id: UUID) -> SetUpRow:
    """Return which steps a merchant has done."""
    params = {"network": uow.network_id, "merchant": merchant_id, "purse": purse_id}
    row = await uow.row(SetUpRow, _SET_UP, params)
    assert row is not None
    return row
