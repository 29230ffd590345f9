"""Ringmain keeps customers flowing around a network of local shops, and follows every coin of it."""
