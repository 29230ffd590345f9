"""Campaigns, their states, approvals, and who was dealt to which group, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from ringmain.campaign.plan.model import Audience, Campaign, Channel, Goal, NewCampaign, Schedule, State
from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.kit.lake import LakeTable

_COLUMNS = """
    c.id, c.merchant_id, c.name, c.goal, c.audience, c.offer_id, c.currency, c.budget_minor, c.starts_at, c.ends_at,
    c.weekdays, c.from_minute, c.until_minute, c.channels, c.comparison_bp, c.turn_hours, c.salt, c.partnership_id,
    c.copied_from, c.lapsed_days, c.made_at
"""
_CAMPAIGN = f"""
    SELECT {_COLUMNS}, e.state, e.happened_at AS changed_at
    FROM campaign c
    CROSS JOIN LATERAL (
        SELECT state, happened_at FROM campaign_event e
        WHERE e.network_id = c.network_id AND e.campaign_id = c.id ORDER BY number DESC LIMIT 1
    ) e
    WHERE c.network_id = %(network)s
"""
_LIVE = f"""
    SELECT {_COLUMNS}, CASE WHEN l.paused THEN 'paused' ELSE 'running' END AS state, c.made_at AS changed_at
    FROM campaign_live l JOIN campaign c ON c.network_id = l.network_id AND c.id = l.campaign_id
    WHERE l.network_id = %(network)s AND (%(every)s OR l.offer_id = ANY(%(offers)s))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    id: UUID
    merchant_id: UUID
    name: str
    goal: Goal
    audience: Mapping[str, Any]
    offer_id: UUID
    currency: str
    budget_minor: int
    starts_at: datetime
    ends_at: datetime
    weekdays: Sequence[int]
    from_minute: int
    until_minute: int
    channels: Sequence[Channel]
    comparison_bp: int
    turn_hours: int | None
    salt: bytes
    partnership_id: UUID | None
    copied_from: UUID | None
    lapsed_days: int
    made_at: datetime
    state: str
    changed_at: datetime

    def campaign(self) -> Campaign:
        """Return it as the model has it."""
        said = NewCampaign(
            merchant_id=self.merchant_id,
            name=self.name,
            goal=self.goal,
            offer_id=self.offer_id,
            budget_minor=self.budget_minor,
            schedule=Schedule(
                starts_at=self.starts_at,
                ends_at=self.ends_at,
                weekdays=tuple(self.weekdays),
                from_minute=self.from_minute,
                until_minute=self.until_minute,
            ),
            audience=msgspec.convert(self.audience, Audience),
            channels=tuple(self.channels),
            comparison_bp=self.comparison_bp,
            turn_hours=self.turn_hours,
            partnership_id=self.partnership_id,
            copied_from=self.copied_from,
            lapsed_days=self.lapsed_days,
        )
        return Campaign(
            id=self.id,
            said=said,
            currency=self.currency,
            salt=bytes(self.salt),
            state=State(self.state),
            changed_at=self.changed_at,
            made_at=self.made_at,
        )


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


_ADD = """
    INSERT INTO campaign (network_id, id, merchant_id, name, goal, audience, offer_id, currency, budget_minor,
                          starts_at, ends_at, weekdays, from_minute, until_minute, channels, comparison_bp,
                          turn_hours, salt, partnership_id, copied_from, lapsed_days, made_at)
    VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s, %s, %s::smallint[], %s, %s, %s::text[], %s, %s, %s, %s, %s,
            %s, %s)
"""


async def add(uow: UnitOfWork, one: Campaign) -> None:
    """Write a campaign, without its state."""
    said, when = one.said, one.said.schedule
    audience = {name: value for name, value in asdict(said.audience).items() if value is not None}
    await uow.execute(
        _ADD,
        (
            uow.network_id,
            one.id,
            said.merchant_id,
            said.name,
            said.goal,
            msgspec.json.encode(audience).decode(),
            said.offer_id,
            one.currency,
            said.budget_minor,
            when.starts_at,
            when.ends_at,
            list(when.weekdays),
            when.from_minute,
            when.until_minute,
            list(said.channels),
            said.comparison_bp,
            said.turn_hours,
            one.salt,
            said.partnership_id,
            said.copied_from,
            said.lapsed_days,
            one.made_at,
        ),
    )


_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 35))"


async def lock(uow: UnitOfWork, id_: UUID) -> None:
    """Let one change of a campaign, or of a partnership, go on at a time."""
    await uow.execute(_LOCK, (str(id_),))


async def campaign(uow: UnitOfWork, campaign_id: UUID) -> Campaign | None:
    """Return a campaign as it stands."""
    found = await uow.row(_Row, f"{_CAMPAIGN} AND c.id = %(id)s", {"network": uow.network_id, "id": campaign_id})
    return None if found is None else found.campaign()


_PAGE = f"""
    {_CAMPAIGN} AND (%(merchant)s::uuid IS NULL OR c.merchant_id = %(merchant)s)
    AND (%(before)s::uuid IS NULL OR c.id < %(before)s)
    ORDER BY c.id DESC LIMIT %(limit)s
"""


async def page(uow: UnitOfWork, merchant_id: UUID | None, before: UUID | None, limit: int) -> list[Campaign]:
    """Return campaigns, the newest first, of one merchant or of all."""
    params = {"network": uow.network_id, "merchant": merchant_id, "before": before, "limit": limit}
    return [row.campaign() for row in await uow.rows(_Row, _PAGE, params)]


