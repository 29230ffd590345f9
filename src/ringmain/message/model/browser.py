"""A browser that somebody wants to be told on, as its address is kept."""

import msgspec


class Subscription(msgspec.Struct, frozen=True):
    """One browser: where it is reached, its public key, its secret, and by which version of our key it knows us."""

    endpoint: str
    p256dh: str
    auth: str
    version: int


def place_of(address: str) -> str:
    """Return whose push service a subscription is at: all that is shown of it."""
    return msgspec.json.decode(address, type=Subscription).endpoint.split("/")[2]
