"""Leases, what merchants let their tills do without a network, and what was lost by it, in PostgreSQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ringmain.kit.db import (
    UnitOfWork,
    pack_int8,
    pack_optional_uuids,
    pack_texts,
    pack_timestamps,
    pack_uuids,
)
from ringmain.kit.pure.clock import microseconds
from ringmain.voucher.model import Lease, OfflineRule

_COLUMNS = """
    id, voucher_id, number, terminal_id, merchant_id, shop_id, value_minor, currency, leased_from, leased_until,
    free_at, ended_at
"""


async def read_leases(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Lease]:
    """Return leases by id; under the locks of their vouchers they do not change."""
    query = f"SELECT {_COLUMNS} FROM lease WHERE network_id = %(network)s AND id = ANY(%(ids)s)"
    params = {"network": uow.network_id, "ids": pack_uuids(list(ids))}
    return {lease.id: lease for lease in await uow.rows(Lease, query, params)}


async def open_leases(
    uow: UnitOfWork,
    *,
    terminal_id: UUID | None = None,
    merchant_id: UUID | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[Lease]:
    """Return the leases that have not ended, in the order of their ids: of a terminal, of a merchant, or all."""
    query = f"""
        SELECT {_COLUMNS} FROM lease
        WHERE network_id = %(network)s AND ended_at IS NULL
          AND (%(terminal)s::uuid IS NULL OR terminal_id = %(terminal)s)
          AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
          AND (%(after)s::uuid IS NULL OR id > %(after)s)
        ORDER BY id LIMIT %(limit)s
    """
    params = {
        "network": uow.network_id,
        "terminal": terminal_id,
        "merchant": merchant_id,
        "after": after,
        "limit": limit,
    }
    return await uow.rows(Lease, query, params)


_LOCK_TERMINAL = "SELECT pg_advisory_xact_lock(hashtextextended(%s::text, 15))"


async def lock_terminal(uow: UnitOfWork, terminal_id: UUID) -> None:
    """Let one request for leases of a terminal pass at a time, so that two do not both stay below its caps."""
    await uow.execute(_LOCK_TERMINAL, (terminal_id,))


@dataclass(frozen=True, slots=True)
class _NumberRow:
    voucher_id: UUID
    number: int


async def lease_numbers(uow: UnitOfWork, voucher_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the highest number of a lease so far, by voucher."""
    query = """
        SELECT voucher_id, max(number) AS number FROM lease
        WHERE network_id = %(network)s AND voucher_id = ANY(%(ids)s) GROUP BY voucher_id
    """
    rows = await uow.rows(_NumberRow, query, {"network": uow.network_id, "ids": pack_uuids(voucher_ids)})
    return {row.voucher_id: row.number for row in rows}


_WRITE_LEASES = """
    INSERT INTO lease (network_id, id, voucher_id, number, terminal_id, merchant_id, shop_id, value_minor, currency,
                       leased_from, leased_until, free_at)
    SELECT %(network)s, * FROM unnest(%(ids)s, %(vouchers)s, %(numbers)s, %(terminals)s, %(merchants)s, %(shops)s,
                                      %(values)s, %(currencies)s, %(from)s, %(until)s, %(free)s)
    ON CONFLICT (network_id, id) DO UPDATE SET leased_until = excluded.leased_until, free_at = excluded.free_at
"""
_LEND_VOUCHERS = """
    UPDATE voucher AS v SET lease_id = t.id, lease_free_at = t.free
    FROM unnest(%(ids)s, %(vouchers)s, %(free)s) AS t (id, voucher, free)
    WHERE v.network_id = %(network)s AND v.id = t.voucher
"""


async def write_leases(uow: UnitOfWork, leases: Sequence[Lease]) -> None:
    """Write new leases and the new ends of old ones; the caller has locked their vouchers."""
    ids = pack_uuids([one.id for one in leases])
    vouchers = pack_uuids([one.voucher_id for one in leases])
    free = pack_timestamps(microseconds(one.free_at) for one in leases)
    params: dict[str, Any] = {
        "network": uow.network_id,
        "ids": ids,
        "vouchers": vouchers,
        "numbers": pack_int8(one.number for one in leases),
        "terminals": pack_uuids([one.terminal_id for one in leases]),
        "merchants": pack_uuids([one.merchant_id for one in leases]),
        "shops": pack_uuids([one.shop_id for one in leases]),
        "values": pack_int8(one.value_minor for one in leases),
        "currencies": pack_texts(one.currency for one in leases),
        "from": pack_timestamps(microseconds(one.leased_from) for one in leases),
        "until": pack_timestamps(microseconds(one.leased_until) for one in leases),
        "free": free,
    }
    await uow.execute(_WRITE_LEASES, params)
    await uow.execute(_LEND_VOUCHERS, {"network": uow.network_id, "ids": ids, "vouchers": vouchers, "free": free})


