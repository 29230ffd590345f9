"""What the lake keeps of sales."""

from ringmain.kit.lake import LakeTable

_SALE = """
    SELECT s.id::text AS sale_id, s.subject_id::text, s.merchant_id::text, s.shop_id::text, s.sold_at, s.total_minor,
           s.currency, s.redeemed_minor
    FROM sale s WHERE s.network_id = %(network)s AND s.id = ANY(%(ids)s)
"""
_SALE_LINE = """
    SELECT l.sale_id::text, l.line_no::bigint, l.product, l.category, l.quantity, l.amount_minor, s.sold_at
    FROM sale s JOIN sale_line l ON l.network_id = s.network_id AND l.sale_id = s.id
    WHERE s.network_id = %(network)s AND s.id = ANY(%(ids)s) AND l.network_id = %(network)s AND l.sale_id = ANY(%(ids)s)
"""

_SALE_CHANGE = """
    SELECT c.id::text AS change_id, c.sale_id::text, c.kind, c.amount_minor, c.changed_at
    FROM sale_change c WHERE c.network_id = %(network)s AND c.id = ANY(%(ids)s)
"""

LAKE_TABLES = (
    LakeTable(
        kind="sale",
        columns={
            "sale_id": "string",
            "subject_id": "string",
            "merchant_id": "string",
            "shop_id": "string",
            "sold_at": "timestamp",
            "total_minor": "int64",
            "currency": "string",
            "redeemed_minor": "int64",
        },
        query=_SALE,
        day_column="sold_at",
    ),
    LakeTable(
        kind="sale_line",
        columns={
            "sale_id": "string",
            "line_no": "int64",
            "product": "string",
            "category": "string",
            "quantity": "int64",
            "amount_minor": "int64",
        },
        query=_SALE_LINE,
        day_column="sold_at",
        announced_as=("sale",),
        per_id=False,
    ),
    LakeTable(
        kind="sale_change",
        columns={
            "change_id": "string",
            "sale_id": "string",
            "kind": "string",
            "amount_minor": "int64",
            "changed_at": "timestamp",
        },
        query=_SALE_CHANGE,
        day_column="changed_at",
    ),
)
