"""What was sent: the outbox of development, unsubscribing, preferences."""

from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = ()
