"""Caps, budgets and what was given within them, in PostgreSQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from ringmain.kit.db import UnitOfWork, pack_uuids

CapKind = Literal["person", "person_channel", "person_merchant", "merchant"]
Channel = Literal["scene", "receipt", "search", "message", "share"]


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many vouchers in so many days; `owner_id` is a merchant, or the network for all that say nothing.

    `channel` is empty but for "person_channel".
    """

    owner_id: UUID
    kind: CapKind
    channel: str
    most: int
    days: int


_SET_CAP = """
    INSERT INTO cap (network_id, owner_id, kind, channel, most, days, set_at) VALUES (%s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (network_id, owner_id, kind, channel)
    DO UPDATE SET most = excluded.most, days = excluded.days, set_at = excluded.set_at
"""


async def set_cap(uow: UnitOfWork, cap: Cap, at: datetime) -> None:
    """Put a cap in place of what was said before."""
    params = (uow.network_id, cap.owner_id, cap.kind, cap.channel, cap.most, cap.days, at)
    await uow.execute(_SET_CAP, params)


async def caps(uow: UnitOfWork, owner_ids: Sequence[UUID] | None = None) -> list[Cap]:
    """Return the caps that these owners have said, or all, by owner and kind."""
    query = """
        SELECT owner_id, kind, channel, most, days FROM cap
        WHERE network_id = %s AND (%s::uuid[] IS NULL OR owner_id = ANY(%s)) ORDER BY owner_id, kind, channel
    """
    ids = None if owner_ids is None else pack_uuids(owner_ids)
    return await uow.rows(Cap, query, (uow.network_id, ids, ids))


@dataclass(frozen=True, slots=True)
class Count:
    """How many vouchers of an owner a person got by a channel on a day."""

    owner_id: UUID
    channel: str
    day: date
    vouchers: int


# What was given, and what is kept for winners who are still choosing: that is theirs from the win on, and counts until
# they take it or another prize, which then counts instead. Of such wins there are a few at a time.
_GIVEN = """(
    SELECT g.network_id, g.subject_id, g.owner_id, g.channel, g.day FROM given g
    UNION ALL
    SELECT c.network_id, c.subject_id, o.creator_merchant_id, 'scene', (c.drawn_at AT TIME ZONE n.time_zone)::date
    FROM game_choice c
    JOIN network n ON n.network_id = c.network_id
    JOIN game_prize z ON z.network_id = c.network_id AND z.game_id = c.game_id AND z.place = c.places[1]
    JOIN offer o ON o.network_id = z.network_id AND o.id = z.offer_id
    WHERE NOT c.settled
)"""
_OF_PERSON = f"""
    SELECT owner_id, channel, day, count(*) AS vouchers FROM {_GIVEN} AS g
    WHERE network_id = %s AND subject_id = ANY(%s) AND day >= %s GROUP BY owner_id, channel, day
"""


async def given_to(uow: UnitOfWork, subject_ids: Sequence[UUID], since: date) -> list[Count]:
    """Return what a person was given from a day on, or has won and not chosen yet."""
    return await uow.rows(Count, _OF_PERSON, (uow.network_id, pack_uuids(subject_ids), since))


@dataclass(frozen=True, slots=True)
class PersonCount(Count):
    """The same, with the person; `subject_id` stands for them."""

    subject_id: UUID


_OF_PEOPLE = f"""
    SELECT t.asked AS subject_id, g.owner_id, g.channel, g.day, count(*) AS vouchers
    FROM unnest(%(subjects)s, %(asked)s) AS t (subject_id, asked)
    JOIN {_GIVEN} AS g ON g.network_id = %(network)s AND g.subject_id = t.subject_id
    WHERE g.day >= %(since)s GROUP BY 1, 2, 3, 4
"""


async def given_to_each(uow: UnitOfWork, subjects: Mapping[UUID, UUID], since: date) -> list[PersonCount]:
    """Return what many people were given from a day on; `subjects` names who stands for the person of every subject."""
    params = {
        "network": uow.network_id,
        "subjects": pack_uuids(list(subjects)),
        "asked": pack_uuids(list(subjects.values())),
        "since": since,
    }
    return await uow.rows(PersonCount, _OF_PEOPLE, params)


@dataclass(frozen=True, slots=True)
class OwnerCount:
    """How many vouchers of an owner were given on a day."""

    owner_id: UUID
    day: date
    vouchers: int


