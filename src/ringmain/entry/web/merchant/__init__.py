"""The merchant's console."""

from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = ()
