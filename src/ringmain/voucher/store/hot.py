"""The hot rows of vouchers in PostgreSQL: a constant number of set-based statements per batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from ringmain.kit.db import (
    Pending,
    UnitOfWork,
    pack_int8,
    pack_optional_timestamps,
    pack_optional_uuids,
    pack_texts,
    pack_timestamps,
    pack_uuids,
)
from ringmain.kit.pure.clock import microseconds
from ringmain.voucher.model import Limit, LimitKey, Offer, PastRedemption, Redeemed, Reversed, Terms, Voucher

# Locking in the order of the ids, here and everywhere, is what keeps two batches from waiting for each other.
VOUCHER_COLUMNS = """
    v.id, v.offer_id, v.secret, v.subject_id, v.face_minor, v.remaining_minor, v.held_minor, v.uses, v.sequence,
    v.closed, v.lock_key, v.lock_until, v.valid_from, v.valid_until, v.lease_id, v.lease_free_at
"""
_LOCK_VOUCHERS = f"""
    SELECT {VOUCHER_COLUMNS} FROM voucher v
    WHERE v.network_id = %(network)s AND v.id = ANY(%(ids)s)
    ORDER BY v.id FOR NO KEY UPDATE
"""
_LOCK_VOUCHERS_OF_REDEMPTIONS = f"""
    SELECT {VOUCHER_COLUMNS} FROM voucher v
    WHERE v.network_id = %(network)s AND v.id = ANY(
        %(ids)s || ARRAY(SELECT r.voucher_id FROM redemption r
                         WHERE r.network_id = %(network)s AND r.id = ANY(%(redemptions)s)))
    ORDER BY v.id FOR NO KEY UPDATE
"""


async def lock_vouchers(uow: UnitOfWork, ids: Iterable[UUID], redemption_ids: Sequence[UUID]) -> Pending[Voucher]:
    """Lock vouchers, given by their ids or by redemptions of them, and read them as they are under the lock."""
    params: dict[str, Any] = {"network": uow.network_id, "ids": pack_uuids(list(ids))}
    if not redemption_ids:
        return await uow.start(Voucher, _LOCK_VOUCHERS, params, binary=True)
    params["redemptions"] = pack_uuids(redemption_ids)
    return await uow.start(Voucher, _LOCK_VOUCHERS_OF_REDEMPTIONS, params)


_PAST_REDEMPTIONS = """
    SELECT r.id, r.voucher_id, r.merchant_id, r.amount_minor, r.fee_minor, r.released_minor, r.subject_id, r.currency,
           r.redeemed_at, v.reversed_at
    FROM redemption r LEFT JOIN reversal v ON v.network_id = r.network_id AND v.redemption_id = r.id
    WHERE r.network_id = %(network)s AND r.id = ANY(%(ids)s)
"""


async def past_redemptions(uow: UnitOfWork, ids: Sequence[UUID]) -> Pending[PastRedemption]:
    """Read redemptions and whether they were reversed; send it after the locks, so that its snapshot is fresh."""
    return await uow.start(PastRedemption, _PAST_REDEMPTIONS, {"network": uow.network_id, "ids": pack_uuids(ids)})


@dataclass(frozen=True, slots=True)
class _OfferRow:
    id: UUID
    funder_id: UUID
    terms: bytes


_OFFERS = """
    SELECT id, funder_id, convert_to(terms::text, 'UTF8') AS terms FROM offer
    WHERE network_id = %(network)s AND id = ANY(%(ids)s)
"""
# Offers are immutable as far as `Offer` goes, so a process may keep them; the bound only limits memory.
_KEPT_OFFERS = 20_000
_kept_offers: dict[tuple[UUID, UUID], Offer] = {}


async def offers(uow: UnitOfWork, ids: Iterable[UUID]) -> dict[UUID, Offer]:
    """Return offers by id, from this process's memory where it has them."""
    network = uow.network_id
    found: dict[UUID, Offer] = {}
    missing: list[UUID] = []
    for id_ in ids:
        kept = _kept_offers.get((network, id_))
        if kept is None:
            missing.append(id_)
        else:
            found[id_] = kept
    if missing:
        if len(_kept_offers) > _KEPT_OFFERS:
            _kept_offers.clear()
        for row in await uow.rows(_OfferRow, _OFFERS, {"network": network, "ids": pack_uuids(missing)}):
            offer = Offer(row.id, row.funder_id, msgspec.json.decode(row.terms, type=Terms))
            found[row.id] = _kept_offers[network, row.id] = offer
    return found


@dataclass(frozen=True, slots=True)
class _LimitRow:
    offer_id: UUID
    scope: str
    scope_key: str
    used: int
    maximum: int


