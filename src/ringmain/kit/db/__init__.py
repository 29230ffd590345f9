"""The door to PostgreSQL: pools per role, the unit of work, and arrays that cost nothing per element."""

from ringmain.kit.db.arrays import (
    Packed,
    pack_booleans,
    pack_bytes,
    pack_int8,
    pack_optional_timestamps,
    pack_optional_uuids,
    pack_texts,
    pack_timestamps,
    pack_uuids,
)
from ringmain.kit.db.pool import Database, Role
from ringmain.kit.db.unit import Pending, UnitOfWork

__all__ = [
    "Database",
    "Packed",
    "Pending",
    "Role",
    "UnitOfWork",
    "pack_booleans",
    "pack_bytes",
    "pack_int8",
    "pack_optional_timestamps",
    "pack_optional_uuids",
    "pack_texts",
    "pack_timestamps",
    "pack_uuids",
]
