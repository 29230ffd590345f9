"""What the lake keeps of vouchers: grants, redemptions, reversals."""

from ringmain.kit.lake import LakeTable

_GRANT = """
    SELECT v.id::text AS voucher_id, v.offer_id::text, v.subject_id::text, o.funder_id::text,
           o.creator_merchant_id::text AS creator_id, v.sender_shop_id::text, v.origin_kind, v.origin_id::text,
           v.face_minor, o.currency, v.granted_at, v.valid_from, v.valid_until,
           ARRAY(SELECT jsonb_array_elements_text(o.terms -> 'shop_ids')) AS redeem_shop_ids
    FROM voucher v JOIN offer o ON o.network_id = v.network_id AND o.id = v.offer_id
    WHERE v.network_id = %(network)s AND v.id = ANY(%(ids)s)
"""
_REDEMPTION = """
    SELECT r.id::text AS redemption_id, r.voucher_id::text, r.sale_id::text, r.subject_id::text, r.shop_id::text,
           r.merchant_id::text, r.amount_minor, r.currency, r.redeemed_at
    FROM redemption r WHERE r.network_id = %(network)s AND r.id = ANY(%(ids)s)
"""
_REVERSAL = """
    SELECT v.id::text AS reversal_id, v.redemption_id::text, v.voucher_id::text, v.amount_minor, v.reversed_at
    FROM reversal v WHERE v.network_id = %(network)s AND v.id = ANY(%(ids)s)
"""

LAKE_TABLES = (
    LakeTable(
        kind="grant",
        columns={
            "voucher_id": "string",
            "offer_id": "string",
            "subject_id": "string",
            "funder_id": "string",
            "creator_id": "string",
            "sender_shop_id": "string",
            "origin_kind": "string",
            "origin_id": "string",
            "face_minor": "int64",
            "currency": "string",
            "granted_at": "timestamp",
            "valid_from": "timestamp",
            "valid_until": "timestamp",
            # Empty: at every shop of the network.
            "redeem_shop_ids": "strings",
        },
        query=_GRANT,
        day_column="granted_at",
    ),
    LakeTable(
        kind="redemption",
        columns={
            "redemption_id": "string",
            "voucher_id": "string",
            "sale_id": "string",
            "subject_id": "string",
            "shop_id": "string",
            "merchant_id": "string",
            "amount_minor": "int64",
            "currency": "string",
            "redeemed_at": "timestamp",
        },
        query=_REDEMPTION,
        day_column="redeemed_at",
    ),
    LakeTable(
        kind="reversal",
        columns={
            "reversal_id": "string",
            "redemption_id": "string",
            "voucher_id": "string",
            "amount_minor": "int64",
            "reversed_at": "timestamp",
        },
        query=_REVERSAL,
        day_column="reversed_at",
    ),
)
