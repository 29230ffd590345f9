"""Template messages of a WeChat official account: fields of bounded length instead of words of ours.

https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from http import HTTPStatus
from typing import Any, Protocol

import httpx2
import msgspec

from ringmain.kit.pure.money import Money
from ringmain.message.channels.port import Delivered, NotDelivered, Outgoing
from ringmain.message.texts import Template, Value, in_words, plain_amount

_TOKEN_PATH, _SEND_PATH = "/cgi-bin/stable_token", "/cgi-bin/message/template/send"
# The token is not (any more) one of theirs: a new one may be.
_TOKEN_OVER = frozenset({40001, 40014, 42001})
_PASSING = {-1: "provider_busy", 45009: "quota_used_up", 45011: "provider_busy", 45047: "quota_used_up"}
_REASONS = {
    # The person has left: for good, until they are told of as a follower again.
    40003: "address_invalid",
    43004: "not_following",
    43101: "stopped_at_provider",
    # What the operator has set up is wrong.
    40001: "credentials_refused",
    40013: "credentials_refused",
    40014: "credentials_refused",
    40037: "template_unknown",
    40125: "credentials_refused",
    40164: "our_address_refused",
    40243: "credentials_refused",
    41001: "credentials_refused",
    41002: "credentials_refused",
    41004: "credentials_refused",
    42001: "credentials_refused",
    47001: "template_mismatch",
    47003: "template_mismatch",
    48001: "not_permitted",
    50002: "not_permitted",
}
_OTHER_REASON = "provider_refused"
# The longest value of each type of field; words beyond it are cut, figures and times cannot be.
_LONGEST = {
    "thing": 20,
    "const": 20,
    "name": 10,
    "phrase": 5,
    "character_string": 32,
    "number": 32,
    "letter": 32,
    "symbol": 5,
    "amount": 20,
    "date": 40,
    "time": 40,
}
_CUT = frozenset({"thing", "const", "name", "phrase"})
_ELLIPSIS = "…"
# Letters beyond it count twice.
_ONE_UNIT = 0xFFFF


class TemplateLike(Protocol):
    """A template of the account: its id there, and what each of its fields is filled with."""

    @property
    def id(self) -> str:
        """The id."""
        ...

    @property
    def fields(self) -> Mapping[str, str]:
        """The name of a value for each field."""
        ...


@dataclass(frozen=True, slots=True)
class WechatAccount:
    """The official account, and its template for each message of ours that has one."""

    url: str
    app_id: str
    secret: str = field(repr=False)
    templates: Mapping[Template, TemplateLike]
    timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Token:
    """What lets us call, and for how many seconds."""

    text: str = field(repr=False)
    seconds: int


class Tokens(Protocol):
    """Where a token is kept while it is good."""

    async def current(self, message: Outgoing, app_id: str) -> str | None:
        """Return the token that is kept, None where it is over."""
        ...

    async def keep(self, message: Outgoing, app_id: str, token: Token) -> None:
        """Keep a new one instead."""
        ...


class _Answer(msgspec.Struct, frozen=True):
    """What is read of an answer."""

    errcode: int = 0
    msgid: int | None = None
    access_token: str | None = None
    expires_in: int = 0


class WechatTemplates:
    """Sends template messages by HTTP; addresses are the openids of followers."""

    def __init__(self, account: WechatAccount, tokens: Tokens) -> None:
        self._account = account
        self._tokens = tokens
        self._renewing = asyncio.Lock()
        self._client = httpx2.AsyncClient(base_url=account.url.rstrip("/"), timeout=account.timeout_seconds)

    async def deliver(self, message: Outgoing) -> Delivered:
        """Hand one message over. Raises `NotDelivered`; a token that is over is renewed once."""
        template = self._account.templates.get(message.template)
        if template is None:
            raise NotDelivered("no_template", passing=False)
        content = {
            "touser": message.address,
            "template_id": template.id,
            "data": {name: {"value": filled(name, value, message)} for name, value in template.fields.items()},
            # A message that is sent again, because its answer was lost, is shown once.
            "client_msg_id": message.message_id.hex,
        }
        if message.link is not None:
            content["url"] = message.link
        token = await self._tokens.current(message, self._account.app_id) or await self._renewed(message, None)
        answer = await self._call(_SEND_PATH, content, token)
        if answer.errcode in _TOKEN_OVER:
            answer = await self._call(_SEND_PATH, content, await self._renewed(message, token))
        _raise(answer)
        return Delivered(None if answer.msgid is None else str(answer.msgid))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _renewed(self, message: Outgoing, refused: str | None) -> str:
        """Return a token that is not the refused one; others who share the account keep theirs where that may be."""
        async with self._renewing:
            kept = await self._tokens.current(message, self._account.app_id)
            if kept is not None and kept != refused:
                # Another message has renewed it meanwhile.
                return kept
            token = await self._fetch(force=False)
            if token.text == refused:
                token = await self._fetch(force=True)
            await self._tokens.keep(message, self._account.app_id, token)
            return token.text

    async def _fetch(self, *, force: bool) -> Token:
        asked = {
            "grant_type": "client_credential",
            "appid": self._account.app_id,
            "secret": self._account.secret,
            "force_refresh": force,
        }
        answer = await self._call(_TOKEN_PATH, asked)
        _raise(answer)
        if not answer.access_token:
            raise NotDelivered("provider_failed", passing=True)
        return Token(answer.access_token, answer.expires_in)

    async def _call(self, path: str, content: Mapping[str, Any], token: str | None = None) -> _Answer:
        query = {} if token is None else {"access_token": token}
        try:
            response = await self._client.post(path, params=query, content=msgspec.json.encode(content))
        except httpx2.TimeoutException:
            raise NotDelivered("provider_timeout", passing=True) from None
        except httpx2.HTTPError:
            # The library's own text may hold the address with its token; the word is enough.
            raise NotDelivered("provider_unreachable", passing=True) from None
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise NotDelivered("provider_busy", passing=True)
        if response.status_code != HTTPStatus.OK:
            passing = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
            raise NotDelivered("provider_failed" if passing else _OTHER_REASON, passing=passing)
        try:
            return msgspec.json.decode(response.content, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NotDelivered("provider_failed", passing=True) from None


def filled(name: str, source: str, message: Outgoing) -> str:
    """Return the value of a field, such as `thing1`, within the length of its type.

    Words are cut, and end in an ellipsis then. Raises `NotDelivered` where a value does not fit its type: another
    channel has room for it.
    """
    kind = name.rstrip("0123456789")
    value = message.values.get(source)
    if value is None:
        raise NotDelivered("template_mismatch", passing=False)
    text = " ".join(_text(kind, value, message.language, message.zone).split())
    if _units(text) <= _LONGEST[kind]:
        return text
    if kind not in _CUT:
        raise NotDelivered("message_too_long", passing=False)
    while _units(text) > _LONGEST[kind] - 1:
        text = text[:-1]
    return text.rstrip() + _ELLIPSIS


def _text(kind: str, value: Value, language: str, zone: tzinfo) -> str:
    if isinstance(value, datetime) and kind in ("date", "time"):
        local = value.astimezone(zone)
        day = f"{local.year}年{local.month}月{local.day}日"
        return f"{day} {local.hour:02}:{local.minute:02}" if kind == "time" else day
    if isinstance(value, Money) and kind == "amount":
        return plain_amount(value)
    return in_words(value, language, zone)


def _units(text: str) -> int:
    return sum(2 if ord(letter) > _ONE_UNIT else 1 for letter in text)


def _raise(answer: _Answer) -> None:
    code = answer.errcode
    if code in _PASSING:
        raise NotDelivered(_PASSING[code], passing=True, provider_code=code)
    if code:
        raise NotDelivered(_REASONS.get(code, _OTHER_REASON), passing=False, provider_code=code)
