"""Purchases promised for later: menus, orders, promised times, and whether they were kept."""
