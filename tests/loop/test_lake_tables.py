"""What the slices declare for the lake agrees with their tables: real rows arrive with every column."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from ringmain.kit.db import Database
from ringmain.kit.follow import catch_up
from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.export import Exporter
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7
from ringmain.loop.api import LAKE_TABLES

TABLES = LAKE_TABLES
AT = datetime(2017, 3, 1, 12, 30, 15, 123_000, tzinfo=UTC)
ANN, SHOP, MERCHANT = uuid4(), uuid4(), uuid4()
SALE, VOUCHER, OFFER, REDEMPTION, REVERSAL, TOUCH = (uuid7(AT) for _ in range(6))
SCENE, TERMINAL, CAMPAIGN = uuid4(), uuid4(), uuid4()
CHANGE, DISPUTE, OPPORTUNITY, MEETING, PLAN, TRIBE, BENEFIT = (uuid7(AT) for _ in range(7))
BEN, INVITATION, REFERRAL, REWARD = (uuid7(AT) for _ in range(4))

# Rows as the slices write them, by table and in the order of their references.
ROWS: list[tuple[str, dict[str, Any]]] = [
    (
        "sale",
        {
            "id": SALE,
            "merchant_id": MERCHANT,
            "shop_id": SHOP,
            "subject_id": ANN,
            "minimal": False,
            "total_minor": 1_250,
            "redeemed_minor": 200,
            "currency": "USD",
            "sold_at": AT,
        },
    ),
    *[
        (
            "sale_line",
            {
                "sale_id": SALE,
                "line_no": number,
                "product": f"p{number}",
                "category": None,
                "quantity": 1_500,
                "amount_minor": 625,
            },
        )
        for number in (1, 2)
    ],
    (
        "offer",
        {
            "id": OFFER,
            "creator_merchant_id": MERCHANT,
            "funder_id": MERCHANT,
            "name": "Two off",
            "currency": "USD",
            "kind": "cash",
            "terms": json.dumps({"shop_ids": [str(SHOP)]}),
            "cost_minor": 200,
            "created_at": AT,
        },
    ),
    (
        "voucher",
        {
            "id": VOUCHER,
            "offer_id": OFFER,
            "secret": bytes(16),
            "subject_id": ANN,
            "sender_shop_id": SHOP,
            "origin_kind": "sale",
            "origin_id": SALE,
            "face_minor": 200,
            "remaining_minor": 0,
            "held_minor": 0,
            "granted_at": AT,
            "valid_from": AT,
            "valid_until": AT + timedelta(14),
        },
    ),
    (
        "redemption",
        {
            "id": REDEMPTION,
            "voucher_id": VOUCHER,
            "sequence": 1,
            "sale_id": SALE,
            "merchant_id": MERCHANT,
            "shop_id": SHOP,
            "subject_id": ANN,
            "amount_minor": 200,
            "fee_minor": 0,
            "currency": "USD",
            "redeemed_at": AT,
        },
    ),
    (
        "reversal",
        {
            "id": REVERSAL,
            "redemption_id": REDEMPTION,
            "voucher_id": VOUCHER,
            "sequence": 2,
            "merchant_id": MERCHANT,
            "amount_minor": 200,
            "revived": True,
            "reason": "mistake",
            "reversed_at": AT + timedelta(1),
        },
    ),
    ("touch", {"id": TOUCH, "scene_id": SCENE, "shop_id": SHOP, "subject_id": ANN, "touched_at": AT}),
    ("subject_alias", {"subject_id": ANN, "canonical_subject_id": MERCHANT}),
    (
        "sale_change",
        {
            "id": CHANGE,
            "sale_id": SALE,
            "merchant_id": MERCHANT,
            "kind": "refund",
            "amount_minor": 300,
            "detail": "{}",
            "changed_at": AT,
        },
    ),
    (
        "sale_dispute",
        {"id": DISPUTE, "sale_id": SALE, "merchant_id": MERCHANT, "subject_id": ANN, "not_me": True, "said_at": AT},
    ),
    (
        "campaign_opportunity",
        {
            "id": OPPORTUNITY,
            "campaign_id": CAMPAIGN,
            "subject_id": ANN,
            "treated": True,
            "area": "",
            "turn": 0,
            "shop_id": SHOP,
            "happened_at": AT,
        },
    ),
    (
        "service_plan_met",
        {
            "id": MEETING,
            "plan_id": PLAN,
            "version": 2,
            "tribe_id": TRIBE,
            "scene": "poster",
            "subject_id": ANN,
            "treated": False,
            "met_at": AT,
        },
    ),
    (
        "benefit_given",
        {
            "id": BENEFIT,
            "plan_id": PLAN,
            "version": 2,
            "benefit": 1,
            "subject_id": ANN,
            "shop_id": SHOP,
            "terminal_id": MERCHANT,
            "day": AT.date(),
            "given_at": AT,
        },
    ),
    (
        "campaign_breach",
        {"id": VOUCHER, "campaign_id": CAMPAIGN, "subject_id": ANN, "happened_at": AT},
    ),
    ("invitation", {"scene_id": INVITATION, "subject_id": ANN, "kind": "link", "made_at": AT}),
    (
        "referral",
        {"id": REFERRAL, "scene_id": INVITATION, "sharer_id": ANN, "friend_id": BEN, "joined_at": AT},
    ),
    (
        "referral_reward",
        {"id": REWARD, "referral_id": REFERRAL, "sale_id": SALE, "voucher_id": VOUCHER, "rewarded_at": AT},
    ),
]
FACTS = {
    "sale": SALE,
    "grant": VOUCHER,
    "redemption": REDEMPTION,
    "reversal": REVERSAL,
    "touch": TOUCH,
    "member_merged": ANN,
    "sale_change": CHANGE,
    "sale_disputed": DISPUTE,
    "campaign_opportunity": OPPORTUNITY,
    "service_met": MEETING,
    "benefit_given": BENEFIT,
    "campaign_breach": VOUCHER,
    "invitation": INVITATION,
    "referral": REFERRAL,
    "referral_reward": REWARD,
}
EXPECTED: dict[str, dict[str, Any]] = {
    "sale": {
        "sale_id": str(SALE),
        "subject_id": str(ANN),
        "merchant_id": str(MERCHANT),
        "shop_id": str(SHOP),
        "sold_at": AT,
        "total_minor": 1_250,
        "currency": "USD",
        "redeemed_minor": 200,
    },
    "sale_line": {
        "sale_id": str(SALE),
        "line_no": 1,
        "product": "p1",
        "category": None,
        "quantity": 1_500,
        "amount_minor": 625,
    },
    "grant": {
        "voucher_id": str(VOUCHER),
        "offer_id": str(OFFER),
        "subject_id": str(ANN),
        "funder_id": str(MERCHANT),
        "creator_id": str(MERCHANT),
        "sender_shop_id": str(SHOP),
        "origin_kind": "sale",
        "origin_id": str(SALE),
        "face_minor": 200,
        "currency": "USD",
        "granted_at": AT,
        "valid_from": AT,
        "valid_until": AT + timedelta(14),
        "redeem_shop_ids": [str(SHOP)],
    },
    "redemption": {
        "redemption_id": str(REDEMPTION),
        "voucher_id": str(VOUCHER),
        "sale_id": str(SALE),
        "subject_id": str(ANN),
        "shop_id": str(SHOP),
        "merchant_id": str(MERCHANT),
        "amount_minor": 200,
        "currency": "USD",
        "redeemed_at": AT,
    },
    "reversal": {
        "reversal_id": str(REVERSAL),
        "redemption_id": str(REDEMPTION),
        "voucher_id": str(VOUCHER),
        "amount_minor": 200,
        "reversed_at": AT + timedelta(1),
    },
    "touch": {
        "touch_id": str(TOUCH),
        "scene_id": str(SCENE),
        "shop_id": str(SHOP),
        "subject_id": str(ANN),
        "touched_at": AT,
    },
    "subject_alias": {"subject_id": str(ANN), "canonical_subject_id": str(MERCHANT)},
    "sale_change": {
        "change_id": str(CHANGE),
        "sale_id": str(SALE),
        "kind": "refund",
        "amount_minor": 300,
        "changed_at": AT,
    },
    "sale_dispute": {"dispute_id": str(DISPUTE), "sale_id": str(SALE), "not_me": True, "said_at": AT},
    "campaign_opportunity": {
        "opportunity_id": str(OPPORTUNITY),
        "campaign_id": str(CAMPAIGN),
        "subject_id": str(ANN),
        "treated": True,
        "area": "",
        "turn": 0,
        "shop_id": str(SHOP),
        "happened_at": AT,
    },
    "service_met": {
        "meeting_id": str(MEETING),
        "plan_id": str(PLAN),
        "version": 2,
        "tribe_id": str(TRIBE),
        "scene": "poster",
        "subject_id": str(ANN),
        "treated": False,
        "met_at": AT,
    },
    "benefit_given": {
        "given_id": str(BENEFIT),
        "plan_id": str(PLAN),
        "version": 2,
        "benefit": 1,
        "subject_id": str(ANN),
        "shop_id": str(SHOP),
        "given_at": AT,
    },
    "campaign_breach": {
        "breach_id": str(VOUCHER),
        "campaign_id": str(CAMPAIGN),
        "subject_id": str(ANN),
        "happened_at": AT,
    },
    "invitation": {"invitation_id": str(INVITATION), "subject_id": str(ANN), "kind": "link", "made_at": AT},
    "referral": {
        "referral_id": str(REFERRAL),
        "invitation_id": str(INVITATION),
        "subject_id": str(ANN),
        "friend_id": str(BEN),
        "refused": None,
        "joined_at": AT,
    },
    "referral_reward": {
        "reward_id": str(REWARD),
        "referral_id": str(REFERRAL),
        "subject_id": str(ANN),
        "sale_id": str(SALE),
        "voucher_id": str(VOUCHER),
        "rewarded_at": AT,
    },
}


def plant(urls: Urls, network_id: UUID) -> None:
    """Write the rows without asking whether the shops and merchants exist: the lake does not ask either."""
    with psycopg.connect(urls.migration_url) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        for table, row in ROWS:
            columns: Mapping[str, Any] = {"network_id": network_id, **row}
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, columns)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
                ),
                list(columns.values()),
            )


@pytest.fixture
async def database(database_urls: Urls) -> AsyncIterator[Database]:
    """Give the application's door to this worker's database."""
    async with Database(database_urls.application_url, connections=2) as opened:
        yield opened


async def test_every_declared_table_carries_its_rows(database: Database, database_urls: Urls, tmp_path: Path) -> None:
    """A row of each kind arrives in the lake with every declared column; nothing else of the network does."""
    network_id = uuid4()
    plant(database_urls, network_id)
    async with database.unit(network_id) as uow:
        for kind, id_ in FACTS.items():
            uow.record(kind, [id_])
    await catch_up(database, Exporter(tmp_path, database_urls.application_url, TABLES).follower(), network_id)
    assert {table.kind for table in TABLES} == set(EXPECTED)
    with connect(tmp_path, TABLES, network_id=network_id) as lake:
        for kind, expected in EXPECTED.items():
            rows = lake.table(kind).order_by(lake.table(kind).columns[1]).to_pyarrow().to_pylist()
            row = {name: value for name, value in rows[0].items() if name not in ("network", "day")}
            assert row == expected
            assert len(rows) == (2 if kind == "sale_line" else 1)
