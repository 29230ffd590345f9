"""How a command ends when somebody asks it to: a supervisor's SIGTERM does what Ctrl-C does."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SIGTERM_STATUS = 128 + signal.SIGTERM


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM interrupt what runs inside, so that it stops what it started; exit with status 143 after it.

    Without this the process would be gone at once, and its embedded server would run on until the next start. Commands
    that listen to SIGTERM themselves, such as `up`, go on doing so.
    """
    asked = False

    def end(*_: object) -> None:
        nonlocal asked
        asked = True
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            # A shell starts commands in the background with Ctrl-C ignored; nobody else listens for it then.
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if asked:
            sys.exit(_SIGTERM_STATUS)
