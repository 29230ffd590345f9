"""Blocks and what was shown, in PostgreSQL, appended and never changed; and what has changed in the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from ringmain.kit.db import Pending, UnitOfWork, pack_uuids
from ringmain.kit.lake import LakeTable
from ringmain.match.model import Block

_ADD = """
    INSERT INTO match_block (network_id, id, subject_id, shop_id, offer_id, withdrawn, recorded_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


async def add(uow: UnitOfWork, block: Block, subject_id: UUID, *, withdrawn: bool, at: datetime) -> None:
    """Append that something is not wanted, or is again."""
    params = (uow.network_id, block.id, subject_id, block.shop_id, block.offer_id, withdrawn, at)
    await uow.execute(_ADD, params)


# A person may have several subjects, merged into one: the last word of any of them counts.
_IN_FORCE = """
    SELECT id, shop_id, offer_id, recorded_at
    FROM (
        SELECT DISTINCT ON (shop_id, offer_id) id, shop_id, offer_id, recorded_at, withdrawn
        FROM match_block WHERE network_id = %(network)s AND subject_id = ANY(%(subjects)s)
        ORDER BY shop_id, offer_id, sequence DESC
    ) AS last
    WHERE NOT withdrawn ORDER BY recorded_at, id LIMIT 5000
"""


async def in_force(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> list[Block]:
    """Return what a person does not want now, the oldest first."""
    return await (await ask_in_force(uow, subject_ids)).all()


async def ask_in_force(uow: UnitOfWork, subject_ids: Sequence[UUID]) -> Pending[Block]:
    """Ask for the same; the answer can be awaited after other questions were asked."""
    params = {"network": uow.network_id, "subjects": pack_uuids(subject_ids)}
    return await uow.start(Block, _IN_FORCE, params)


@dataclass(frozen=True, slots=True)
class BlockOf:
    """A shop or an offer that a person does not want."""

    subject_id: UUID
    shop_id: UUID | None
    offer_id: UUID | None


_OF_MANY = """
    SELECT subject_id, shop_id, offer_id
    FROM (
        SELECT DISTINCT ON (t.asked, b.shop_id, b.offer_id) t.asked AS subject_id, b.shop_id, b.offer_id, b.withdrawn
        FROM unnest(%(subjects)s, %(asked)s) AS t (subject_id, asked)
        JOIN match_block b ON b.network_id = %(network)s AND b.subject_id = t.subject_id
        ORDER BY t.asked, b.shop_id, b.offer_id, b.sequence DESC
    ) AS last
    WHERE NOT withdrawn
"""


async def blocks_of(uow: UnitOfWork, subjects: Mapping[UUID, UUID]) -> list[BlockOf]:
    """Return what many people do not want now; `subjects` names who stands for the person of every subject."""
    params = {
        "network": uow.network_id,
        "subjects": pack_uuids(list(subjects)),
        "asked": pack_uuids(list(subjects.values())),
    }
    return await uow.rows(BlockOf, _OF_MANY, params)


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to where a transaction sees what others have committed, on which run of which database.

    `writer` is its own id, where it has one; `own` says whether it has changed the catalogue itself. Ids of another run
    of the database, after a restore perhaps, mean other transactions.
    """

    snapshot: str
    server: str
    writer: str | None
    own: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A shop or an offer that is not as it was."""

    kind: str
    id: UUID


_SEEN = """
    SELECT pg_current_snapshot()::text AS snapshot,
           pg_postmaster_start_time()::text || '/'
               || (SELECT oid FROM pg_database WHERE datname = current_database())::text AS server,
           pg_current_xact_id_if_assigned()::text AS writer,
           EXISTS (
               SELECT FROM catalogue_change
               WHERE network_id = %(network)s AND txid = pg_current_xact_id_if_assigned()
           ) AS own
"""
# What has been committed since, and what this transaction has written itself. A snapshot counts the transaction that
# took it among those whose work is seen: what that one has written later is asked for by its id.
_CHANGES = """
    SELECT DISTINCT kind, id FROM catalogue_change
    WHERE network_id = %(network)s AND txid >= pg_snapshot_xmin(%(since)s::pg_snapshot)
      AND (NOT pg_visible_in_snapshot(txid, %(since)s::pg_snapshot) OR txid = pg_current_xact_id_if_assigned()
           OR txid = %(writer)s::xid8)
"""


async def look(uow: UnitOfWork, since: Seen | None) -> tuple[Seen, list[Change]]:
    """Return up to where this transaction sees, and what has changed since an earlier look, in one round trip."""
    params: dict[str, object] = {"network": uow.network_id}
    if since is not None:
        params |= {"since": since.snapshot, "writer": since.writer}
    # In this order: what is committed between the two is found by this look or by the next one, or by both.
    pending = await uow.start(Seen, _SEEN, params)
    changes = await uow.rows(Change, _CHANGES, params) if since is not None else []
    seen = await pending.one()
    assert seen is not None
    return seen, changes


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer: its shops in order, of each the probability of its place, and whether chance gave it that place.

    `subject_id` is None where nobody was named, or they do not agree to personal answers. `candidates` could be drawn.
    """

    id: UUID
    subject_id: UUID | None
    shop_ids: tuple[UUID, ...]
    propensities: tuple[float, ...]
    explored: tuple[bool, ...]
    candidates: int


# Nobody waits for the disk: of a crash's last moments some answers would be missing in what is learnt from.
_ADD_SHOWN = """
    WITH quickly AS (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO match_shown (network_id, id, subject_id, shop_ids, propensities, explored, candidates, shown_at)
    SELECT %s, %s, %s, %s, %s::float8[], %s::bool[], %s, %s FROM quickly
"""


async def add_shown(uow: UnitOfWork, shown: Shown, at: datetime) -> None:
    """Append what was shown; the transaction is durable a moment after its commit only, so it does nothing else."""
    params = (
        uow.network_id,
        shown.id,
        shown.subject_id,
        pack_uuids(shown.shop_ids),
        list(shown.propensities),
        list(shown.explored),
        shown.candidates,
        at,
    )
    await uow.execute(_ADD_SHOWN, params)


@dataclass(frozen=True, slots=True)
class Exposure:
    """How often a shop was shown."""

    shop_id: UUID
    shown: int


_EXPOSURES = """
    SELECT shop_id, sum(shown)::bigint AS shown FROM match_exposure
    WHERE network_id = %s AND day >= %s AND day < %s GROUP BY shop_id
"""


async def exposures(uow: UnitOfWork, since: date, before: date) -> list[Exposure]:
    """Return how often shops were shown on the days that were counted, by shop; those never shown are absent."""
    return await uow.rows(Exposure, _EXPOSURES, (uow.network_id, since, before))


_COUNT = """
    WITH counted AS (
        INSERT INTO match_counted (network_id, day, counted_at) VALUES (%(network)s, %(day)s, %(now)s)
        ON CONFLICT DO NOTHING RETURNING day
    )
    INSERT INTO match_exposure (network_id, day, shop_id, shown)
    SELECT %(network)s, counted.day, shop.id, count(*)
    FROM counted, match_shown m, unnest(m.shop_ids) AS shop (id)
    WHERE m.network_id = %(network)s AND m.id >= first_uuid7(%(begin)s) AND m.id < first_uuid7(%(end)s)
    GROUP BY counted.day, shop.id
"""


async def count_day(uow: UnitOfWork, day: date, now: datetime) -> None:
    """Count how often each shop was shown on a UTC day; a day that was counted stays as it is."""
    begin = datetime.combine(day, time(), UTC)
    params = {"network": uow.network_id, "day": day, "now": now, "begin": begin, "end": begin + timedelta(days=1)}
    await uow.execute(_COUNT, params)


LAKE_TABLES = (
    LakeTable(
        kind="match_shown",
        columns={
            "match_id": "string",
            "subject_id": "string",
            "shop_id": "string",
            "place": "int64",
            "propensity": "float64",
            "explored": "bool",
            "candidates": "int64",
            "shown_at": "timestamp",
        },
        query="""
            SELECT m.id::text AS match_id, m.subject_id::text, one.shop_id::text, one.place, one.propensity,
                   one.explored, m.candidates::bigint, m.shown_at
            FROM match_shown m
            CROSS JOIN LATERAL unnest(m.shop_ids, m.propensities, m.explored) WITH ORDINALITY
                AS one (shop_id, propensity, explored, place)
            WHERE m.network_id = %(network)s AND m.id = ANY(%(ids)s)
        """,
        day_column="shown_at",
        per_id=False,
    ),
)
