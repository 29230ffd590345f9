"""Tokens for links: short data that only this installation can read and make, the same each time it is asked for."""

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from ringmain.kit.secrets import Keyring, KeyVersionUnknown, SealBroken

_MOST_VERSIONS = 255


def make_token(keyring: Keyring, purpose: str, data: bytes) -> str:
    """Return `data` encrypted and authenticated (AES-SIV, RFC 5297) as text for a URL, bound to `purpose`."""
    version = keyring.newest
    if version > _MOST_VERSIONS:
        raise ValueError(f"a token has room for {_MOST_VERSIONS} versions of the master key")
    sealed = _cipher(keyring, purpose, version).encrypt(data, [purpose.encode()])
    return base64.urlsafe_b64encode(bytes((version,)) + sealed).rstrip(b"=").decode()


def read_token(keyring: Keyring, purpose: str, token: str) -> bytes:
    """Return the data of a token. Raises `SealBroken` where it was not made here for this purpose."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return _cipher(keyring, purpose, raw[0]).decrypt(raw[1:], [purpose.encode()])
    except (InvalidTag, binascii.Error, ValueError, IndexError, KeyVersionUnknown):
        raise SealBroken from None


def _cipher(keyring: Keyring, purpose: str, version: int) -> AESSIV:
    return AESSIV(keyring.derived(f"token:{purpose}", version=version))
