"""The embedded PostgreSQL: one command owns the server of a home folder, the others attach to it."""

from ringmain.kit.postgres.address import APPLICATION_USER, ServerAddress
from ringmain.kit.postgres.binaries import Binaries, find_binaries
from ringmain.kit.postgres.errors import (
    AlreadyOwned,
    BinariesMissing,
    DataFolderNewer,
    DiskFull,
    HomeUnusable,
    NotRunning,
    OldBinariesMissing,
    RootRefused,
    StartFailed,
    StopFailed,
    Trouble,
    UpgradeFailed,
)
from ringmain.kit.postgres.server import EmbeddedServer, attach, keep_running, stop_orphan

__all__ = [
    "APPLICATION_USER",
    "AlreadyOwned",
    "Binaries",
    "BinariesMissing",
    "DataFolderNewer",
    "DiskFull",
    "EmbeddedServer",
    "HomeUnusable",
    "NotRunning",
    "OldBinariesMissing",
    "RootRefused",
    "ServerAddress",
    "StartFailed",
    "StopFailed",
    "Trouble",
    "UpgradeFailed",
    "attach",
    "find_binaries",
    "keep_running",
    "stop_orphan",
]
