"""Vouchers: no voucher is issued unless its greatest cost is set aside, and none is ever spent beyond its value."""
