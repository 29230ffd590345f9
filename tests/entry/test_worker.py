"""The worker's jobs run from the queue in the database, and leave networks of another time alone."""

import uuid
from datetime import timedelta
from uuid import UUID

import pytest

from ringmain.entry.worker import jobs
from ringmain.kit.db import Database
from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7
from ringmain.network import api as network
from ringmain.voucher import api as voucher
from ringmain.voucher.model import Granted


async def _voucher_that_ended(database: Database, network_id: UUID, *, simulated: bool) -> UUID:
    """Grant, in a network of its own, a voucher whose time was over yesterday."""
    async with database.unit(network_id) as uow:
        long_ago = await uow.now() - timedelta(days=3)
    async with database.unit(network_id, now=long_ago) as uow:
        await network.open_network(uow, "Street", "EUR", "UTC", simulated=simulated)
        (merchant,) = await network.open_merchants(uow, [network.NewMerchant("Bakery")])
        await network.make_deposit(uow, merchant.id, 1_000, "EUR", "opening balance")
        terms = voucher.Terms(kind="cash", currency="EUR", face_minor=200, valid_days=2)
        offer = voucher.NewOffer(
            creator_merchant_id=merchant.id, funder_id=merchant.id, name="Two off", terms=terms, id=uuid7(long_ago)
        )
        await voucher.publish(uow, [offer])
        assert offer.id is not None
        (granted,) = await voucher.grant(uow, [voucher.Grant(offer_id=offer.id, at=long_ago)])
        assert isinstance(granted, Granted)
    return granted.voucher_id


@pytest.mark.parametrize(("simulated", "closed"), [(False, "expired"), (True, None)])
async def test_the_sweep_is_a_job(database_urls: Urls, simulated: bool, closed: str | None) -> None:
    """A deferred sweep ends the vouchers of a network of the present, and none of a replayed one."""
    network_id = uuid.uuid4()
    async with Database(database_urls.application_url) as database:
        voucher_id = await _voucher_that_ended(database, network_id, simulated=simulated)
        async with jobs(database_urls.application_url).open_async() as app:
            await app.configure_task("voucher:expire").defer_async(timestamp=0)
            await app.run_worker_async(
                wait=False, install_signal_handlers=False, additional_context={"database": database}
            )
        async with database.unit(network_id) as uow:
            cursor = await uow.connection.execute("SELECT closed FROM voucher WHERE id = %s", (voucher_id,))
            assert await cursor.fetchone() == (closed,)


def test_every_job_has_its_slice_in_its_name() -> None:
    """Jobs are found by their slice; two slices may use the same word."""
    names = {name for name in jobs("").tasks if not name.startswith(("builtin", "procrastinate"))}
    assert names == {
        "campaign:end_campaigns",
        "campaign:end_packets",
        "campaign:price",
        "campaign:reward_referrals",
        "campaign:send_messages",
        "campaign:settle_choices",
        "loop:draft_notes",
        "loop:top_up",
        "loop:watch_comparisons",
        "match:exposures",
        "message:tidy",
        "need:forecast",
        "need:traffic",
        "need:train",
        "profile:baskets",
        "sale:partitions",
        "segment:tribes",
        "simulate:what_if",
        "voucher:expire",
        "voucher:mint",
        "voucher:remind",
    }
