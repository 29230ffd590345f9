"""How WeChat names a follower of an official account."""

import re

_OPENID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SHOWN = 4


def is_openid(text: str) -> bool:
    """Say whether a text can be the name of a follower."""
    return _OPENID.fullmatch(text) is not None


def mask_openid(openid: str) -> str:
    """Return as much of it as tells one from another: `***cD3f`."""
    return f"***{openid[-_SHOWN:]}"