_END_LEASES = """
    UPDATE lease SET ended_at = %(at)s, how_ended = %(how)s
    WHERE network_id = %(network)s AND id = ANY(%(ids)s) AND ended_at IS NULL
"""
_FREE_VOUCHERS = """
    UPDATE voucher SET lease_id = NULL, lease_free_at = NULL
    WHERE network_id = %(network)s AND id = ANY(%(vouchers)s) AND lease_id = ANY(%(ids)s)
"""


async def end_leases(uow: UnitOfWork, leases: Mapping[UUID, UUID], at: datetime, how: str) -> None:
    """End leases, given with their vouchers, which the caller has locked, and set those free."""
    params = {
        "network": uow.network_id,
        "ids": pack_uuids(list(leases)),
        "vouchers": pack_uuids(list(leases.values())),
        "at": at,
        "how": how,
    }
    await uow.execute(_END_LEASES, params)
    await uow.execute(_FREE_VOUCHERS, params)


@dataclass(frozen=True, slots=True)
class OverRow:
    """A lease whose time to arrive is over, and its voucher."""

    id: UUID
    voucher_id: UUID


async def leases_over(uow: UnitOfWork, now: datetime, most: int) -> list[OverRow]:
    """Return open leases that keep nobody off any more."""
    query = """
        SELECT id, voucher_id FROM lease
        WHERE network_id = %(network)s AND ended_at IS NULL AND free_at <= %(now)s ORDER BY free_at, id LIMIT %(most)s
    """
    return await uow.rows(OverRow, query, {"network": uow.network_id, "now": now, "most": most})


@dataclass(frozen=True, slots=True)
class _RuleRow:
    merchant_id: UUID
    most_leases: int
    most_value_minor: int
    lease_minutes: int
    grace_minutes: int
    accept_anyway: bool


async def offline_rules(uow: UnitOfWork, merchant_ids: Iterable[UUID]) -> dict[UUID, OfflineRule]:
    """Return what merchants let their tills do without a network; those who said nothing are not in it."""
    query = """
        SELECT merchant_id, most_leases, most_value_minor, lease_minutes, grace_minutes, accept_anyway
        FROM offline_rule WHERE network_id = %(network)s AND merchant_id = ANY(%(ids)s)
    """
    params = {"network": uow.network_id, "ids": pack_uuids(list(merchant_ids))}
    return {
        row.merchant_id: OfflineRule(
            most_leases=row.most_leases,
            most_value_minor=row.most_value_minor,
            lease=timedelta(minutes=row.lease_minutes),
            grace=timedelta(minutes=row.grace_minutes),
            accept_anyway=row.accept_anyway,
        )
        for row in await uow.rows(_RuleRow, query, params)
    }


_WRITE_RULE = """
    INSERT INTO offline_rule (network_id, merchant_id, most_leases, most_value_minor, lease_minutes, grace_minutes,
                              accept_anyway, changed_at)
    VALUES (%(network)s, %(merchant)s, %(count)s, %(value)s, %(lease)s, %(grace)s, %(anyway)s, %(at)s)
    ON CONFLICT (network_id, merchant_id) DO UPDATE
        SET most_leases = excluded.most_leases, most_value_minor = excluded.most_value_minor,
            lease_minutes = excluded.lease_minutes, grace_minutes = excluded.grace_minutes,
            accept_anyway = excluded.accept_anyway, changed_at = excluded.changed_at
"""


async def write_offline_rule(uow: UnitOfWork, merchant_id: UUID, rule: OfflineRule, at: datetime) -> None:
    """Write what a merchant lets its tills do without a network; leases that are out stay as they are."""
    minute = timedelta(minutes=1)
    params = {
        "network": uow.network_id,
        "merchant": merchant_id,
        "count": rule.most_leases,
        "value": rule.most_value_minor,
        "lease": rule.lease // minute,
        "grace": rule.grace // minute,
        "anyway": rule.accept_anyway,
        "at": at,
    }
    await uow.execute(_WRITE_RULE, params)


