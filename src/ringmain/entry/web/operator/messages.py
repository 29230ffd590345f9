"""Messages as the operator sees them: a day by channel and kind, why some failed, and today's vouchers by message."""

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.services import services
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import PageRoute, Speech, Visit
from ringmain.message import api as message
from ringmain.network import api as network

HERE = "/operator/messages"
# Marks a text for the catalogues, where it is looked up by a variable later.
N_ = str
CHANNELS = {
    "push": N_("On the phone"),
    "wechat": N_("WeChat"),
    "sms": N_("Text message"),
    "email": N_("E-mail"),
    "paper": N_("Printed receipt"),
    "none": N_("None"),
}
KINDS = {
    message.Kind.OFFERS: N_("New vouchers"),
    message.Kind.REMINDERS: N_("Reminders"),
    message.Kind.WINNINGS: N_("Vouchers won"),
    message.Kind.RECEIPTS: N_("Receipts"),
    message.Kind.SERVICE: N_("Codes and confirmations"),
}
# Why people get nothing, as operators read it; a provider's reason is shown as its word.
REASONS = {
    "no_consent": N_("did not agree to messages"),
    "not_personal": N_("want no personal suggestions"),
    "address_unproven": N_("number not confirmed"),
    "no_address": N_("no address"),
    "channel_none": N_("want no messages"),
    "channel_stopped": N_("messages did not arrive before"),
    "kind_stopped": N_("want none of this kind"),
    "paused": N_("paused"),
    "no_hour": N_("quiet all day"),
    "cap_day": N_("had one that day"),
    "cap_week": N_("had enough that week"),
    "own_cap_week": N_("had as many that week as they want"),
    "person_unknown": N_("left the network"),
    "network_simulated": N_("made-up network"),
    "no_offer_left": N_("have every voucher already, or are at a cap"),
    "already_told": N_("told already"),
    "campaign_closed": N_("campaign over"),
    "compared_with": N_("compared with"),
    "has_one": N_("hold one already"),
    "cap_of_merchant": N_("cap of the merchant"),
    "budget_spent": N_("budget spent"),
    "day_over": N_("day over"),
    "stopped_by_operator": N_("stopped here"),
    "too_late": N_("over before it could be sent"),
    "no_channel_left": N_("failed by every channel"),
    "address_unknown": N_("number or mailbox does not exist"),
    "credentials_refused": N_("the provider refuses our account, its id or its secret"),
    "our_address_refused": N_("the provider does not know this machine's address: add it to the list there"),
    "template_unknown": N_("the provider does not know the template"),
    "template_mismatch": N_("the fields of the template are others than those set here"),
    "not_permitted": N_("the account may not send such messages"),
    "sender_refused": N_("the provider refuses our sender"),
    "no_template": N_("no template for messages of this kind"),
    "quota_used_up": N_("the day's quota at the provider is used up"),
    "not_following": N_("no longer follow the account"),
    "stopped_at_provider": N_("blocked us at the provider"),
    "channel_not_configured": N_("channel not set up here"),
    "channel_not_set_up": N_("none of their channels is set up here"),
}


class Stopped(Struct, frozen=True):
    """To how many people nothing is given any more."""

    people: int


async def show(visit: Visit) -> Response:
    """Show a day."""
    async with visit.unit() as uow:
        here = await network.network_of(uow)
        today = (await uow.now()).astimezone(ZoneInfo(here.time_zone)).date()
        day = min(_day(visit.query("day")) or today, today)
        counted = await message.day_of_messages(uow, day)
        standing = await campaign.round_standing(uow, day)
        rules = await message.rules(uow)
    speech = visit.speech
    return visit.page(
        "operator/messages.html",
        network=here,
        day=day,
        today=today,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if day < today else None,
        rows=[_row(speech, line) for line in counted.lines],
        waiting=sum(line.waiting for line in counted.lines),
        failed=_reasons(speech, counted.failed),
        refused=_reasons(speech, counted.refused),
        standing=standing,
        kept_back=_reasons(speech, standing.kept_back),
        not_given=_reasons(speech, standing.refused),
        rules=rules,
        quiet=f"{rules.quiet_from // 60:02}:{rules.quiet_from % 60:02}",
        loud=f"{rules.quiet_until // 60:02}:{rules.quiet_until % 60:02}",
        sink=visit.site.settings.development or visit.network_id == services(visit).demo_network,
    )


async def stop(visit: Visit) -> Response:
    """Give nothing more of today's round."""

    async def act(uow: UnitOfWork) -> Stopped:
        return Stopped(await campaign.stop_round(uow))

    await visit.once("page_stop_messages_today", act, Stopped)
    return visit.go(HERE)


def _row(speech: Speech, line: message.DayLine) -> list[str]:
    numbers = (
        line.to_send,
        line.waiting,
        line.sent,
        line.arrived,
        line.opened,
        line.failed,
        line.refused,
        line.stopped,
    )
    names = [speech.text(CHANNELS.get(line.channel, line.channel)), speech.text(KINDS[line.kind])]
    return names + [speech.number(one) for one in numbers]


def _reasons(speech: Speech, counted: Mapping[str, int]) -> list[list[str]]:
    return [
        [speech.text(REASONS[rule]) if rule in REASONS else rule, speech.number(people)]
        for rule, people in sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    ]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


PAGES: tuple[PageRoute, ...] = (PageRoute(path=HERE, audience=OPERATOR, get=show, post=stop),)
