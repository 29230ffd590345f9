"""Tests of the tokens of links."""

import pytest

from ringmain.kit.secrets import Keyring, SealBroken
from ringmain.kit.tokens import make_token, read_token

OLD, NEW = {1: bytes(32)}, {1: bytes(32), 2: bytes(range(32))}
DATA = bytes(range(32))


def test_a_token_reads_back_and_is_always_the_same() -> None:
    """The same data gives the same link, of letters that every URL takes, and does not show the data."""
    token = make_token(Keyring(OLD), "stop", DATA)
    assert token == make_token(Keyring(OLD), "stop", DATA)
    assert read_token(Keyring(OLD), "stop", token) == DATA
    assert len(token) == 66
    assert token.replace("-", "").replace("_", "").isalnum()


def test_a_token_survives_the_rotation_of_the_master_key() -> None:
    """Links that were sent stay good while the old version is kept, and not after."""
    token = make_token(Keyring(OLD), "stop", DATA)
    assert read_token(Keyring(NEW), "stop", token) == DATA
    with pytest.raises(SealBroken):
        read_token(Keyring({2: NEW[2]}), "stop", token)


def test_a_changed_or_foreign_token_is_refused() -> None:
    """Each letter counts, and so do purpose and installation."""
    token = make_token(Keyring(OLD), "stop", DATA)
    changed = [token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(65)]
    for wrong in [*changed, "", "A", "ä", token[:-3], token + "AAAA", " " + token]:
        with pytest.raises(SealBroken):
            read_token(Keyring(OLD), "stop", wrong)
    for keyring, purpose in ((Keyring({1: bytes(range(32))}), "stop"), (Keyring(OLD), "start")):
        with pytest.raises(SealBroken):
            read_token(keyring, purpose, token)
