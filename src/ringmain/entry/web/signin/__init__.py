"""Signing in to a console, and the account itself."""

from ringmain.entry.web.signin.account import PAGES as ACCOUNT_PAGES
from ringmain.entry.web.signin.invitation import PAGES as INVITATION_PAGES
from ringmain.entry.web.signin.organisation import PAGES as ORGANISATION_PAGES
from ringmain.entry.web.signin.passkey import PAGES as PASSKEY_PAGES
from ringmain.entry.web.signin.password import PAGES as PASSWORD_PAGES
from ringmain.entry.web.signin.second_factor import PAGES as SECOND_FACTOR_PAGES
from ringmain.kit.pages import PageRoute

PAGES: tuple[PageRoute, ...] = (
    *PASSWORD_PAGES,
    *PASSKEY_PAGES,
    *ORGANISATION_PAGES,
    *INVITATION_PAGES,
    *ACCOUNT_PAGES,
    *SECOND_FACTOR_PAGES,
)
