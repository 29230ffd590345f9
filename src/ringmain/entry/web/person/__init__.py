"""The person's phone: scenes, wallet, vouchers, what is nearby."""

from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = ()
