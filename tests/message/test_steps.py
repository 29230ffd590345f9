"""Tests of what a provider's report means beside those before it, and of words that stop messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from ringmain.message.model.steps import State, Verdict, is_stop_word, judge

NOW = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """A step, told at some minute."""

    state: str
    provider_reference: str | None
    minute: int = 0
    late: bool = False

    @property
    def happened_at(self) -> datetime:
        """The minute as a time."""
        return NOW + timedelta(minutes=self.minute)


QUEUED = Told("queued", None)
SENT = Told("sent", "a")
FAILED = Told("failed", "a", 1)
AGAIN = Told("sent", "b", 2)


@pytest.mark.parametrize(
    ("before", "state", "reference", "verdict"),
    [
        ([QUEUED, SENT], State.DELIVERED, "a", Verdict.NEW),
        ([QUEUED, SENT], State.DELIVERED, None, Verdict.NEW),
        # It can be told before we have noted that it was taken.
        ([QUEUED], State.DELIVERED, "a", Verdict.NEW),
        ([QUEUED, Told("delivered", "a")], State.SENT, "a", Verdict.LATE),
        ([QUEUED, SENT], State.SENT, "a", Verdict.REPEATED),
        ([QUEUED, SENT, Told("delivered", "a")], State.DELIVERED, "a", Verdict.REPEATED),
        # What arrived has not failed; what was said to have failed may still arrive; what arrived may come back.
        ([QUEUED, SENT, Told("delivered", "a")], State.FAILED, "a", Verdict.LATE),
        ([QUEUED, SENT, FAILED], State.DELIVERED, "a", Verdict.NEW),
        ([QUEUED, SENT, Told("delivered", "a")], State.BOUNCED, "a", Verdict.NEW),
        ([QUEUED, SENT, Told("opened", "a")], State.DELIVERED, "a", Verdict.LATE),
        ([QUEUED, SENT, Told("opened", "a")], State.COMPLAINED, "a", Verdict.NEW),
        # Another try is another story; a failure of the first that is told now changes nothing any more.
        ([QUEUED, SENT, FAILED, QUEUED, AGAIN], State.FAILED, "b", Verdict.NEW),
        ([QUEUED, SENT, QUEUED, AGAIN], State.FAILED, "a", Verdict.LATE),
        ([QUEUED, SENT, FAILED, QUEUED, AGAIN], State.DELIVERED, "a", Verdict.NEW),
        # A provider that calls every try the same: the second failure is news, the first one told again is not.
        ([QUEUED, SENT, FAILED, QUEUED, Told("sent", "a", 2)], State.FAILED, "a", Verdict.NEW),
        ([QUEUED, SENT, Told("failed", "a", 5), QUEUED, Told("sent", "a", 6)], State.FAILED, "a", Verdict.REPEATED),
        ([QUEUED, Told("delivered", "a"), Told("sent", "a", late=True)], State.DELIVERED, "a", Verdict.REPEATED),
    ],
)
def test_reports_come_twice_and_in_any_order(
    before: Sequence[Told], state: State, reference: str | None, verdict: Verdict
) -> None:
    """What is known of a try is never taken back by what was told late or twice."""
    assert judge(before, state, reference, NOW + timedelta(minutes=5)) is verdict


@pytest.mark.parametrize(
    "word", ["STOP", " stop. ", "Unsubscribe", "TD", "td", "T", "退订", "退订。", "ＴＤ", "“STOP”"]
)
def test_words_that_stop_messages(word: str) -> None:
    """As carriers know them, in both languages, however they are typed."""
    assert is_stop_word(word)


@pytest.mark.parametrize("word", ["", "please do not stop", "tea", "start", "T1", "退订吗", "stop it now"])
def test_other_words_stop_nothing(word: str) -> None:
    """Only the word alone counts."""
    assert not is_stop_word(word)
