"""Logs are structured, and secrets, card numbers and phones are masked before anything is written."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from ringmain.kit.logs import MASK, configure_logs, is_card_number, mask_text

# Published test numbers of card schemes; no real card has them.
_CARDS = ["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "6011111111111117", "3530111333300000"]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Give the stream of a JSON log at level info; logging is put back afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("info", "json", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def entries(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the written entries."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("card", _CARDS)
def test_card_number_is_masked_wherever_it_stands(log: io.StringIO, card: str) -> None:
    """A Luhn-valid number is masked in the message, in values, in nested values, in keys and in stack traces."""
    logger = structlog.get_logger("test")
    message = f"paid with {card}"
    logger.info(message, note=f"card:{card}.", deep={"list": [card, {card: 1}]}, number=card)
    try:
        int(f"bad card {card}")
    except ValueError:
        logger.exception("failed")
    logging.getLogger("library").warning("seen %s", card)
    assert card not in log.getvalue()
    assert len(entries(log)) == 3
    assert entries(log)[0]["event"] == f"paid with {MASK}"


def test_whole_number_that_is_a_card_is_masked(log: io.StringIO) -> None:
    """A card number given as an integer is masked too; other numbers stay numbers."""
    structlog.get_logger("test").info(
        "paid", number=4111111111111111, amount_minor=4111111111111112, share=0.5, ok=True
    )
    (entry,) = entries(log)
    assert (entry["number"], entry["amount_minor"], entry["share"], entry["ok"]) == (MASK, 4111111111111112, 0.5, True)


@pytest.mark.parametrize("number", ["4111111111111112", "12345678901", "1" * 20, "4111-1111-1111-1111-"[:-1] + "x"])
def test_other_numbers_are_left(number: str) -> None:
    """Numbers with a wrong check digit or of another length are no cards."""
    assert not is_card_number(number)


@pytest.mark.parametrize("card", _CARDS)
def test_card_numbers_are_recognised(card: str) -> None:
    """The published test numbers are cards, with and without blanks and hyphens."""
    assert is_card_number(card)


def test_secrets_are_masked_by_name_and_by_form(log: io.StringIO) -> None:
    """Values under secret names, passwords in URLs and bearer tokens are masked; the rest is left."""
    structlog.get_logger("test").info(
        "connect to postgresql://ringmain:hidden-one@/db with Authorization: Bearer hidden-two-token",
        password="hidden-three",
        headers={"Cookie": "hidden-four", "Accept": "text/html"},
        api_key="hidden-five",
        card_token="hidden-six",
        mapping="kept",
        text="password=hidden-seven&next=1",
    )
    (entry,) = entries(log)
    assert "hidden" not in log.getvalue()
    assert (entry["headers"]["Accept"], entry["mapping"]) == ("text/html", "kept")
    assert entry["text"] == f"password={MASK}&next=1"


@pytest.mark.parametrize("phone", ["+49 170 1234567", "+8613812345678", "0049 (170) 123-4567", "13812345678"])
def test_phone_is_masked(phone: str) -> None:
    """What looks like a phone number is masked."""
    assert mask_text(f"call {phone} now") == f"call {MASK} now"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T14:41:28.123456Z",
        "0197a2b4-7c11-7123-8123-012345678901",
        "redeemed 1000 of 2000 in 12.5 ms",
        "127.0.0.1:38985",
        "network 00000000-0000-0000-0000-000000000001",
    ],
)
def test_times_ids_and_figures_are_left(text: str) -> None:
    """Times, ids, amounts and addresses stay readable."""
    assert mask_text(text) == text


def test_entry_has_time_level_and_logger(log: io.StringIO) -> None:
    """An entry carries its UTC time, level and logger; what is below the level is not written."""
    structlog.get_logger("ringmain.sale").debug("unseen")
    structlog.get_logger("ringmain.sale").info("seen", shop="s1")
    logging.getLogger("library").info("also %s", "seen")
    first, second = entries(log)
    assert (first["event"], first["level"], first["logger"], first["shop"]) == ("seen", "info", "ringmain.sale", "s1")
    assert first["timestamp"].endswith("Z")
    assert (second["event"], second["logger"]) == ("also seen", "library")


def test_console_form_is_masked_too() -> None:
    """Readable text is masked like JSON."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    try:
        configure_logs("info", "console", stream)
        structlog.get_logger("test").info("paid", number=_CARDS[0])
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    assert "paid" in stream.getvalue()
    assert _CARDS[0] not in stream.getvalue()
