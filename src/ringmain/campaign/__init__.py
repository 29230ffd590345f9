"""Who gets which voucher: the prizes of a play are shown before anybody joins, and one of them is granted once."""
