"""Red packets: a won voucher is shared among friends in parts by chance; nothing is created and nothing is lost."""
