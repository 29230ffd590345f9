"""The token that holds a play: its id and a keyed hash of it, so that no secret is stored and nobody guesses one."""

import base64
import binascii
import hmac
from uuid import UUID

from ringmain.kit.secrets import Keyring

_PURPOSE = "campaign.draw"
_ID_BYTES = 16
_TOKEN_BYTES = 32


def token_of(keyring: Keyring, network_id: UUID, draw_id: UUID) -> str:
    """Return the token of a play, 43 characters of base64url."""
    seal = keyring.lookup_hash(_PURPOSE, network_id, draw_id)
    return base64.urlsafe_b64encode(draw_id.bytes + seal).rstrip(b"=").decode()


def draw_of(keyring: Keyring, network_id: UUID, token: str) -> UUID | None:
    """Return the play that a token holds, or None where nobody gave out such a token."""
    try:
        data = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) != _TOKEN_BYTES:
        return None
    draw_id, seal = UUID(bytes=data[:_ID_BYTES]), data[_ID_BYTES:]
    good = [hmac.compare_digest(seal, one) for one in keyring.lookup_hashes(_PURPOSE, network_id, draw_id)]
    return draw_id if any(good) else None
