"""What of a merchant's places and people is exported: never a PIN."""

from ringmain.kit.db.exporting import ExportTable

EXPORT_TABLES: tuple[ExportTable, ...] = (
    ExportTable(
        "shops",
        "merchant",
        ("id", "name", "category", "latitude", "longitude", "time_zone", "hours", "opened_at"),
        """
        SELECT id, name, category, latitude, longitude, time_zone, hours::text, opened_at FROM shop
        WHERE network_id = %(network)s AND merchant_id = %(part)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
    ),
    ExportTable(
        "staff",
        "merchant",
        ("id", "shop_id", "name", "role", "joined_at", "left_at"),
        """
        SELECT id, shop_id, name, role, joined_at, left_at FROM staff
        WHERE network_id = %(network)s AND merchant_id = %(part)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
    ),
    ExportTable(
        "terminals",
        "merchant",
        ("id", "shop_id", "name", "made_at", "paired_at", "revoked_at"),
        """
        SELECT id, shop_id, name, made_at, paired_at, revoked_at FROM terminal
        WHERE network_id = %(network)s AND merchant_id = %(part)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
        """,
    ),
)
