"""The start page and what hangs on it: the flow picture, the API reference, and the voucher that is spent twice."""

from ringmain.entry.web.site import pages

__all__ = ["pages"]
