"""The doors of the house: HTTP, pages, command line and worker; wiring, and nothing that decides."""
