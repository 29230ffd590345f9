"""What of a merchant's sales is exported."""

from ringmain.kit.db.exporting import ExportTable

EXPORT_TABLES: tuple[ExportTable, ...] = (
    # Guests are told apart by a name that is made for this merchant alone: two merchants' files cannot be joined.
    ExportTable(
        "sales",
        "shop",
        (
            "id",
            "shop_id",
            "terminal_id",
            "guest",
            "receipt",
            "total_minor",
            "redeemed_minor",
            "currency",
            "tenders",
            "minimal",
            "sold_at",
        ),
        """
        SELECT id, shop_id, terminal_id,
               left(encode(sha256(convert_to(merchant_id::text || subject_id::text, 'UTF8')), 'hex'), 24),
               receipt, total_minor, redeemed_minor, currency, tenders::text, minimal, sold_at
        FROM sale
        WHERE network_id = %(network)s AND shop_id = %(part)s AND merchant_id = %(merchant)s AND id > %(after)s
        ORDER BY id LIMIT %(limit)s
        """,
    ),
)
