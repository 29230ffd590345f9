"""The operator's console."""

from ringmain.entry.web.operator import (
    access,
    audit_log,
    games,
    health,
    jobs,
    lease_list,
    merchants,
    messages,
    models,
    offers,
    pressure,
    requests,
    ring,
    sharing,
    vouchers,
    webhooks,
    what_if,
)
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (
    *health.PAGES,
    *ring.PAGES,
    *pressure.PAGES,
    *what_if.PAGES,
    *merchants.PAGES,
    *lease_list.PAGES,
    *offers.PAGES,
    *games.PAGES,
    *messages.PAGES,
    *sharing.PAGES,
    *vouchers.PAGES,
    *models.PAGES,
    *requests.PAGES,
    *access.PAGES,
    *webhooks.PAGES,
    *audit_log.PAGES,
    *jobs.PAGES,
)
