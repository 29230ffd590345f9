"""The rotation of the master key, at the command line."""
