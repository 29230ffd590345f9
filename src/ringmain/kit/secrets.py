"""The keyring: one master key file outside the database, and every key, hash and signature that is derived from it."""

import base64
import binascii
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ringmain.kit.pure.framing import Part, frame

KEY_BYTES = 32
HASH_BYTES = 16
_NONCE_BYTES = 12
_FORMAT = 1
# 0077: whoever can read this file can read every member's data, so nobody but its owner may.
_OTHERS = 0o077


class SecretsError(Exception):
    """The secrets cannot be used as they are; the message says what to do, and holds no secret."""


class MasterKeyMissing(SecretsError):
    """There is no master key file."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the master key file {path} is missing. Restore it from its backup: data that was encrypted with it "
            "cannot be read with any other."
        )


class MasterKeyExposed(SecretsError):
    """Others than its owner may read the master key file."""

    def __init__(self, path: Path, mode: int) -> None:
        super().__init__(
            f"the master key file {path} can be read by others (mode {mode:04o}). Run: chmod 600 {path}; "
            "then rotate the master key if somebody may have read it."
        )


class MasterKeyDamaged(SecretsError):
    """The master key file is not one that we wrote."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"the master key file {path} is damaged ({reason}). Restore it from its backup.")


class MasterKeyForeign(SecretsError):
    """The master key file is not the one that encrypted this database."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"the master key file {path} belongs to another database: this one was encrypted with another key. "
            "Restore the file that belongs to this database from its backup."
        )


class KeyVersionUnknown(SecretsError):
    """Something was made with a version of the master key that this keyring does not hold."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"version {version} of the master key is not in the key file. If the key was rotated while this process "
            "ran, restart it; else restore the newest key file from its backup."
        )


class SealBroken(SecretsError):
    """An encrypted value was changed, moved to another place, or made with another key."""

    def __init__(self) -> None:
        super().__init__(
            "an encrypted value does not open: it was changed, moved, or encrypted with another master key. "
            "Check that the master key file belongs to this database."
        )


class _StoredKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    key: str


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    keys: list[_StoredKey]


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A data key encrypted by one version of the master key (60 bytes): what the database stores."""

    version: int
    data: bytes


class DataKey:
    """The key of one owner's personal fields; destroying its wrapped form destroys them all."""

    __slots__ = ("_cipher", "_key", "_owner")

    def __init__(self, key: bytes, owner: tuple[Part, ...]) -> None:
        self._key = key
        self._owner = owner
        self._cipher = AESGCM(key)

    def seal(self, field: str, value: str) -> bytes:
        """Return `value` encrypted by AES-256-GCM (nonce, ciphertext, tag), bound to the owner and to `field`."""
        return self.seal_bytes(field, value.encode())

    def seal_bytes(self, field: str, value: bytes) -> bytes:
        """Return bytes, such as a picture, encrypted as `seal` does."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value, frame((*self._owner, field)))

    def open(self, field: str, sealed: bytes) -> str:
        """Return the value that `seal` hid. Raises `SealBroken` where owner, field, key or bytes differ."""
        return self.open_bytes(field, sealed).decode()

    def open_bytes(self, field: str, sealed: bytes) -> bytes:
        """Return the bytes that `seal_bytes` hid. Raises `SealBroken` as `open` does."""
        return _decrypt(self._cipher, sealed, frame((*self._owner, field)))

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes that only this owner's key gives for `purpose`."""
        return _hkdf(self._key, purpose, ())

    def unsafe_bytes(self) -> bytes:
        """Return the key itself: for wrapping only, never to be stored or logged."""
        return self._key


