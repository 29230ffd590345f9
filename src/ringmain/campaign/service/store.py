"""Service plans, their versions, and who was met under them, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from ringmain.campaign.service.model import Benefit, Met, Said, Scene, ServicePlan
from ringmain.kit.db import UnitOfWork, pack_uuids
from ringmain.kit.lake import LakeTable


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    id: UUID
    owner_id: UUID
    tribe_id: UUID
    scene: Scene
    salt: bytes
    held_out_bp: int
    version: int
    offer_ids: Sequence[UUID]
    benefits: Sequence[Mapping[str, Any]]
    message_days: int | None
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None

    def plan(self) -> ServicePlan:
        """Return it as the model has it."""
        return ServicePlan(
            id=self.id,
            owner_id=self.owner_id,
            tribe_id=self.tribe_id,
            scene=self.scene,
            salt=bytes(self.salt),
            held_out_bp=self.held_out_bp,
            version=self.version,
            said=Said(
                offer_ids=tuple(self.offer_ids),
                benefits=tuple(Benefit(**one) for one in self.benefits),
                message_days=self.message_days,
            ),
            made_at=self.made_at,
            changed_at=self.changed_at,
            ended_at=self.ended_at,
        )


_PLAN = """
    SELECT p.id, p.owner_id, p.tribe_id, p.scene, p.salt, p.held_out_bp, v.version, v.offer_ids, v.benefits,
           v.message_days, p.made_at, v.made_at AS changed_at, p.ended_at
    FROM service_plan p
    CROSS JOIN LATERAL (
        SELECT version, offer_ids, benefits, message_days, made_at FROM service_plan_version v
        WHERE v.network_id = p.network_id AND v.plan_id = p.id ORDER BY version DESC LIMIT 1
    ) v
    WHERE p.network_id = %(network)s
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 40))"


async def lock(uow: UnitOfWork, key: str) -> None:
    """Let one change of a plan, or of what stands between an owner, a tribe and a scene, go on at a time."""
    await uow.execute(_LOCK, (key,))


async def add(uow: UnitOfWork, one: ServicePlan) -> None:
    """Write a plan, without what it says."""
    await uow.execute(
        "INSERT INTO service_plan (network_id, id, owner_id, tribe_id, scene, salt, held_out_bp, made_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            uow.network_id,
            one.id,
            one.owner_id,
            one.tribe_id,
            one.scene,
            one.salt,
            one.held_out_bp,
            one.made_at,
        ),
    )


async def add_version(uow: UnitOfWork, one: ServicePlan, by_id: UUID) -> None:
    """Append what a plan says from now on."""
    await uow.execute(
        "INSERT INTO service_plan_version"
        " (network_id, plan_id, version, offer_ids, benefits, message_days, by_id, made_at)"
        " VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s)",
        (
            uow.network_id,
            one.id,
            one.version,
            pack_uuids(one.said.offer_ids),
            msgspec.json.encode([asdict(benefit) for benefit in one.said.benefits]).decode(),
            one.said.message_days,
            by_id,
            one.changed_at,
        ),
    )


async def end(uow: UnitOfWork, plan_id: UUID, at: datetime) -> None:
    """Write that a plan is over."""
    query = "UPDATE service_plan SET ended_at = %s WHERE network_id = %s AND id = %s AND ended_at IS NULL"
    await uow.execute(query, (at, uow.network_id, plan_id))


async def plan(uow: UnitOfWork, plan_id: UUID) -> ServicePlan | None:
    """Return a plan as it stands."""
    found = await uow.row(_Row, f"{_PLAN} AND p.id = %(id)s", {"network": uow.network_id, "id": plan_id})
    return None if found is None else found.plan()


_PAGE = f"""
    {_PLAN} AND (%(owner)s::uuid IS NULL OR p.owner_id = %(owner)s)
    AND (%(before)s::uuid IS NULL OR p.id < %(before)s) ORDER BY p.id DESC LIMIT %(limit)s
"""


async def page(uow: UnitOfWork, owner_id: UUID | None, before: UUID | None, limit: int) -> list[ServicePlan]:
    """Return plans, the newest first, of one owner or of all."""
    params = {"network": uow.network_id, "owner": owner_id, "before": before, "limit": limit}
    return [row.plan() for row in await uow.rows(_Row, _PAGE, params)]


async def running(uow: UnitOfWork) -> list[ServicePlan]:
    """Return the plans that are not over, by id."""
    rows = await uow.rows(_Row, f"{_PLAN} AND p.ended_at IS NULL ORDER BY p.id", {"network": uow.network_id})
    return [row.plan() for row in rows]


_MET_RUNNING = f"""
    {_PLAN} AND p.ended_at IS NULL AND EXISTS (
        SELECT FROM service_plan_met m
        WHERE m.network_id = p.network_id AND m.plan_id = p.id AND m.subject_id = ANY(%(subjects)s)
    ) ORDER BY p.id
"""


