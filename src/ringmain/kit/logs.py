"""Structured logs, JSON or text, in which secrets, card numbers and phones are masked before anything is written."""

import logging
import re
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

MASK = "***"
_SECRET_NAMES = re.compile(
    r"(?i)(?:^|[_.-])(pass(word|wd|phrase)?|secret|token|api_?key|master_?key|private_?key|authorization|cookie|credential|pin|otp"
    r"|dsn|database_url|migration_url|application_url|voucher_code|one_time_code)$"
)
# A password in a URL, a bearer token, and a value given to a secret name inside a text.
_IN_URL = re.compile(r"(?i)([a-z][a-z0-9+.-]*://[^\s:/@?#]*:)[^\s@/]+(@)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")
_NAMED = re.compile(
    r"(?i)\b((?:[a-z]+_)?(?:pass(?:word|wd|phrase)?|secret|token|api_?key|authorization))(\"?'?\s*[=:]\s*\"?'?)([^\s\"'&,;}]+)"
)
# Digits with single blanks, dots or hyphens between them: cards have 12 to 19, phones 7 to 15 behind a plus sign.
_DIGITS = re.compile(r"(?<![\w.-])\d(?:[ .-]?\d){11,18}(?![\w-])")
_CARD = re.compile(r"\d(?:[ .-]?\d){11,18}")
_PHONE = re.compile(r"(?<![\w])(?:\+|00)[1-9](?:[ .()/-]{0,2}\d){6,14}(?!\d)|(?<![\w.-])1[3-9]\d{9}(?![\w-])")
_DEEPEST = 6
_TALKATIVE = ("alembic", "procrastinate", "uvicorn")


def configure_logs(
    level: str = "info", form: Literal["auto", "json", "console"] = "auto", stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's logging alike, so that libraries are masked too.

    `stream` is standard error unless given. May be called again.
    """
    out = stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not out.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            # Last before rendering: it sees everything that will be written, stack traces included.
            mask_event,
            renderer,
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library in _TALKATIVE:
        # Their "info" tells every step of every job; whoever looks for a fault sets the level to debug.
        logging.getLogger(library).setLevel("DEBUG" if level == "debug" else "WARNING")
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level.upper()),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask a whole log entry: a processor of structlog."""
    return {name: value if name in ("timestamp", "level") else _masked(name, value, 0) for name, value in event.items()}


def mask_text(text: str) -> str:
    """Return the text with passwords in URLs, tokens, Luhn-valid card numbers and phone-like values masked."""
    text = _IN_URL.sub(rf"\1{MASK}\2", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _NAMED.sub(rf"\1\2{MASK}", text)
    # Phones first: the digits of one may pass for a card, and its plus sign would be left.
    text = _PHONE.sub(MASK, text)
    return _DIGITS.sub(lambda match: MASK if is_card_number(match[0]) else match[0], text)


def is_card_number(text: str) -> bool:
    """Return whether the text is 12 to 19 digits, apart from blanks, dots and hyphens, with a valid Luhn digit."""
    if not _CARD.fullmatch(text):
        return False
    digits = [int(character) for character in text if character.isdecimal()]
    # ISO/IEC 7812-1, annex B: every second digit from the right is doubled, and its cross sum taken.
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _masked(name: str, value: Any, depth: int) -> Any:
    if _SECRET_NAMES.search(name) and value is not None:
        return MASK
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _masked_many(value, depth + 1)
    masked = mask_text(str(value))
    # What needs no mask keeps its type: a number stays a number in JSON.
    return value if isinstance(value, bool | int | float | None) and masked == str(value) else masked


def _masked_many(values: Mapping[Any, Any] | Iterable[Any], depth: int) -> Any:
    if depth > _DEEPEST:
        return MASK
    if isinstance(values, Mapping):
        return {mask_text(str(key)): _masked(str(key), item, depth) for key, item in values.items()}
    return [_masked("", item, depth) for item in values]
