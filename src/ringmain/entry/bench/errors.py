"""Why a bench could not be run."""


class BenchFailed(Exception):
    """A measurement did not happen as it should have, so there is no figure; the message says why."""


class LoadGeneratorMissing(BenchFailed):
    """wrk is not installed and cannot be installed by this user."""

    def __init__(self) -> None:
        super().__init__("The load generator wrk is missing. Install it (Debian: apt-get install wrk) and run again.")
