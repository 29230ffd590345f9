"""Money, ids, clock and errors: data and arithmetic without any I/O, all that a `model.py` may import."""
