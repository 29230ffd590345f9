"""Ways in which people behave; the effect of a voucher on each of them can be asked."""
