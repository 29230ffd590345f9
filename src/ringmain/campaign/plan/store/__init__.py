"""Campaigns and partnerships in PostgreSQL; the only modules here that talk to the database."""
