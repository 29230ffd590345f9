"""Vouchers by message: once a day who gets which is chosen for all at once, and then given in pieces."""
