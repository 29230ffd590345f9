"""What of a merchant's offers and vouchers is exported: neither codes nor who holds them."""

from ringmain.kit.db.exporting import ExportTable

EXPORT_TABLES: tuple[ExportTable, ...] = (
    ExportTable(
        "offers",
        "merchant",
        ("id", "funder_id", "name", "kind", "currency", "cost_minor", "stock", "paused", "created_at", "terms"),
        """
        SELECT id, funder_id, name, kind, currency, cost_minor, stock, paused, created_at, terms::text FROM offer
        WHERE network_id = %(network)s AND creator_merchant_id = %(part)s AND id > %(after)s
        ORDER BY id LIMIT %(limit)s
        """,
    ),
    ExportTable(
        "vouchers",
        "offer",
        (
            "id",
            "offer_id",
            "sender_shop_id",
            "state",
            "face_minor",
            "remaining_minor",
            "held_minor",
            "uses",
            "granted_at",
            "valid_from",
            "valid_until",
        ),
        """
        SELECT id, offer_id, sender_shop_id, coalesce(closed, CASE WHEN uses > 0 THEN 'partly_spent' ELSE 'open' END),
               face_minor, remaining_minor, held_minor, uses, granted_at, valid_from, valid_until FROM voucher
        WHERE network_id = %(network)s AND offer_id = %(part)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
    ),
    ExportTable(
        "redemptions",
        "merchant",
        (
            "id",
            "voucher_id",
            "sale_id",
            "shop_id",
            "terminal_id",
            "amount_minor",
            "fee_minor",
            "released_minor",
            "currency",
            "redeemed_at",
        ),
        """
        SELECT id, voucher_id, sale_id, shop_id, terminal_id, amount_minor, fee_minor, released_minor, currency,
               redeemed_at
        FROM redemption
        WHERE network_id = %(network)s AND merchant_id = %(part)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
    ),
    # A reversal is found by its redemption, which is found by the merchant. The page is one of redemptions.
    ExportTable(
        "reversals",
        "merchant",
        ("redemption_id", "id", "voucher_id", "amount_minor", "revived", "reason", "reversed_at"),
        """
        SELECT r.id, u.id, u.voucher_id, u.amount_minor, u.revived, u.reason, u.reversed_at
        FROM redemption r JOIN reversal u ON u.network_id = r.network_id AND u.redemption_id = r.id
        WHERE r.network_id = %(network)s AND r.merchant_id = %(part)s AND r.id > %(after)s
        ORDER BY r.id LIMIT %(limit)s
        """,
    ),
)
