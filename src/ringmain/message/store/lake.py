"""What the lake keeps of messages: subjects, words and times, never what was said or to which address."""

from ringmain.kit.lake import LakeTable

_MESSAGES = """
    SELECT id::text AS message_id, subject_id::text, channel, purpose, template, language, reason,
           reference_id::text, merchant_id::text, made_at, due_at
    FROM message WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""
_DELIVERIES = """
    SELECT id::text AS delivery_id, message_id::text, state, reason, happened_at
    FROM message_delivery WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""

LAKE_TABLES = (
    LakeTable(
        kind="message",
        columns={
            "message_id": "string",
            "subject_id": "string",
            "channel": "string",
            "purpose": "string",
            "template": "string",
            "language": "string",
            "reason": "string",
            "reference_id": "string",
            "merchant_id": "string",
            "made_at": "timestamp",
            "due_at": "timestamp",
        },
        query=_MESSAGES,
        day_column="made_at",
    ),
    LakeTable(
        kind="message_delivery",
        columns={
            "delivery_id": "string",
            "message_id": "string",
            "state": "string",
            "reason": "string",
            "happened_at": "timestamp",
        },
        query=_DELIVERIES,
        day_column="happened_at",
    ),
)
