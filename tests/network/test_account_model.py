"""What e-mails and passwords must be, and how locks grow."""

from datetime import UTC, datetime, timedelta

import pytest

from ringmain.network.model.accounts import Patience, Tries, normal_email, normal_recovery_code, weakness

_NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (" Mei.Lin@Lotus.Example ", "mei.lin@lotus.example"),
        ("ｍei@lotus.example", "mei@lotus.example"),
        ("林@茶.example", "林@茶.example"),
        ("mei", None),
        ("mei@", None),
        ("mei@a@b", None),
        ("mei lin@lotus.example", None),
        ("<mei>@lotus.example", None),
        ("m" * 65 + "@lotus.example", None),
        ("m@" + "l" * 253, None),
    ],
)
def test_emails_are_compared_in_one_form(text: str, normal: str | None) -> None:
    """Case, width and spaces around do not matter; what is no address is none."""
    assert normal_email(text) == normal


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("eleven char", "too_short"),
        ("x" * 257, "too_long"),
        ("four ducks cross slowly", None),
        ("四只鸭子慢慢地走过马路去", None),
        ("Zk4-vq8-Rw2-Lm", None),
        ("lotus tea house garden", None),
        ("MeiLin123456", "personal"),
        ("mei.lin@lotus", "personal"),
        ("lotus-2026-01", "personal"),
        ("password1234", "common"),
        ("P@ssw0rd!2026", "common"),
        ("Passw0rd-Passw0rd", "common"),
        ("123456789012", "common"),
        ("qwertyuiop12", "common"),
        ("1qaz2wsx3edc", "common"),
        ("zyxwvutsrqpo", "common"),
        ("abcdabcdabcdabcd", "common"),
        ("aaaaaaaaaaaaab", "common"),
        ("iloveyou2026", "common"),
        ("summer2026summer", "common"),
        ("correct horse battery staple", "common"),
    ],
)
def test_a_password_is_long_and_not_the_first_guess(password: str, reason: str | None) -> None:
    """Length counts, and what anybody would try first is refused; no kind of character is asked for."""
    assert weakness(password, "mei.lin@lotus.example", "Mei Lin") == reason


def test_recovery_codes_may_be_typed_loosely() -> None:
    """Case, spaces and hyphens do not matter."""
    assert normal_recovery_code(" abcde-fgh jk") == "ABCDEFGHJK"


def test_locks_grow_and_are_bounded() -> None:
    """The tries up to the limit are free; then each is followed by a lock twice as long, up to the longest one."""
    patience = Patience(3, timedelta(minutes=1), timedelta(minutes=5))
    tries, locks = Tries(), []
    for _ in range(7):
        tries = tries.one_more(patience, _NOW)
        locks.append((tries.locked_until or _NOW) - _NOW)
    assert locks == [timedelta(minutes=minutes) for minutes in (0, 0, 1, 2, 4, 5, 5)]
    assert tries.is_locked(_NOW)
    assert not tries.is_locked(_NOW + timedelta(minutes=5))


def test_tries_are_forgotten_after_a_day() -> None:
    """A wrong try of the day before does not count any more."""
    patience = Patience(2, timedelta(minutes=1), timedelta(minutes=5))
    once = Tries().one_more(patience, _NOW)
    assert once.one_more(patience, _NOW + timedelta(days=1)).tries == 2
    assert once.one_more(patience, _NOW + timedelta(days=1, seconds=1)).tries == 1
