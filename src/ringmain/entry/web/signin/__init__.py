"""Signing in to a console, and the account itself."""

from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = ()