class Keyring:
    """All versions of the master key; whatever it makes is made with the newest, and all versions can read."""

    def __init__(self, keys: dict[int, bytes]) -> None:
        if not keys or any(version < 1 or len(key) != KEY_BYTES for version, key in keys.items()):
            raise ValueError("a keyring needs at least one key of 32 bytes, with versions from 1 up")
        self._keys = dict(sorted(keys.items(), reverse=True))
        self._derived: dict[tuple[int, str, tuple[Part, ...]], bytes] = {}
        self._wrapping: dict[int, AESGCM] = {}
        self._looking_up: dict[int, hashlib.blake2b] = {}

    # ------------------------------------------------------------------------------------------------------ the file

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the master key file. Raises `MasterKeyMissing`, `MasterKeyExposed` or `MasterKeyDamaged`."""
        return cls(_read(path))

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a master key file with version 1 (mode 0600) where none is, and return what the file holds then."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = _write_draft(path, {1: secrets.token_bytes(KEY_BYTES)})
        try:
            # A link is made whole or not at all and never replaces: two first starts agree on one key.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        _sync_folder(path.parent)
        return cls.open(path)

    @classmethod
    def open_or_create(cls, path: Path, *, encrypted_data_exists: bool) -> Self:
        """Open the key file; make it where it is missing and there is nothing yet that another key encrypted."""
        if encrypted_data_exists or path.exists():
            return cls.open(path)
        return cls.create(path)

    @classmethod
    def rotate(cls, path: Path) -> Self:
        """Add a new version to the key file and return the keyring that holds it.

        Order of a rotation: rotate the file, restart every process (they must know the new version before anything is
        re-wrapped), re-wrap the data keys and hashes (`ringmain master-key rewrap`), then `forget` the old version.
        """
        keys = _read(path)
        return cls._replace(path, {max(keys) + 1: secrets.token_bytes(KEY_BYTES), **keys})

    @classmethod
    def forget(cls, path: Path, version: int) -> Self:
        """Remove an old version from the key file; what is still made with it can never be read again."""
        keys = _read(path)
        if version == max(keys):
            raise ValueError("the newest version of the master key cannot be forgotten")
        keys.pop(version, None)
        return cls._replace(path, keys)

    @classmethod
    def _replace(cls, path: Path, keys: dict[int, bytes]) -> Self:
        _write_draft(path, keys).replace(path)
        _sync_folder(path.parent)
        return cls.open(path)

    # ------------------------------------------------------------------------------------------------------ versions

    @property
    def newest(self) -> int:
        """The version that makes new things."""
        return next(iter(self._keys))

    @property
    def versions(self) -> tuple[int, ...]:
        """All versions, the newest first."""
        return tuple(self._keys)

    def fingerprint(self, version: int) -> bytes:
        """Return 16 bytes that tell one master key from another and reveal nothing of it."""
        return self.derived("fingerprint", version=version)[:HASH_BYTES]

    # ------------------------------------------------------------------------------------------- data keys of owners

    def new_data_key(self, *owner: Part) -> DataKey:
        """Return a fresh random data key for an owner (such as network id and member id)."""
        return DataKey(secrets.token_bytes(KEY_BYTES), owner)

    def wrap(self, key: DataKey, *owner: Part) -> Wrapped:
        """Encrypt a data key with the newest master key, bound to its owner."""
        nonce = os.urandom(_NONCE_BYTES)
        data = nonce + self._wrapper(self.newest).encrypt(nonce, key.unsafe_bytes(), frame(owner))
        return Wrapped(self.newest, data)

    def unwrap(self, wrapped: Wrapped, *owner: Part) -> DataKey:
        """Return the data key again. Raises `SealBroken` for another owner's, `KeyVersionUnknown` after `forget`."""
        return DataKey(_decrypt(self._wrapper(wrapped.version), wrapped.data, frame(owner)), owner)

    def rewrap(self, wrapped: Wrapped, *owner: Part) -> Wrapped:
        """Return the same data key under the newest master key; the fields it encrypted stay as they are."""
        return wrapped if wrapped.version == self.newest else self.wrap(self.unwrap(wrapped, *owner), *owner)

    def _wrapper(self, version: int) -> AESGCM:
        if version not in self._wrapping:
            self._wrapping[version] = AESGCM(self.derived("wrap", version=version))
        return self._wrapping[version]

    # -------------------------------------------------------------------------------------------- hashes and derived

    def lookup_hash(self, *parts: Part, version: int | None = None) -> bytes:
        """Return the 16-byte keyed hash by which a value is found (BLAKE2b; by default of the newest version)."""
        version = self.newest if version is None else version
        if version not in self._looking_up:
            key = self.derived("lookup", version=version)
            self._looking_up[version] = hashlib.blake2b(digest_size=HASH_BYTES, key=key)
        # A copy has taken in the key already, which is a block of its own to this hash.
        hashing = self._looking_up[version].copy()
        hashing.update(frame(parts))
        return hashing.digest()

    def lookup_hashes(self, *parts: Part) -> list[bytes]:
        """Return the hash of every version, the newest first: during a rotation either may be stored."""
        return [self.lookup_hash(*parts, version=version) for version in self._keys]

    def derived(self, purpose: str, *context: Part, version: int | None = None) -> bytes:
        """Return 32 bytes derived for a purpose (HKDF-SHA256): a key for HMAC or for a keyed hash.

        Raises `KeyVersionUnknown` where `version` is not in the key file.
        """
        version = self.newest if version is None else version
        name = (version, purpose, context)
        if name not in self._derived:
            if version not in self._keys:
                raise KeyVersionUnknown(version)
            self._derived[name] = _hkdf(self._keys[version], purpose, context)
        return self._derived[name]

    # ---------------------------------------------------------------------------------------------------- signatures

    def sign(self, message: bytes, purpose: str, *context: Part) -> tuple[int, bytes]:
        """Return the key version and the Ed25519 signature (64 bytes, RFC 8032) of a message."""
        return self.newest, self._signing_key(self.newest, purpose, context).sign(message)

    def verify(self, message: bytes, signature: bytes, version: int, purpose: str, *context: Part) -> bool:
        """Say whether we signed this message for this purpose and context."""
        if version not in self._keys:
            return False
        key = Ed25519PublicKey.from_public_bytes(self.public_keys(purpose, *context)[version])
        try:
            key.verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def public_keys(self, purpose: str, *context: Part) -> dict[int, bytes]:
        """Return the raw 32-byte Ed25519 public keys by version: all that a till needs to check codes offline."""
        return {
            version: self._signing_key(version, purpose, context)
            .public_key()
            .public_bytes(Encoding.Raw, PublicFormat.Raw)
            for version in self._keys
        }

    def _signing_key(self, version: int, purpose: str, context: tuple[Part, ...]) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.derived(f"sign:{purpose}", *context, version=version))


