"""Tests of the keyring: the file's guards, personal fields, look-up hashes, signatures, rotation."""

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.kit.secrets import (
    DataKey,
    Keyring,
    KeyVersionUnknown,
    MasterKeyDamaged,
    MasterKeyExposed,
    MasterKeyMissing,
    SealBroken,
)

NETWORK = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ANNA = UUID("01890a5d-ac96-774b-bcce-b302099a8058")
BERT = UUID("01890a5d-ac96-774b-bcce-b302099a8059")
FIXED = Keyring({1: bytes(range(32))})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a key file would be made, in a folder that is not there yet."""
    return tmp_path / "secrets" / "master.key"


# --------------------------------------------------------------------------------------------------------- the file


def test_a_first_start_makes_a_key_file_that_only_its_owner_reads(path: Path) -> None:
    """The file is made with mode 0600, and opening it again gives the same key."""
    made = Keyring.open_or_create(path, encrypted_data_exists=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["master.key"]
    assert made.versions == (1,)
    assert Keyring.open_or_create(path, encrypted_data_exists=True).fingerprint(1) == made.fingerprint(1)


def test_two_first_starts_at_once_agree_on_one_key(path: Path) -> None:
    """Of sixteen processes that start at once, all hold the key that is in the file."""
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: Keyring.create(path).fingerprint(1), range(16)))
    assert set(made) == {Keyring.open(path).fingerprint(1)}


def test_a_missing_key_is_never_replaced_while_encrypted_data_exists(path: Path) -> None:
    """Without its file, a database with encrypted data is refused, and no new file appears."""
    with pytest.raises(MasterKeyMissing, match="Restore it from its backup"):
        Keyring.open_or_create(path, encrypted_data_exists=True)
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_a_key_file_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    """Any right of group or world is refused, with the command that mends it."""
    Keyring.create(path)
    path.chmod(mode)
    with pytest.raises(MasterKeyExposed, match="chmod 600"):
        Keyring.open(path)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"format": 2, "keys": [{"version": 1, "key": "' + "A" * 43 + '="}]}',
        '{"format": 1, "keys": []}',
        '{"format": 1, "keys": [{"version": 1, "key": "c2hvcnQ="}]}',
        '{"format": 1, "keys": [{"version": 1, "key": "!!"}]}',
        '{"format": 1, "keys": [{"version": 0, "key": "' + "A" * 43 + '="}]}',
        '{"format": 1, "keys": [{"version": 1, "key": "'
        + "A" * 43
        + '="}, {"version": 1, "key": "'
        + "A" * 43
        + '="}]}',
    ],
)
def test_a_damaged_key_file_is_refused_without_showing_it(path: Path, content: str) -> None:
    """A file that we did not write is refused, and the message quotes nothing of it."""
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(MasterKeyDamaged) as caught:
        Keyring.open(path)
    assert "AAAA" not in str(caught.value)
    assert path.read_text() == content


def test_no_secret_is_shown_by_repr() -> None:
    """Neither keyring nor data key shows its bytes when something logs it."""
    key = FIXED.new_data_key(NETWORK, ANNA)
    for shown in (repr(FIXED), str(FIXED), repr(key), str(key)):
        assert key.unsafe_bytes().hex() not in shown
        assert "\\x01\\x02" not in shown


# -------------------------------------------------------------------------------------------------- personal fields


@given(st.text())
def test_a_sealed_value_opens_again(value: str) -> None:
    """What was sealed for a member and field opens for that member and field, through wrap and unwrap."""
    key = FIXED.new_data_key(NETWORK, ANNA)
    sealed = key.seal("phone", value)
    again = FIXED.unwrap(FIXED.wrap(key, NETWORK, ANNA), NETWORK, ANNA)
    assert again.open("phone", sealed) == value
    assert len(sealed) == 12 + len(value.encode()) + 16


def _other_field(key: DataKey, sealed: bytes) -> str:
    return key.open("name", sealed)


def _changed(key: DataKey, sealed: bytes) -> str:
    return key.open("phone", sealed[:-1] + bytes([sealed[-1] ^ 1]))


def _cut(key: DataKey, sealed: bytes) -> str:
    return key.open("phone", sealed[:5])


def _other_key(_: DataKey, sealed: bytes) -> str:
    return FIXED.new_data_key(NETWORK, ANNA).open("phone", sealed)


def _other_member(key: DataKey, sealed: bytes) -> str:
    return FIXED.unwrap(FIXED.wrap(key, NETWORK, BERT), NETWORK, BERT).open("phone", sealed)


@pytest.mark.parametrize("attempt", [_other_field, _changed, _cut, _other_key, _other_member])
def test_a_sealed_value_opens_nowhere_else(attempt: Callable[[DataKey, bytes], str]) -> None:
    """A value copied to another member or field, or changed, is refused."""
    key = FIXED.new_data_key(NETWORK, ANNA)
    with pytest.raises(SealBroken):
        attempt(key, key.seal("phone", "+8613800138000"))


def test_a_wrapped_key_belongs_to_its_member() -> None:
    """A key row copied to another member does not open, nor one with another master key."""
    wrapped = FIXED.wrap(FIXED.new_data_key(NETWORK, ANNA), NETWORK, ANNA)
    assert len(wrapped.data) == 60
    for keyring, owner in ((FIXED, BERT), (Keyring({1: bytes(32)}), ANNA)):
        with pytest.raises(SealBroken):
            keyring.unwrap(wrapped, NETWORK, owner)


# ---------------------------------------------------------------------------------------------- hashes and derived


def test_a_lookup_hash_is_keyed_and_of_one_network_and_kind() -> None:
    """The hash changes with key, network, kind and value, and is 16 bytes; its value is pinned for stored rows."""
    mine = FIXED.lookup_hash(NETWORK, "phone", "+8613800138000")
    others = {
        Keyring({1: bytes(32)}).lookup_hash(NETWORK, "phone", "+8613800138000"),
        FIXED.lookup_hash(ANNA, "phone", "+8613800138000"),
        FIXED.lookup_hash(NETWORK, "tag", "+8613800138000"),
        FIXED.lookup_hash(NETWORK, "phone", "+8613800138001"),
        FIXED.lookup_hash(NETWORK, "phone+", "8613800138000"),
    }
    assert len(mine) == 16
    assert len(others) == 5
    assert mine not in others
    assert mine.hex() == "5ac87d414ef153eac0d91a16ce0a4332"


def test_derived_keys_differ_by_purpose_context_and_version() -> None:
    """No two purposes, contexts or versions share a key."""
    keyring = Keyring({1: bytes(range(32)), 2: bytes(32)})
    keys = {
        keyring.derived("codes", NETWORK),
        keyring.derived("codes", ANNA),
        keyring.derived("other", NETWORK),
        keyring.derived("codes", NETWORK, version=1),
    }
    assert len(keys) == 4
    assert keyring.derived("codes", NETWORK, version=1) == FIXED.derived("codes", NETWORK)


# ------------------------------------------------------------------------------------------------------- signatures


def test_a_signature_holds_for_its_message_purpose_and_network_only() -> None:
    """Ed25519 signatures verify with the public key, and with nothing changed."""
    version, signature = FIXED.sign(b"voucher", "voucher", NETWORK)
    assert (version, len(signature)) == (1, 64)
    assert FIXED.verify(b"voucher", signature, 1, "voucher", NETWORK)
    assert not FIXED.verify(b"vouchers", signature, 1, "voucher", NETWORK)
    assert not FIXED.verify(b"voucher", signature, 1, "sale", NETWORK)
    assert not FIXED.verify(b"voucher", signature, 1, "voucher", ANNA)
    assert not FIXED.verify(b"voucher", signature, 2, "voucher", NETWORK)
    assert not FIXED.verify(b"voucher", signature[:-1], 1, "voucher", NETWORK)
    assert {version: len(key) for version, key in FIXED.public_keys("voucher", NETWORK).items()} == {1: 32}


# --------------------------------------------------------------------------------------------------------- rotation


def test_after_a_rotation_old_things_are_read_and_new_ones_made_with_the_new_key(path: Path) -> None:
    """Hashes of both versions are tried, data keys are re-wrapped, and the old key can then be forgotten."""
    old = Keyring.create(path)
    key = old.new_data_key(NETWORK, ANNA)
    sealed, wrapped = key.seal("name", "Anna"), old.wrap(key, NETWORK, ANNA)
    _, signature = old.sign(b"code", "voucher")

    new = Keyring.rotate(path)
    assert new.versions == (2, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert new.lookup_hashes("x")[1] == old.lookup_hash("x")
    assert new.lookup_hash("x") == new.lookup_hashes("x")[0] != old.lookup_hash("x")
    assert new.verify(b"code", signature, 1, "voucher")
    rewrapped = new.rewrap(wrapped, NETWORK, ANNA)
    assert rewrapped.version == 2
    assert new.rewrap(rewrapped, NETWORK, ANNA) is rewrapped

    last = Keyring.forget(path, 1)
    assert last.versions == (2,)
    assert last.unwrap(rewrapped, NETWORK, ANNA).open("name", sealed) == "Anna"
    with pytest.raises(KeyVersionUnknown):
        last.unwrap(wrapped, NETWORK, ANNA)
    assert not last.verify(b"code", signature, 1, "voucher")


def test_a_process_that_missed_the_rotation_says_so(path: Path) -> None:
    """A key wrapped by a version that was made later is refused with the advice to restart."""
    stale = Keyring.create(path)
    newer = Keyring.rotate(path)
    wrapped = newer.wrap(newer.new_data_key(NETWORK, ANNA), NETWORK, ANNA)
    with pytest.raises(KeyVersionUnknown, match="restart"):
        stale.unwrap(wrapped, NETWORK, ANNA)


def test_the_newest_version_cannot_be_forgotten(path: Path) -> None:
    """Forgetting the only key is refused, and the file stays as it was."""
    Keyring.create(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="newest"):
        Keyring.forget(path, 1)
    assert path.read_bytes() == before


@pytest.mark.parametrize("keys", [{}, {0: bytes(32)}, {1: bytes(31)}])
def test_a_keyring_needs_whole_keys(keys: dict[int, bytes]) -> None:
    """No key, version zero and a short key are refused."""
    with pytest.raises(ValueError, match="32 bytes"):
        Keyring(keys)


def test_control_without_associated_data_a_moved_value_would_open() -> None:
    """The guard is the associated data: where no owner is named, Anna's key row and value open as Bert's."""
    careless = FIXED.new_data_key()
    sealed, wrapped = careless.seal("phone", "x"), FIXED.wrap(careless)
    assert FIXED.unwrap(wrapped).open("phone", sealed) == "x"
