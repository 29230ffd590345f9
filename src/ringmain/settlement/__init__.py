"""What each merchant owes or is owed for a period, netted, disputed and paid out."""
