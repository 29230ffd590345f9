"""The person about themselves: their image, privacy, visits, receipts."""

from ringmain.entry.web.me.image import PAGES as IMAGE
from ringmain.entry.web.me.photo import PAGES as PHOTO
from ringmain.entry.web.me.privacy import PAGES as PRIVACY
from ringmain.entry.web.me.visits import PAGES as VISITS
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (*IMAGE, *PHOTO, *VISITS, *PRIVACY)
