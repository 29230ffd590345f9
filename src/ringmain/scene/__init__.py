"""Places and moments where people meet the network, and each such meeting on record."""