_MAKE_LIMITS = """
    INSERT INTO voucher_limit (network_id, offer_id, scope, scope_key, maximum)
    SELECT %(network)s, o, s, k, m
    FROM unnest(%(offers)s, %(scopes)s, %(keys)s, %(maxima)s) AS t (o, s, k, m)
    ORDER BY o, s, k ON CONFLICT DO NOTHING
"""
_LOCK_LIMITS = """
    SELECT l.offer_id, l.scope, l.scope_key, l.used, l.maximum
    FROM voucher_limit l
    JOIN unnest(%(offers)s, %(scopes)s, %(keys)s) AS t (o, s, k)
      ON (l.offer_id, l.scope, l.scope_key) = (t.o, t.s, t.k)
    WHERE l.network_id = %(network)s
    ORDER BY l.offer_id, l.scope, l.scope_key FOR NO KEY UPDATE OF l
"""


async def lock_limits(uow: UnitOfWork, maxima: Mapping[LimitKey, int]) -> dict[LimitKey, Limit]:
    """Create the missing rows of counted limits, then lock all of them in one order and read them."""
    keys = sorted(maxima, key=lambda key: (key[0].bytes, key[1], key[2]))
    params: dict[str, Any] = {
        "network": uow.network_id,
        "offers": pack_uuids([key[0] for key in keys]),
        "scopes": pack_texts(key[1] for key in keys),
        "keys": pack_texts(key[2] for key in keys),
        "maxima": pack_int8(maxima[key] for key in keys),
    }
    await uow.execute(_MAKE_LIMITS, params)
    del params["maxima"]
    rows = await uow.rows(_LimitRow, _LOCK_LIMITS, params)
    return {(row.offer_id, row.scope, row.scope_key): Limit(row.used, row.maximum) for row in rows}


_COUNT_LIMITS = """
    UPDATE voucher_limit AS l SET used = l.used + t.step
    FROM unnest(%(offers)s, %(scopes)s, %(keys)s, %(steps)s) AS t (o, s, k, step)
    WHERE l.network_id = %(network)s AND (l.offer_id, l.scope, l.scope_key) = (t.o, t.s, t.k)
"""


async def count_limits(uow: UnitOfWork, counted: Mapping[LimitKey, int]) -> None:
    """Add to counted limits; a CHECK refuses more than the maximum."""
    await uow.execute(
        _COUNT_LIMITS,
        {
            "network": uow.network_id,
            "offers": pack_uuids([key[0] for key in counted]),
            "scopes": pack_texts(key[1] for key in counted),
            "keys": pack_texts(key[2] for key in counted),
            "steps": pack_int8(counted.values()),
        },
    )


# The vouchers are locked, so that where each row lies (ctid) does not change. It is looked up by each voucher's key,
# whatever the statistics say: planned while the table is new, a join reads all vouchers of the network for each.
_UPDATE_VOUCHERS = """
    UPDATE voucher AS v
    SET remaining_minor = t.remaining, held_minor = t.held, uses = t.uses, sequence = t.sequence, closed = t.closed,
        lock_key = t.lock_key, lock_until = t.lock_until
    FROM unnest(%(ids)s, %(remaining)s, %(held)s, %(uses)s, %(sequences)s, %(closed)s,
                %(lock_keys)s, %(lock_until)s)
         AS t (id, remaining, held, uses, sequence, closed, lock_key, lock_until),
    LATERAL (SELECT k.ctid AS place FROM voucher k WHERE k.network_id = %(network)s AND k.id = t.id OFFSET 0) AS at
    WHERE v.ctid = at.place
"""
_EXTEND_VOUCHERS = """
    UPDATE voucher AS v SET valid_until = t.valid_until
    FROM unnest(%(ids)s, %(until)s) AS t (id, valid_until)
    WHERE v.network_id = %(network)s AND v.id = t.id AND v.valid_until <> t.valid_until
"""


async def update_vouchers(uow: UnitOfWork, vouchers: Sequence[Voucher], extended: Sequence[Voucher]) -> None:
    """Write the state of locked vouchers; `extended` are those whose end a reversal moved."""
    await uow.execute(
        _UPDATE_VOUCHERS,
        {
            "network": uow.network_id,
            "ids": pack_uuids([voucher.id for voucher in vouchers]),
            "remaining": pack_int8(voucher.remaining_minor for voucher in vouchers),
            "held": pack_int8(voucher.held_minor for voucher in vouchers),
            "uses": pack_int8(voucher.uses for voucher in vouchers),
            "sequences": pack_int8(voucher.sequence for voucher in vouchers),
            "closed": pack_texts(voucher.closed for voucher in vouchers),
            "lock_keys": pack_optional_uuids(voucher.lock_key for voucher in vouchers),
            "lock_until": pack_optional_timestamps(voucher.lock_until for voucher in vouchers),
        },
    )
    if extended:
        # The end is part of an index; it is written apart so that a redemption's update never touches one.
        ids = pack_uuids([voucher.id for voucher in extended])
        until = pack_timestamps(microseconds(voucher.valid_until) for voucher in extended)
        await uow.execute(_EXTEND_VOUCHERS, {"network": uow.network_id, "ids": ids, "until": until})


