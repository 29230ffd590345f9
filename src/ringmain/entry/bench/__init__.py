"""Measures what this machine's database can do at most, and how near to that the application comes."""
