"""The till: pairing, unlocking, sales with vouchers, undoing, shifts."""

from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = ()
