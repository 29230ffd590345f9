"""Verification finds what was planted, and holds where nothing was."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from ringmain.entry.verify import verify
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7
from ringmain.sale import api as sale
from ringmain.voucher import api as voucher
from ringmain.voucher.grant import grant
from ringmain.voucher.model import Grant, Granted
from tests.voucher.ring import NOW, ZONE, Ring, small_ring

TERMINAL = uuid.UUID(int=91)

# What is planted past every guard (as the tables' owner, without triggers), and the check that must find it.
FAULTS = {
    "a transfer changed": (
        "UPDATE ledger_guard SET available_minor = available_minor + 1 WHERE network_id = %(network)s",
        "guarded balances equal their transfers",
    ),
    "more left than was left": (
        "UPDATE voucher SET remaining_minor = 200, closed = NULL WHERE network_id = %(network)s",
        "vouchers equal the sum of their redemptions and reversals",
    ),
    "held money invented": (
        "UPDATE voucher SET held_minor = held_minor + 5 WHERE network_id = %(network)s",
        "money held in the ledger equals what vouchers hold",
    ),
    "a posting lost": (
        "DELETE FROM ledger_transfer WHERE network_id = %(network)s AND code = 12",
        "every redemption is posted once, with its amount",
    ),
    "a sale lost": (
        "DELETE FROM sale WHERE network_id = %(network)s",
        "every redemption belongs to a sale",
    ),
    "a redemption inside another terminal's lease": (
        "UPDATE redemption SET terminal_id = gen_random_uuid() WHERE network_id = %(network)s",
        "no voucher is redeemed by another terminal while it is leased",
    ),
    "a lineage that leads nowhere": (
        "UPDATE voucher SET origin_id = gen_random_uuid() WHERE network_id = %(network)s",
        "every lineage leads to the touch, sale or voucher it names",
    ),
}
# Checks of what this ring has nothing of.
_OF_GAMES = {
    "a choice is one play of what was shown, or kept in its lot",
    "lots count the vouchers that were issued from them",
    "every play won one voucher, of the prize that it drew",
    "red packets give what they were made of, and no more",
}


@pytest.fixture
async def ring(database_urls: Urls) -> AsyncIterator[Ring]:
    """Give a ring in which a sale has led to a voucher, and that to a sale."""
    async with small_ring(database_urls.application_url) as ring:
        offer = await ring.publish()
        async with ring.unit() as uow:
            won_at = sale.NewSale(id=uuid7(NOW), shop_id=ring.bakery_shop, total_minor=500, currency="EUR")
            await sale.record(uow, [won_at])
        async with ring.unit() as uow:
            won = Grant(offer_id=offer.id, at=NOW, subject_id=ring.member, origin_kind="sale", origin_id=won_at.id)
            granted = (await grant(uow, [won]))[0]
            assert isinstance(granted, Granted)
            by = voucher.Redeemer(ring.cafe, ring.cafe_shop, TERMINAL, ZONE)
            asked = voucher.AskLease(granted.voucher_id, by, None, (ring.member,))
            assert isinstance((await voucher.lease(uow, by, [asked]))[0], voucher.Lease)
        async with ring.unit(NOW + timedelta(hours=1)) as uow:
            spent = sale.NewSale(
                id=uuid7(NOW),
                shop_id=ring.cafe_shop,
                terminal_id=TERMINAL,
                subject_id=ring.member,
                total_minor=1_000,
                currency="EUR",
                vouchers=(sale.VoucherUse(granted.voucher_id),),
            )
            assert isinstance((await sale.record(uow, [spent]))[0], sale.Recorded)
        yield ring


async def test_a_sound_network_holds(ring: Ring) -> None:
    """Every check looks at something and finds nothing; games and red packets are looked at by tests of their own."""
    checks = await verify(ring.database, ring.network_id)

    assert [(check.name, check.faults) for check in checks if not check.ok] == []
    assert {check.name for check in checks if not check.looked_at} == _OF_GAMES


@pytest.mark.parametrize(("plant", "found_by"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_planted_fault_is_found(ring: Ring, database_urls: Urls, plant: str, found_by: str) -> None:
    """What got past every guard is named by the check that is about it."""
    with psycopg.connect(database_urls.migration_url) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(plant, {"network": ring.network_id}).rowcount > 0

    failing = [check.name for check in await verify(ring.database, ring.network_id) if not check.ok]

    assert found_by in failing
