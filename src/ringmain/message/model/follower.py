"""How WeChat names a follower of an official account."""

_SHOWN = 4


def mask_openid(openid: str) -> str:
    """Return as much of it as tells one from another: `***cD3f`."""
    return f"***{openid[-_SHOWN:]}"
