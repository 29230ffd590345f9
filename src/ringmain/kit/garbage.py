"""The garbage collector of a serving process: what was loaded stays, and is not looked through again."""

import gc

# Requests make many small objects, nearly all of which are freed by counting references alone.
_YOUNG = 20_000


def spare_what_is_loaded() -> None:
    """Take everything alive out of the collector's sight; call it once, when all is loaded and before serving.

    A full collection of the loaded modules takes tens of milliseconds, which every request of that moment would wait.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