async def met_running(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[ServicePlan]:
    """Return the plans that are not over, and under which a person was met."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subject_ids)}
    return [row.plan() for row in await uow.rows(_Row, _MET_RUNNING, params)]


@dataclass(frozen=True, slots=True)
class _Pair:
    plan_id: UUID
    subject_id: UUID


_MET_OF = "SELECT plan_id, subject_id FROM service_plan_met WHERE network_id = %s AND plan_id = ANY(%s)"


async def met_of(uow: UnitOfWork, plan_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Return plan and subject of everybody who was met under these plans."""
    rows = await uow.rows(_Pair, _MET_OF, (uow.network_id, pack_uuids(plan_ids)))
    return {(row.plan_id, row.subject_id) for row in rows}


@dataclass(frozen=True, slots=True)
class MetRow:
    """A meeting of a person with a plan, as their own copy tells it."""

    plan_id: UUID
    scene: str
    treated: bool
    met_at: datetime


_MET_BY = """
    SELECT plan_id, scene, treated, met_at FROM service_plan_met
    WHERE network_id = %s AND subject_id = ANY(%s) ORDER BY met_at, plan_id
"""


async def met_by(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[MetRow]:
    """Return the plans under which a person was met, the first one first."""
    return await uow.rows(MetRow, _MET_BY, (uow.network_id, pack_uuids(subject_ids)))


_ADD_MET = """
    INSERT INTO service_plan_met (network_id, id, plan_id, version, tribe_id, scene, subject_id, treated, met_at)
    SELECT %s, t.* FROM unnest(%s, %s, %s::integer[], %s, %s::text[], %s, %s::bool[], %s::timestamptz[]) AS t
    ON CONFLICT ON CONSTRAINT service_plan_met_once DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


async def add_met(uow: UnitOfWork, rows: Sequence[Met]) -> list[UUID]:
    """Write meetings; return the ids of those that are the first of their person and plan."""
    params = (
        uow.network_id,
        pack_uuids([row.id for row in rows]),
        pack_uuids([row.plan_id for row in rows]),
        [row.version for row in rows],
        pack_uuids([row.tribe_id for row in rows]),
        [row.scene for row in rows],
        pack_uuids([row.subject_id for row in rows]),
        [row.treated for row in rows],
        [row.met_at for row in rows],
    )
    return [row.id for row in await uow.rows(_Id, _ADD_MET, params)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRow:
    """A benefit that is given; `benefit` is its place in the version, from 1."""

    id: UUID
    plan_id: UUID
    version: int
    benefit: int
    subject_id: UUID
    shop_id: UUID
    terminal_id: UUID
    day: date
    given_at: datetime


_ADD_GIVEN = """
    INSERT INTO benefit_given
        (network_id, id, plan_id, version, benefit, subject_id, shop_id, terminal_id, day, given_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT ON CONSTRAINT benefit_given_once DO NOTHING
"""
_GIVEN = """
    SELECT id FROM benefit_given
    WHERE network_id = %s AND subject_id = %s AND plan_id = %s AND version = %s AND benefit = %s AND shop_id = %s
      AND day = %s
"""


async def add_given(uow: UnitOfWork, row: GivenRow) -> UUID:
    """Write that a benefit was given; return its id, or that of what was written on this day before."""
    what = (row.plan_id, row.version, row.benefit)
    values = (uow.network_id, row.id, *what, row.subject_id, row.shop_id, row.terminal_id, row.day, row.given_at)
    await uow.execute(_ADD_GIVEN, values)
    # A statement of its own: it sees the row of a press that was faster.
    found = await uow.row(_Id, _GIVEN, (uow.network_id, row.subject_id, *what, row.shop_id, row.day))
    assert found is not None
    return found.id


@dataclass(frozen=True, slots=True)
class GivenTo:
    """A benefit that a person was given."""

    plan_id: UUID
    shop_id: UUID
    given_at: datetime


_GIVEN_TO = """
    SELECT plan_id, shop_id, given_at FROM benefit_given
    WHERE network_id = %s AND subject_id = ANY(%s) ORDER BY given_at, id
"""


async def given_to(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[GivenTo]:
    """Return the benefits that a person was given, the first one first."""
    return await uow.rows(GivenTo, _GIVEN_TO, (uow.network_id, pack_uuids(subject_ids)))


_FACTS = """
    SELECT id::text AS meeting_id, plan_id::text, version::bigint AS version, tribe_id::text, scene,
           subject_id::text, treated, met_at
    FROM service_plan_met WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""

LAKE_TABLES = (
    LakeTable(
        kind="service_met",
        columns={
            "meeting_id": "string",
            "plan_id": "string",
            "version": "int64",
            "tribe_id": "string",
            "scene": "string",
            "subject_id": "string",
            "treated": "bool",
            "met_at": "timestamp",
        },
        query=_FACTS,
        day_column="met_at",
    ),
    LakeTable(
        kind="benefit_given",
        columns={
            "given_id": "string",
            "plan_id": "string",
            "version": "int64",
            "benefit": "int64",
            "subject_id": "string",
            "shop_id": "string",
            "given_at": "timestamp",
        },
        query="""
            SELECT id::text AS given_id, plan_id::text, version::bigint AS version, benefit::bigint AS benefit,
                   subject_id::text, shop_id::text, given_at
            FROM benefit_given WHERE network_id = %(network)s AND id = ANY(%(ids)s)
        """,
        day_column="given_at",
    ),
)