_OF_OWNERS = f"""
    SELECT owner_id, day, count(*) AS vouchers FROM {_GIVEN} AS g
    WHERE network_id = %(network)s AND (%(owners)s::uuid[] IS NULL OR owner_id = ANY(%(owners)s)) AND day >= %(since)s
    GROUP BY owner_id, day
"""


async def given_of(uow: UnitOfWork, owner_ids: Sequence[UUID] | None, since: date) -> list[OwnerCount]:
    """Return how many vouchers of these owners, or of all, were given from a day on."""
    ids = None if owner_ids is None else pack_uuids(owner_ids)
    return await uow.rows(OwnerCount, _OF_OWNERS, {"network": uow.network_id, "owners": ids, "since": since})


async def lock_owner(uow: UnitOfWork, owner_id: UUID) -> None:
    """Let one voucher at a time of an owner whose vouchers are counted be given."""
    query = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text || %s::text, 32))"
    await uow.execute(query, (str(uow.network_id), str(owner_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One voucher that a play gave."""

    voucher_id: UUID
    offer_id: UUID
    owner_id: UUID
    sender_id: UUID | None
    receiver_id: UUID | None
    subject_id: UUID
    channel: str
    day: date
    cost_minor: int


_ADD_GIVEN = """
    INSERT INTO given (network_id, voucher_id, offer_id, owner_id, sender_id, receiver_id, subject_id, channel, day,
                       cost_minor)
    SELECT %s, t.* FROM unnest(%s, %s, %s, %s::uuid[], %s::uuid[], %s, %s::text[], %s::date[], %s::bigint[]) AS t
"""


async def add_given(uow: UnitOfWork, rows: Sequence[Given]) -> None:
    """Write that vouchers were given; once, the key sees to that."""
    params = (
        uow.network_id,
        pack_uuids([row.voucher_id for row in rows]),
        pack_uuids([row.offer_id for row in rows]),
        pack_uuids([row.owner_id for row in rows]),
        [row.sender_id for row in rows],
        [row.receiver_id for row in rows],
        pack_uuids([row.subject_id for row in rows]),
        [row.channel for row in rows],
        [row.day for row in rows],
        [row.cost_minor for row in rows],
    )
    await uow.execute(_ADD_GIVEN, params)


@dataclass(frozen=True, slots=True)
class Band:
    """How much more power a merchant may give than it receives (`most_minor`), and the reverse (`least_minor`)."""

    merchant_id: UUID
    least_minor: int
    most_minor: int


_SET_BAND = """
    INSERT INTO power_band (network_id, merchant_id, least_minor, most_minor, agreed_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (network_id, merchant_id) DO UPDATE
    SET least_minor = excluded.least_minor, most_minor = excluded.most_minor, agreed_at = excluded.agreed_at
"""


async def set_band(uow: UnitOfWork, band: Band, at: datetime) -> None:
    """Put a band in place of what was agreed before."""
    params = (uow.network_id, band.merchant_id, band.least_minor, band.most_minor, at)
    await uow.execute(_SET_BAND, params)


async def bands(uow: UnitOfWork) -> list[Band]:
    """Return the bands of all merchants that have agreed to one, by merchant."""
    query = "SELECT merchant_id, least_minor, most_minor FROM power_band WHERE network_id = %s ORDER BY merchant_id"
    return await uow.rows(Band, query, (uow.network_id,))


@dataclass(frozen=True, slots=True)
class Power:
    """How much power a merchant has given and received, in minor units."""

    merchant_id: UUID
    given_minor: int
    received_minor: int


_POWER = """
    SELECT b.merchant_id,
           coalesce(sum(g.cost_minor) FILTER (WHERE g.sender_id = b.merchant_id), 0)::bigint AS given_minor,
           coalesce(sum(g.cost_minor) FILTER (WHERE g.receiver_id = b.merchant_id), 0)::bigint AS received_minor
    FROM power_band b
    LEFT JOIN (
        SELECT sender_id, receiver_id, sum(cost_minor) AS cost_minor FROM given
        WHERE network_id = %(network)s AND day >= %(since)s AND sender_id <> receiver_id GROUP BY 1, 2
    ) AS g ON b.merchant_id IN (g.sender_id, g.receiver_id)
    WHERE b.network_id = %(network)s GROUP BY b.merchant_id ORDER BY b.merchant_id
"""


async def power(uow: UnitOfWork, since: date) -> list[Power]:
    """Return what merchants with a band have given and received from a day on, by merchant."""
    return await uow.rows(Power, _POWER, {"network": uow.network_id, "since": since})
