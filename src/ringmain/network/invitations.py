"""Invitations: a link that lets a person set a password, once.

A token is 256 bits derived from the master key, the account and the invitation's version, as the secrets of API keys
are: a retry of the request that made it gets the same answer, and the database knows only its SHA-256.
"""

import base64
import hashlib
import hmac
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring, KeyVersionUnknown
from ringmain.network.model.accounts import INVITATION_LIFE, Account, Invitation
from ringmain.network.store import accounts as store


async def invite(uow: UnitOfWork, keyring: Keyring, account: Account) -> Invitation:
    """Put an invitation of an account out; the one before is void."""
    version = await store.next_invitation(uow, account.id)
    expires_at = await uow.now() + INVITATION_LIFE
    invitation = Invitation(account, version, keyring.newest, expires_at)
    token = invitation_token(keyring, account.id, version, keyring.newest)
    assert token is not None
    await store.invite(uow, account.id, version, token_hash(token), directory_id(token), expires_at)
    return invitation


def invitation_token(keyring: Keyring, account_id: UUID, version: int, master_version: int) -> str | None:
    """Return the token of an invitation, or None where the master key that made it was forgotten since."""
    try:
        master = keyring.derived("account_invitation", version=master_version)
    except KeyVersionUnknown:
        return None
    secret = hmac.digest(master, account_id.bytes + version.to_bytes(4), "sha256")
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def invitation_path(token: str) -> str:
    """Return the path of the page that takes an invitation."""
    return f"/invitations/{token}"


def token_hash(token: str) -> bytes:
    """Return what the database knows of a token."""
    return hashlib.sha256(token.encode()).digest()


def directory_id(token: str) -> UUID:
    """Return the id under which the directory tells the network of a token."""
    return UUID(bytes=hashlib.blake2b(token.encode(), digest_size=16, person=b"invitation").digest())
