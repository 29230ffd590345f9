"""The server's settings: sized for the machine it finds itself on, safe before fast."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from ringmain.kit.postgres.binaries import Binaries

_MB = 2**20
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def settings_for(binaries: Binaries, data: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of the server by name; `extra` wins over everything here.

    An eighth of the memory is shared buffers, because the application and DuckDB live on the same machine.
    """
    memory_mb = memory_bytes() // _MB
    disk_mb = shutil.disk_usage(data.parent).free // _MB
    settings = {
        "shared_buffers": f"{_between(memory_mb // 8, 32, 4096)}MB",
        "effective_cache_size": f"{_between(memory_mb // 2, 128, 16384)}MB",
        "maintenance_work_mem": f"{_between(memory_mb // 32, 32, 256)}MB",
        "work_mem": f"{_between(memory_mb // 256, 4, 32)}MB",
        "max_connections": "100",
        # Checkpoints far apart keep full-page images out of the log; the log may take a tenth of the free disk. What
        # was written since the last one is what a start after a crash reads again.
        "max_wal_size": f"{_between(disk_mb // 10, 128, 8192)}MB",
        "min_wal_size": f"{_between(disk_mb // 40, 80, 512)}MB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        # Room for half a second of a large campaign's log, so that nobody waits while a part of it goes to the disk.
        "wal_buffers": f"{_between(memory_mb // 256, 4, 64)}MB",
        # PostgreSQL's own compression (pglz) takes a tenth of a millisecond for a page, and halves it: not worth it.
        "wal_compression": "lz4" if binaries.built_with("lz4") else "off",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        # Queries here are short: compiling them costs more than it saves; disks have no heads to move.
        "jit": "off",
        "random_page_cost": "1.1",
        # Statistics come soon after a table got its first rows, and again when it has grown by a fifth. The pace of
        # vacuum is PostgreSQL's own: at five times that, it took up to two fifths of two cores from a large campaign.
        "autovacuum_naptime": "20s",
        "autovacuum_analyze_scale_factor": "0.2",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "password_encryption": "scram-sha-256",
        **_logging(),
    }
    return {**settings, **extra}


def _logging() -> dict[str, str]:
    return {
        "logging_collector": "on",
        "log_filename": "postgres-%a.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_file_mode": "0600",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
        # Statements and the details of errors carry rows, and rows carry people.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_line_prefix": "%m [%p] ",
    }


def memory_bytes() -> int:
    """Return the memory this process may use, in bytes: the machine's, or the container's where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in _CGROUP_LIMITS:
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total


def _between(value: int, least: int, most: int) -> int:
    return max(least, min(value, most))