_PREPARE = """
    INSERT INTO prepared_voucher (network_id, shop_id, voucher_id, prepared_until)
    SELECT %(network)s, %(shop)s, v, %(until)s FROM unnest(%(vouchers)s) AS t (v)
    ON CONFLICT (network_id, shop_id, voucher_id) DO UPDATE SET prepared_until = excluded.prepared_until
"""


async def prepare_vouchers(uow: UnitOfWork, shop_id: UUID, voucher_ids: Sequence[UUID], until: datetime) -> None:
    """Note that vouchers are meant to be used at a shop."""
    params = {"network": uow.network_id, "shop": shop_id, "vouchers": pack_uuids(voucher_ids), "until": until}
    await uow.execute(_PREPARE, params)


@dataclass(frozen=True, slots=True)
class _IdRow:
    id: UUID


async def prepared_vouchers(uow: UnitOfWork, shop_id: UUID, now: datetime, most: int) -> list[UUID]:
    """Return open vouchers that were prepared for a shop and are not lent to anybody."""
    query = """
        SELECT p.voucher_id AS id FROM prepared_voucher p
        JOIN voucher v ON v.network_id = p.network_id AND v.id = p.voucher_id
        WHERE p.network_id = %(network)s AND p.shop_id = %(shop)s AND p.prepared_until > %(now)s
          AND v.closed IS NULL AND v.lease_id IS NULL
        ORDER BY p.voucher_id LIMIT %(most)s
    """
    params = {"network": uow.network_id, "shop": shop_id, "now": now, "most": most}
    return [row.id for row in await uow.rows(_IdRow, query, params)]


async def forget_prepared(uow: UnitOfWork, now: datetime) -> None:
    """Delete preparations whose time is over."""
    await uow.execute(
        "DELETE FROM prepared_voucher WHERE network_id = %s AND prepared_until <= %s", (uow.network_id, now)
    )


@dataclass(frozen=True, slots=True)
class OfflineLoss:
    """What a till took off without a network and nobody pays for, in minor units."""

    id: UUID
    sale_id: UUID
    voucher_id: UUID
    merchant_id: UUID
    shop_id: UUID
    terminal_id: UUID | None
    lease_id: UUID | None
    rule: str | None
    loss_minor: int
    currency: str
    used_at: datetime
    recorded_at: datetime


_INSERT_LOSSES = """
    INSERT INTO offline_loss (network_id, id, sale_id, voucher_id, merchant_id, shop_id, terminal_id, lease_id, rule,
                              loss_minor, currency, used_at, recorded_at)
    SELECT %(network)s, * FROM unnest(%(ids)s, %(sales)s, %(vouchers)s, %(merchants)s, %(shops)s, %(terminals)s,
                                      %(leases)s, %(rules)s, %(losses)s, %(currencies)s, %(used)s, %(recorded)s)
"""


async def insert_losses(uow: UnitOfWork, losses: Sequence[OfflineLoss]) -> None:
    """Append losses; a sale has one per voucher at most."""
    await uow.execute(
        _INSERT_LOSSES,
        {
            "network": uow.network_id,
            "ids": pack_uuids([one.id for one in losses]),
            "sales": pack_uuids([one.sale_id for one in losses]),
            "vouchers": pack_uuids([one.voucher_id for one in losses]),
            "merchants": pack_uuids([one.merchant_id for one in losses]),
            "shops": pack_uuids([one.shop_id for one in losses]),
            "terminals": pack_optional_uuids(one.terminal_id for one in losses),
            "leases": pack_optional_uuids(one.lease_id for one in losses),
            "rules": pack_texts(one.rule for one in losses),
            "losses": pack_int8(one.loss_minor for one in losses),
            "currencies": pack_texts(one.currency for one in losses),
            "used": pack_timestamps(microseconds(one.used_at) for one in losses),
            "recorded": pack_timestamps(microseconds(one.recorded_at) for one in losses),
        },
    )


async def list_losses(uow: UnitOfWork, merchant_id: UUID | None, before: UUID | None, limit: int) -> list[OfflineLoss]:
    """Return the newest losses, older than `before`, of one merchant where that is given."""
    query = """
        SELECT id, sale_id, voucher_id, merchant_id, shop_id, terminal_id, lease_id, rule, loss_minor, currency,
               used_at, recorded_at
        FROM offline_loss
        WHERE network_id = %(network)s AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
          AND (%(before)s::uuid IS NULL OR id < %(before)s)
        ORDER BY id DESC LIMIT %(limit)s
    """
    params = {"network": uow.network_id, "merchant": merchant_id, "before": before, "limit": limit}
    return await uow.rows(OfflineLoss, query, params)
