"""Invitations: what a friend's first visit earns who shared the link, and what became of links and red packets."""

from http import HTTPStatus

from msgspec import Struct
from starlette.responses import Response

from ringmain.campaign import api as campaign
from ringmain.campaign.api import ReferralRule
from ringmain.campaign.errors import ReferralRuleInvalid
from ringmain.entry.web.audiences import OPERATOR
from ringmain.entry.web.operator.common import names
from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import RequestInvalid
from ringmain.kit.pages import PageRoute, Visit
from ringmain.kit.pure.errors import RuleBroken
from ringmain.voucher import api as voucher

_HERE = "/operator/sharing"
_DAYS = 28
_MOST_OFFERS = 200
_USUAL = 5
_MOST_A_MONTH = 100


class _Set(Struct, frozen=True):
    pass


async def show(visit: Visit) -> Response:
    """Show the rule, and what became of the invitations of the last days."""
    return await _shown(visit, None)


async def _shown(visit: Visit, rule: RuleBroken | None) -> Response:
    async with visit.unit() as uow:
        known = await names(uow)
        found = await campaign.sharing_of(uow, None, _DAYS)
        offers = await voucher.newest_offers(uow, before=None, limit=_MOST_OFFERS)
    choices = [(str(one.id), f"{one.name} · {known.merchant(one.funder_id)}") for one in offers if not one.paused]
    chosen = found.rule
    return visit.page(
        "operator/sharing.html",
        HTTPStatus.OK if rule is None else int(rule.status),
        rule=rule,
        chosen=chosen,
        figures=found.figures,
        days=_DAYS,
        offers=choices,
        offer="" if chosen is None else str(chosen.offer_id),
        most=_USUAL if chosen is None else chosen.most_a_month,
    )


async def set_(visit: Visit) -> Response:
    """Say what a friend's first visit earns, or that nothing is earned any more."""
    offer_id, most = visit.form.id("offer"), visit.form.whole("most")

    async def act(uow: UnitOfWork) -> _Set:
        if visit.form.text("offer") and (not offer_id or not most or most > _MOST_A_MONTH):
            raise RequestInvalid(fields=["most"])
        await campaign.set_rule(uow, None if offer_id is None else ReferralRule(offer_id, most or 1))
        return _Set()

    try:
        await visit.once("set_referral_rule", act, _Set)
    except (ReferralRuleInvalid, RequestInvalid) as rule:
        return await _shown(visit, rule)
    return visit.go(_HERE)


PAGES: tuple[PageRoute, ...] = (PageRoute(path=_HERE, audience=OPERATOR, get=show, post=set_),)
