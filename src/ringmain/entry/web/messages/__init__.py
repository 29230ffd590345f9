"""What was sent: the outbox of development, unsubscribing, preferences, addresses."""

from ringmain.entry.web.messages.callbacks import PAGES as CALLBACKS
from ringmain.entry.web.messages.confirm import PAGES as CONFIRM
from ringmain.entry.web.messages.outbox import PAGES as OUTBOX
from ringmain.entry.web.messages.preferences import PAGES as PREFERENCES
from ringmain.entry.web.messages.unsubscribe import PAGES as UNSUBSCRIBE
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (*OUTBOX, *UNSUBSCRIBE, *PREFERENCES, *CONFIRM, *CALLBACKS)
