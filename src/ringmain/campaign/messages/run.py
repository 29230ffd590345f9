"""The messages of a day: chosen once in the morning, and given until nothing is left; begun again where it stopped."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from ringmain.campaign.messages import store
from ringmain.campaign.messages.choose import plan
from ringmain.campaign.messages.give import give_some
from ringmain.campaign.messages.people import Reachable
from ringmain.campaign.messages.unheard import take_back_unheard
from ringmain.campaign.model import play_day
from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring
from ringmain.message import api as message
from ringmain.network import api as network

# As many people as a transaction holds locks for.
_AT_ONCE = 50
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a run has done: whether it chose for the day, and how many choices it has decided."""

    planned: bool
    decided: int


async def send_today(
    database: Database,
    keyring: Keyring,
    public_base: str,
    network_id: UUID,
    channels: frozenset[message.Channel],
    *,
    now: datetime | None = None,
) -> Sent:
    """Choose who gets which voucher by message today, unless that was done, and give what was chosen.

    `channels` are those that are set up here: who would hear by none of them is not chosen, nor given anything. What
    was given before, and nobody has heard of, is taken back first, at any hour.

    Within the quiet hours of the network nothing else is done. It may be stopped at any moment and be run again: what
    is given and told is one transaction for some people at a time, so nobody gets anything twice, and nobody is
    forgotten on the same day. What a day has left undone is refused on the next one.
    """
    while True:
        async with database.unit(network_id, role="worker", now=now) as uow:
            back = await take_back_unheard(uow)
        if not back:
            break
        _log.info("vouchers taken back that nobody heard of", network_id=str(network_id), vouchers=back)
    async with database.unit(network_id, role="worker", now=now) as uow:
        at = await uow.now()
        zone = (await network.network_of(uow)).time_zone
        local = at.astimezone(ZoneInfo(zone))
        if message.is_quiet(await message.rules(uow), local.hour * 60 + local.minute):
            return Sent(planned=False, decided=0)
        day = play_day(at, zone)
        await store.lock_rounds(uow)
        late = await store.write_off(uow, day, at)
        if late:
            uow.record("message_outcome", late)
        planned = await store.round_of(uow, day)
    if planned is None:
        new = await plan(database, Reachable(keyring, channels), network_id, day, now)
        _log.info("messages chosen", network_id=str(network_id), people=new.people, candidates=new.candidates)
    decided = 0
    while True:
        async with database.unit(network_id, role="worker", now=now) as uow:
            some = await give_some(uow, Reachable(keyring, channels), public_base, day, _AT_ONCE)
        if not some:
            return Sent(planned=planned is None, decided=decided)
        decided += some
        _log.info("messages given", network_id=str(network_id), decided=decided)
