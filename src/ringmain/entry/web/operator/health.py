"""How the network does: what is wrong first, then what flows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.messages import CHANNELS, REASONS
from ringmain.kit import jobs_store as jobs
from ringmain.kit import webhooks
from ringmain.kit.db import UnitOfWork
from ringmain.kit.follow import Standing, standings
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.ledger import api as ledger
from ringmain.member import api as member
from ringmain.message import api as message
from ringmain.network import api as network
from ringmain.network.api import Network, PoolBalance
from ringmain.voucher import api as voucher

_LATE_SECONDS = 60.0
_SOON_DAYS = 7
_FAULTS_SINCE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody has to look at: what, and where."""

    text: str
    href: str
    action: str


@dataclass(frozen=True, slots=True)
class Health:
    """The network at this moment."""

    network: Network
    people: int
    merchants: int
    shops: int
    out: voucher.VouchersOut
    today: voucher.VouchersSince
    pool: PoolBalance
    off_by: list[ledger.CurrencySum]
    followers: list[Standing]
    webhooks_failing: int
    requests_soon: int
    requests_late: int
    running_low: list[campaign.RunningLow]
    set_up_faults: list[tuple[str, str]]


async def show(visit: Visit) -> Response:
    """Show the network at this moment."""
    async with visit.unit() as uow:
        found = await _look(visit, uow)
    async with visit.site.database.unit(visit.network_id, role="worker") as uow:
        failed = sum(one.jobs for one in await jobs.count_jobs(uow) if one.status == "failed")
    return visit.page("operator/health.html", health=found, failed=failed, alarms=_alarms(visit, found, failed))


async def _look(visit: Visit, uow: UnitOfWork) -> Health:
    here = await network.network_of(uow)
    now = await uow.now()
    waiting = await member.list_requests(uow, visit.site.keyring, limit=200)
    hooks = await webhooks.endpoints(uow)
    return Health(
        network=here,
        people=await member.count_people(uow),
        merchants=len(await network.all_merchants(uow)),
        shops=len(await network.all_shops(uow)),
        out=await voucher.vouchers_out(uow),
        today=await voucher.vouchers_since(uow, _midnight(now, here.time_zone)),
        pool=await network.pool_balance(uow),
        off_by=[one for one in await ledger.sums(uow) if one.sum_minor],
        followers=await standings(uow),
        webhooks_failing=sum(1 for one in hooks if one.disabled_at or one.failing_since),
        requests_soon=sum(1 for one in waiting if one.days_left is not None and 0 <= one.days_left <= _SOON_DAYS),
        requests_late=sum(1 for one in waiting if one.days_left is not None and one.days_left < 0),
        running_low=await campaign.running_low(uow),
        set_up_faults=[(one.channel, one.reason) for one in await message.set_up_faults(uow, now - _FAULTS_SINCE)],
    )


def _midnight(now: datetime, time_zone: str) -> datetime:
    return now.astimezone(ZoneInfo(time_zone)).replace(hour=0, minute=0, second=0, microsecond=0)


def _alarms(visit: Visit, health: Health, failed: int) -> list[Alarm]:
    """Return what is wrong, the worst first."""
    say = visit.speech
    found = [
        Alarm(
            say.text("The ledger does not sum to zero in %(currency)s.", currency=one.currency),
            "/operator/audit",
            say.text("Open the audit log"),
        )
        for one in health.off_by
    ]
    if health.requests_late:
        text = say.texts("%(num)s request of a person is overdue.", "%(num)s requests of people are overdue.",
                         health.requests_late)  # fmt: skip
        found.append(Alarm(text, "/operator/requests", say.text("Answer")))
    found += [_low(say, one, health.network.time_zone) for one in health.running_low]
    for one in health.followers:
        if one.stopped:
            text = say.text("The follower %(name)s refuses to read: the database was restored.", name=one.follower)
            found.append(Alarm(text, "/operator/jobs", say.text("Open the jobs")))
        elif one.lag_seconds > _LATE_SECONDS:
            text = say.text(
                "The follower %(name)s is %(minutes)s minutes behind.",
                name=one.follower,
                minutes=say.number(round(one.lag_seconds / 60)),
            )
            found.append(Alarm(text, "/operator/jobs", say.text("Open the jobs")))
    for channel, reason in health.set_up_faults:
        text = say.text(
            "Messages do not get out by the channel “%(channel)s”: %(reason)s.",
            channel=say.text(CHANNELS[channel]),
            reason=say.text(REASONS[reason]),
        )
        found.append(Alarm(text, "/operator/messages", say.text("Open the messages")))
    if failed:
        text = say.texts("%(num)s job failed for good.", "%(num)s jobs failed for good.", failed)
        found.append(Alarm(text, "/operator/jobs", say.text("Open the jobs")))
    if health.webhooks_failing:
        text = say.texts("%(num)s webhook does not get through.", "%(num)s webhooks do not get through.",
                         health.webhooks_failing)  # fmt: skip
        found.append(Alarm(text, "/operator/webhooks", say.text("Open the webhooks")))
    if health.requests_soon:
        text = say.texts("%(num)s request of a person is due within a week.",
                         "%(num)s requests of people are due within a week.", health.requests_soon)  # fmt: skip
        found.append(Alarm(text, "/operator/requests", say.text("Answer")))
    return found


def _low(say: Speech, one: campaign.RunningLow, time_zone: str) -> Alarm:
    """Return when a game will have nothing to give, at the rate of its last day, before that happens."""
    facts = {"name": one.game.name, "time": say.moment(one.until, time_zone, "short")}
    text = (
        say.text("The game %(name)s has nothing left at all from %(time)s on, at today's pace.", **facts)
        if one.nothing_left
        else say.text(
            "The prizes of %(name)s are gone from %(time)s on, at today's pace; then your own voucher stands in.",
            **facts,
        )
    )
    return Alarm(text, f"/operator/games/{one.game.id}", say.text("Add prizes"))


PAGES: tuple[PageRoute, ...] = (PageRoute(path="/operator", audience=OPERATOR, get=show),)
