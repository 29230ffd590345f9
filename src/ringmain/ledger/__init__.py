"""The ledger: every unit of money in double entry, zero-sum per currency, append-only; it knows no business noun."""
