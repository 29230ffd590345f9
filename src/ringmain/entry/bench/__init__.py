"""Measures what this machine's database can do at most, and how near to that the application comes."""

from ringmain.entry.bench.command import main

__all__ = ["main"]
