"""The demo network with one press for each role, and the first run of a new one."""

from ringmain.entry.web.demo import first_run, roles
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (*roles.PAGES, *first_run.PAGES)
