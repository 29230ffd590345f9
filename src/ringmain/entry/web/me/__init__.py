"""The person about themselves: their image, privacy, visits, receipts."""

from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = ()
