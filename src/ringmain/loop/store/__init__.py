"""The loop's questions to the serving tables: bounded by keys and ranges of ids, never a scan; it writes nothing.

The loop stands on top of all slices whose facts it lays side by side, so its statements read their tables. Each names
network and merchant itself; row-level security holds beside that.
"""
