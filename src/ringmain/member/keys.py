"""How members hang on the keyring: their data keys and look-up hashes, start-up checks, rotation of the master key."""

from pathlib import Path
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import DataKey, Keyring, MasterKeyForeign, Wrapped
from ringmain.member.errors import MemberUnknown
from ringmain.member.model import Identifier, IdentifierKind
from ringmain.member.store import people, rotation


def data_key(keyring: Keyring, network_id: UUID, row: people.KeyRow | rotation.OldKey | rotation.OldHash) -> DataKey:
    """Return the key of a member's personal fields."""
    return keyring.unwrap(Wrapped(row.master_version, row.wrapped), network_id, row.member_id)


def hashes(keyring: Keyring, network_id: UUID, identifier: Identifier) -> list[bytes]:
    """Return the hashes under which an identifier may be stored, that of the newest master key first."""
    return keyring.lookup_hashes(network_id, identifier.kind.word, identifier.value)


def seal_identifier(key: DataKey, identifier_id: UUID, value: str) -> bytes:
    """Encrypt the value of an identifier, bound to its row."""
    return key.seal(f"identifier/{identifier_id}", value)


def open_identifier(key: DataKey, row: people.IdentifierRow | rotation.OldHash) -> str:
    """Return the value of an identifier."""
    return key.open(f"identifier/{row.id}", row.sealed)


async def key_row(uow: UnitOfWork, member_id: UUID, *, keep: bool = False) -> people.KeyRow:
    """Return what hangs on a member's key, kept from erasure until our commit where asked. Raises `MemberUnknown`."""
    row = (await people.keys(uow, [member_id], keep=keep)).get(member_id)
    if row is None:
        raise MemberUnknown
    return row


async def open_keyring(uow: UnitOfWork, path: Path) -> Keyring:
    """Return the keyring of this installation; the unit of work needs no network.

    The key file is made where it is missing and nothing was encrypted yet. Raises `MasterKeyMissing` where it is
    missing otherwise, and `MasterKeyForeign` where it belongs to another database.
    """
    known = await rotation.fingerprints(uow)
    keyring = Keyring.open_or_create(path, encrypted_data_exists=bool(known))
    for row in known:
        if row.version in keyring.versions and keyring.fingerprint(row.version) != row.fingerprint:
            raise MasterKeyForeign(path)
    noted = {row.version for row in known}
    for version in keyring.versions:
        if version not in noted:
            await rotation.note(uow, rotation.Fingerprint(version, keyring.fingerprint(version)))
    return keyring


async def rewrap(uow: UnitOfWork, keyring: Keyring, most: int = 1_000) -> int:
    """Move up to `most` data keys and `most` hashes of this network to the newest master key; return how many.

    Call it, each time in a new transaction, until it returns 0; then no row of the network needs an older version.
    Every process must know the newest version before (see `Keyring.rotate`).
    """
    network_id, newest = uow.network_id, keyring.newest
    hashed = {
        row.id: keyring.lookup_hash(
            network_id, IdentifierKind(row.kind).word, open_identifier(data_key(keyring, network_id, row), row)
        )
        for row in await rotation.old_hashes(uow, newest, most)
    }
    wrapped = {
        row.member_id: keyring.rewrap(Wrapped(row.master_version, row.wrapped), network_id, row.member_id).data
        for row in await rotation.old_keys(uow, newest, most)
    }
    if hashed:
        await rotation.set_hashes(uow, newest, hashed)
    if wrapped:
        await rotation.set_keys(uow, newest, wrapped)
    return len(hashed) + len(wrapped)
