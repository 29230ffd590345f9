"""How much memory this process took."""

import resource
import sys


def peak_mb() -> float:
    """Return the peak memory of this process in MB; the kernel counts kB on Linux and bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024) if sys.platform == "darwin" else peak / 1024
