"""What is given by hand beside a campaign: its people are left out of what the campaign is said to have brought.

A merchant or the operator may give a voucher to whom they like, also of an offer that a campaign deals by chance. The
grant is not refused: that would tell who is compared with. Whoever got one is left out of the reading, in both groups
alike, since whose hand gives does not know the groups.
"""

from ringmain.campaign.plan.store import breaches as store
from ringmain.kit.db import UnitOfWork
from ringmain.kit.follow import Batch, Follower


def breach_recorder() -> Follower:
    """Return the follower that records vouchers of campaigns' offers that were given by hand while the campaign ran."""

    async def record(uow: UnitOfWork, batch: Batch) -> None:
        found = await store.add_breaches(uow, batch.ids("grant_by_hand"))
        if found:
            uow.record("campaign_breach", found)

    return Follower("campaign.breaches", record, kinds=frozenset({"grant_by_hand"}), most_rows=50, most_facts=1_000)