_AWAITING = f"""
    {_CAMPAIGN} AND e.state = 'awaiting_approval' AND c.merchant_id <> %(merchant)s
    AND EXISTS (
        SELECT FROM partnership p
        WHERE p.network_id = c.network_id AND p.id = c.partnership_id AND p.merchant_ids @> ARRAY[%(merchant)s::uuid]
    )
    AND NOT EXISTS (
        SELECT FROM campaign_approval a
        WHERE a.network_id = c.network_id AND a.campaign_id = c.id AND a.merchant_id = %(merchant)s
    )
    ORDER BY c.id
"""


async def awaiting(uow: UnitOfWork, merchant_id: UUID) -> list[Campaign]:
    """Return the campaigns of partners that wait for a merchant's approval, the oldest first."""
    rows = await uow.rows(_Row, _AWAITING, {"network": uow.network_id, "merchant": merchant_id})
    return [row.campaign() for row in rows]


_MOVE = """
    INSERT INTO campaign_event (network_id, campaign_id, number, state, by_id, happened_at)
    SELECT %(network)s, %(id)s, coalesce(max(number), 0) + 1, %(state)s, %(by)s, %(at)s
    FROM campaign_event WHERE network_id = %(network)s AND campaign_id = %(id)s
"""


async def move(uow: UnitOfWork, campaign_id: UUID, state: State, by_id: UUID, at: datetime) -> None:
    """Append the next state of a campaign, which is locked."""
    params = {"network": uow.network_id, "id": campaign_id, "state": state.value, "by": by_id, "at": at}
    await uow.execute(_MOVE, params)


_SET_LIVE = """
    INSERT INTO campaign_live (network_id, offer_id, campaign_id, paused) VALUES (%s, %s, %s, %s)
    ON CONFLICT ON CONSTRAINT campaign_once_per_offer DO UPDATE SET paused = excluded.paused
    WHERE campaign_live.campaign_id = excluded.campaign_id
    RETURNING campaign_id AS id
"""


async def set_live(uow: UnitOfWork, one: Campaign, *, paused: bool) -> bool:
    """Let plays see a campaign; False where another one has its offer."""
    row = await uow.row(_Id, _SET_LIVE, (uow.network_id, one.said.offer_id, one.id, paused))
    return row is not None


async def unset_live(uow: UnitOfWork, campaign_id: UUID) -> None:
    """Let plays see a campaign no more."""
    await uow.execute(
        "DELETE FROM campaign_live WHERE network_id = %s AND campaign_id = %s", (uow.network_id, campaign_id)
    )


async def live(uow: UnitOfWork, offer_ids: Sequence[UUID] | None) -> list[Campaign]:
    """Return the campaigns that run or pause with one of these offers, or all of them."""
    params = {"network": uow.network_id, "every": offer_ids is None, "offers": pack_uuids(offer_ids or ())}
    return [row.campaign() for row in await uow.rows(_Row, _LIVE, params)]


async def approve(uow: UnitOfWork, campaign_id: UUID, merchant_id: UUID, at: datetime) -> None:
    """Write that a partner has approved a campaign."""
    await uow.execute(
        "INSERT INTO campaign_approval (network_id, campaign_id, merchant_id, approved_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (uow.network_id, campaign_id, merchant_id, at),
    )


async def approvals(uow: UnitOfWork, campaign_id: UUID) -> set[UUID]:
    """Return the partners that have approved a campaign."""
    query = "SELECT merchant_id AS id FROM campaign_approval WHERE network_id = %s AND campaign_id = %s"
    return {row.id for row in await uow.rows(_Id, query, (uow.network_id, campaign_id))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """The moment at which somebody would have been shown a campaign's offer; `treated` says which group."""

    id: UUID
    campaign_id: UUID
    subject_id: UUID
    treated: bool
    area: str
    turn: int
    shop_id: UUID | None
    happened_at: datetime


_ADD_OPPORTUNITIES = """
    INSERT INTO campaign_opportunity (network_id, id, campaign_id, subject_id, treated, area, turn, shop_id,
                                      happened_at)
    SELECT %s, t.* FROM unnest(%s, %s, %s, %s::bool[], %s::text[], %s::bigint[], %s::uuid[], %s::timestamptz[]) AS t
    ON CONFLICT ON CONSTRAINT campaign_dealt_once DO NOTHING RETURNING id
"""


async def add_opportunities(uow: UnitOfWork, rows: Sequence[Opportunity]) -> list[UUID]:
    """Write opportunities; return the ids of those that are the first of their person (and turn)."""
    params = (
        uow.network_id,
        pack_uuids([row.id for row in rows]),
        pack_uuids([row.campaign_id for row in rows]),
        pack_uuids([row.subject_id for row in rows]),
        [row.treated for row in rows],
        [row.area for row in rows],
        [row.turn for row in rows],
        [row.shop_id for row in rows],
        [row.happened_at for row in rows],
    )
    return [row.id for row in await uow.rows(_Id, _ADD_OPPORTUNITIES, params)]


_FACTS = """
    SELECT id::text AS opportunity_id, campaign_id::text, subject_id::text, treated, area, turn, shop_id::text,
           happened_at
    FROM campaign_opportunity WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""

LAKE_TABLES = (
    LakeTable(
        kind="campaign_opportunity",
        columns={
            "opportunity_id": "string",
            "campaign_id": "string",
            "subject_id": "string",
            "treated": "bool",
            "area": "string",
            "turn": "int64",
            "shop_id": "string",
            "happened_at": "timestamp",
        },
        query=_FACTS,
        day_column="happened_at",
    ),
)