_INSERT_REDEMPTIONS = """
    INSERT INTO redemption (network_id, id, voucher_id, sequence, sale_id, merchant_id, shop_id, terminal_id,
                            subject_id, amount_minor, fee_minor, released_minor, currency, redeemed_at)
    SELECT %(network)s, id, voucher, sequence, sale, merchant, shop, terminal, subject, amount, fee, released, currency,
           at
    FROM unnest(%(ids)s, %(vouchers)s, %(sequences)s, %(sales)s, %(merchants)s, %(shops)s, %(terminals)s,
                %(subjects)s, %(amounts)s, %(fees)s, %(released)s, %(currencies)s, %(at)s)
         AS t (id, voucher, sequence, sale, merchant, shop, terminal, subject, amount, fee, released, currency, at)
"""


_INSERT_OFFLINE_REDEMPTIONS = """
    INSERT INTO redemption (network_id, id, voucher_id, sequence, sale_id, merchant_id, shop_id, terminal_id,
                            subject_id, amount_minor, fee_minor, released_minor, currency, redeemed_at, lease_id,
                            used_at)
    SELECT %(network)s, * FROM unnest(%(ids)s, %(vouchers)s, %(sequences)s, %(sales)s, %(merchants)s, %(shops)s,
        %(terminals)s, %(subjects)s, %(amounts)s, %(fees)s, %(released)s, %(currencies)s, %(at)s, %(leases)s, %(used)s)
"""


async def insert_redemptions(uow: UnitOfWork, redeemed: Sequence[Redeemed]) -> None:
    """Append redemptions; one row per voucher and sequence number is the last guard against spending twice."""
    offline = [one for one in redeemed if one.used_at is not None]
    if offline:
        await uow.execute(_INSERT_OFFLINE_REDEMPTIONS, _redemption_params(uow, offline) | _offline_params(offline))
        redeemed = [one for one in redeemed if one.used_at is None]
    if redeemed:
        await uow.execute(_INSERT_REDEMPTIONS, _redemption_params(uow, redeemed))


def _redemption_params(uow: UnitOfWork, redeemed: Sequence[Redeemed]) -> dict[str, Any]:
    return {
        "network": uow.network_id,
        "ids": pack_uuids([one.id for one in redeemed]),
        "vouchers": pack_uuids([one.voucher_id for one in redeemed]),
        "sequences": pack_int8(one.sequence for one in redeemed),
        "sales": pack_uuids([one.sale_id for one in redeemed]),
        "merchants": pack_uuids([one.merchant_id for one in redeemed]),
        "shops": pack_uuids([one.shop_id for one in redeemed]),
        "terminals": pack_optional_uuids(one.terminal_id for one in redeemed),
        "subjects": pack_optional_uuids(one.subject_id for one in redeemed),
        "amounts": pack_int8(one.amount_minor for one in redeemed),
        "fees": pack_int8(one.fee_minor for one in redeemed),
        "released": pack_int8(one.released_minor for one in redeemed),
        "currencies": pack_texts(one.currency for one in redeemed),
        "at": pack_timestamps(microseconds(one.at) for one in redeemed),
    }


def _offline_params(redeemed: Sequence[Redeemed]) -> dict[str, Any]:
    return {
        "leases": pack_optional_uuids(one.lease_id for one in redeemed),
        "used": pack_timestamps(microseconds(one.used_at or one.at) for one in redeemed),
    }


_INSERT_REVERSALS = """
    INSERT INTO reversal (network_id, id, redemption_id, voucher_id, sequence, merchant_id, amount_minor, revived,
                          reason, reversed_at)
    SELECT %(network)s, * FROM unnest(%(ids)s, %(redemptions)s, %(vouchers)s, %(sequences)s, %(merchants)s, %(amounts)s,
                                      %(revived)s::boolean[], %(reasons)s, %(at)s)
"""


async def insert_reversals(uow: UnitOfWork, reversed_: Sequence[Reversed]) -> None:
    """Append reversals; a redemption has one at most."""
    await uow.execute(
        _INSERT_REVERSALS,
        {
            "network": uow.network_id,
            "ids": pack_uuids([one.id for one in reversed_]),
            "redemptions": pack_uuids([one.redemption_id for one in reversed_]),
            "vouchers": pack_uuids([one.voucher_id for one in reversed_]),
            "sequences": pack_int8(one.sequence for one in reversed_),
            "merchants": pack_uuids([one.merchant_id for one in reversed_]),
            "amounts": pack_int8(one.amount_minor for one in reversed_),
            "revived": [one.revived for one in reversed_],
            "reasons": pack_texts(one.reason for one in reversed_),
            "at": pack_timestamps(microseconds(one.at) for one in reversed_),
        },
    )
