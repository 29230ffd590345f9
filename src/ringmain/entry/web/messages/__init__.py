"""What was sent: the outbox of development, unsubscribing, preferences."""

from ringmain.entry.web.messages.outbox import PAGES as OUTBOX
from ringmain.entry.web.messages.preferences import PAGES as PREFERENCES
from ringmain.entry.web.messages.unsubscribe import PAGES as UNSUBSCRIBE
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (*OUTBOX, *UNSUBSCRIBE, *PREFERENCES)
