"""Who gets which voucher, within budgets and caps, and with a comparison group."""
