"""The till: a sale and the vouchers spent in it are one transaction, and every redemption belongs to a sale."""
