"""The only modules of this slice that talk to the database, one per group of tables."""
