"""How people flow between shops: shared flow, return, closure and leaks, each beside its null."""
