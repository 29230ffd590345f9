"""Parts joined so that no two different lists of them give the same bytes: what is hashed or authenticated."""

from collections.abc import Iterable
from uuid import UUID

Part = str | bytes | UUID
_UUID_LENGTH = (16).to_bytes(4)


def frame(parts: Iterable[Part]) -> bytes:
    """Join parts with the length in front of each, so that ("ab", "c") and ("a", "bc") differ."""
    framed = b""
    for part in parts:
        if isinstance(part, UUID):
            framed += _UUID_LENGTH + part.int.to_bytes(16, "big")
        else:
            raw = part.encode() if isinstance(part, str) else part
            framed += len(raw).to_bytes(4, "big") + raw
    return framed