def _hkdf(key: bytes, purpose: str, context: tuple[Part, ...]) -> bytes:
    # The master key and the data keys are uniformly random, so that HKDF (RFC 5869) needs no salt.
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=frame(("ringmain", purpose, *context))).derive(
        key
    )


def _decrypt(cipher: AESGCM, sealed: bytes, associated: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], associated)
    except (InvalidTag, ValueError):
        raise SealBroken from None


def _read(path: Path) -> dict[int, bytes]:
    try:
        mode = path.stat().st_mode & 0o777
        if mode & _OTHERS:
            raise MasterKeyExposed(path, mode)
        stored = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
    except FileNotFoundError:
        raise MasterKeyMissing(path) from None
    except (msgspec.DecodeError, msgspec.ValidationError):
        # The parser's message may quote the file, so it is neither shown nor chained.
        raise MasterKeyDamaged(path, "not the JSON that we wrote") from None
    return _keys_of(stored, path)


def _keys_of(stored: _KeyFile, path: Path) -> dict[int, bytes]:
    if stored.format != _FORMAT:
        raise MasterKeyDamaged(path, f"format {stored.format} instead of {_FORMAT}")
    try:
        keys = {entry.version: base64.b64decode(entry.key, validate=True) for entry in stored.keys}
    except binascii.Error:
        raise MasterKeyDamaged(path, "a key is not base64") from None
    if not keys or len(keys) != len(stored.keys) or min(keys) < 1:
        raise MasterKeyDamaged(path, "versions are missing or doubled")
    if any(len(key) != KEY_BYTES for key in keys.values()):
        raise MasterKeyDamaged(path, f"a key is not {KEY_BYTES} bytes long")
    return keys


def _write_draft(path: Path, keys: dict[int, bytes]) -> Path:
    """Write keys to a new file beside `path`, readable by its owner only, and on the disk before it gets its name."""
    stored = _KeyFile(_FORMAT, [_StoredKey(version, base64.b64encode(key).decode()) for version, key in keys.items()])
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(stored), indent=2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
