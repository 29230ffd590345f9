"""The rows of the network in PostgreSQL."""
