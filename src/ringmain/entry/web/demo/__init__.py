"""The demo network with one press for each role, and the first run of a new one."""

from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = ()
