"""Tests of how the keyring and the database recognise each other at start-up."""

from pathlib import Path
from typing import Any

import pytest

from ringmain.kit.db import Database
from ringmain.kit.secrets import Keyring, MasterKeyForeign, MasterKeyMissing
from ringmain.member.api import open_keyring


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the key file of an installation lies."""
    return tmp_path / "master.key"


async def _open(url: str, path: Path) -> Keyring:
    async with Database(url, connections=2) as database, database.unit(None) as uow:
        return await open_keyring(uow, path)


async def test_a_first_start_makes_the_key_and_later_starts_know_it(new_database: Any, path: Path) -> None:
    """The file is made once; its fingerprint, and nothing else of it, stands in the database."""
    url = new_database().application_url
    first = await _open(url, path)
    assert Keyring.open(path).fingerprint(1) == first.fingerprint(1)
    assert (await _open(url, path)).fingerprint(1) == first.fingerprint(1)


async def test_a_lost_key_file_is_never_made_anew(new_database: Any, path: Path) -> None:
    """Once the database knows a key, a start without the file is refused, and no file appears."""
    url = new_database().application_url
    await _open(url, path)
    lost = path.with_name("lost.key")
    with pytest.raises(MasterKeyMissing):
        await _open(url, lost)
    with pytest.raises(MasterKeyMissing):
        Keyring.open(lost)


async def test_the_key_of_another_database_is_refused(new_database: Any, path: Path, tmp_path: Path) -> None:
    """Mixing up two installations is noticed at the start, before anything is encrypted with the wrong key."""
    url = new_database().application_url
    await _open(url, path)
    foreign = tmp_path / "other.key"
    Keyring.create(foreign)
    with pytest.raises(MasterKeyForeign, match="belongs to another database"):
        await _open(url, foreign)
    # The control: the right file still opens.
    assert (await _open(url, path)).versions == (1,)


async def test_a_rotated_key_is_taken_up_and_an_old_copy_of_it_too(new_database: Any, path: Path) -> None:
    """After a rotation both versions are known; forgetting the old one is no foreign key."""
    url = new_database().application_url
    await _open(url, path)
    Keyring.rotate(path)
    assert (await _open(url, path)).versions == (2, 1)
    Keyring.forget(path, 1)
    assert (await _open(url, path)).versions == (2,)
