"""The merchant's console."""

from ringmain.entry.web.merchant import (
    campaigns,
    export,
    guests,
    importing,
    offers,
    packs,
    partners,
    printing,
    ring,
    shops,
    staff,
    statements,
    terminals,
    today,
    top_ups,
    tribes,
    webhooks,
)
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (
    *today.PAGES,
    *offers.PAGES,
    *campaigns.PAGES,
    *packs.PAGES,
    *partners.PAGES,
    *ring.PAGES,
    *top_ups.PAGES,
    *guests.PAGES,
    *tribes.PAGES,
    *statements.PAGES,
    *shops.PAGES,
    *staff.PAGES,
    *terminals.PAGES,
    *printing.PAGES,
    *importing.PAGES,
    *export.PAGES,
    *webhooks.PAGES,
)
