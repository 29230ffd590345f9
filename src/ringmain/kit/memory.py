"""How much memory a process took."""

import resource
import sys
from pathlib import Path


def peak_mb(pid: int | None = None) -> float:
    """Return the peak resident memory of this process, or of another one (Linux), in MB of 1,048,576 bytes.

    Linux tells `getrusage` the peak of the process that started this one where that was higher, so its own account of
    this program is read where there is one. Elsewhere `getrusage` counts kB, on macOS bytes.
    """
    status = Path(f"/proc/{pid or 'self'}/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024) if sys.platform == "darwin" else peak / 1024
