"""Reminding holders, two days before a voucher ends: a visit that was won and would be lost is still one to be made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.pure.money import Money
from ringmain.kit.secrets import Keyring
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.network import api as network
from ringmain.voucher.store.ends import Place
from ringmain.voucher.store.reminders import EndingSoon, ending_between

AHEAD = timedelta(days=2)
# Whoever won it yesterday has not forgotten it.
_HELD_FOR = timedelta(days=1)
_AT_ONCE = 200
_LAST = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Span:
    """Which vouchers are looked at: those that end two days after a moment within `since` and `until`."""

    since: datetime
    until: datetime


async def remind(
    database: Database,
    keyring: Keyring,
    network_id: UUID,
    span: Span,
    public_base: str,
    *,
    now: datetime | None = None,
) -> int:
    """Send reminders to those who agreed to them, and return how many are on their way.

    The same span again reminds nobody twice. Caps, quiet hours and pauses are the rules of messages.
    """
    place, queued = Place(span.since + AHEAD, _LAST), 0
    while True:
        async with database.unit(network_id, now=now) as uow:
            held_since = span.until - _HELD_FOR
            rows = await ending_between(uow, place, span.until + AHEAD, held_since, _AT_ONCE)
            made = await message.send(uow, keyring, await _reminders(uow, rows, public_base)) if rows else []
        queued += sum(one.state is message.State.QUEUED and not one.repeated for one in made)
        if len(rows) < _AT_ONCE:
            return queued
        place = Place(rows[-1].valid_until, rows[-1].id)


async def _reminders(uow: UnitOfWork, rows: Sequence[EndingSoon], public_base: str) -> list[message.NewMessage]:
    # Those who never agreed are left in peace, and no refusal has to be written down for each of their vouchers.
    agreed = await member.consented(uow, list({row.subject_id for row in rows}), member.Purpose.MARKETING)
    wanted = [row for row in rows if row.subject_id in agreed]
    shops = await network.shops(uow, sorted({id_ for row in wanted for id_ in row.shop_ids}))
    merchants = await network.merchants(uow, sorted({row.creator_merchant_id for row in wanted}))
    names = {shop.id: shop.name for shop in shops} | {one.id: one.legal_name for one in merchants}
    return [
        message.NewMessage(
            subject_id=row.subject_id,
            template=message.Template.VOUCHER_ENDS,
            parameters={
                "value": Money(row.remaining_minor, row.currency),
                "shop": names[row.shop_ids[0] if len(row.shop_ids) == 1 else row.creator_merchant_id],
                "ends": row.valid_until,
                "link": f"{public_base}/wallet/{row.id}?m",
            },
            reference_id=row.id,
            merchant_id=row.creator_merchant_id,
            ends_at=row.valid_until,
        )
        for row in wanted
    ]
