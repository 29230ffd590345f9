"""The edge of the outside world: an HTTP server that behaves like WeChat's API for template messages."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

from ringmain.kit.settings import WechatTemplate
from ringmain.message.channels.wechat import WechatAccount
from ringmain.message.texts import Template
from tests.message.listening import Listening, Received

APP_ID, SECRET, CALLS = "wx00000000000001", "the-secret-of-the-app", "the-token-of-calls"
OPENID = "oA1b2C3d4E5f6G7h8I9j0KlMnOpQ"
TEMPLATES = {
    Template.VOUCHER_WON: WechatTemplate(id="won-1", fields={"thing1": "shop", "thing2": "value", "thing3": "network"})
}


class FakeWechat(Listening):
    """Gives tokens, and takes messages with the newest one; what is in `answers` comes first, once for each message."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, object]] = []
        self.answers: list[bytes | None] = []
        self.tokens: list[str] = []
        self.forced: list[bool] = []
        self.over: set[str] = set()

    def account(self, **more: object) -> WechatAccount:
        """Return an official account at this server."""
        known = {"url": self.url, "app_id": APP_ID, "secret": SECRET, "templates": TEMPLATES}
        return WechatAccount(**(known | more))  # type: ignore[arg-type]  # a test changes what it wants

    async def serve(self, received: AsyncIterator[Received], writer: asyncio.StreamWriter) -> None:
        """Answer as was asked for, else as WeChat would; None says nothing, until the caller gives up."""
        async for request in received:
            place = urlsplit(request.path)
            content = json.loads(request.body)
            if place.path == "/cgi-bin/stable_token":
                answer: bytes | None = self._token(content)
            else:
                assert place.path == "/cgi-bin/message/template/send"
                answer = self._take(parse_qs(place.query)["access_token"][0], content)
            if answer is not None:
                head = f"HTTP/1.1 200 x\r\ncontent-length: {len(answer)}\r\n\r\n"
                writer.write(head.encode() + answer)
                await writer.drain()

    def _token(self, asked: dict[str, object]) -> bytes:
        if (asked["appid"], asked["secret"]) != (APP_ID, SECRET):
            return problem(40125)
        self.forced.append(bool(asked["force_refresh"]))
        if not self.tokens or asked["force_refresh"]:
            self.tokens.append(f"token-{len(self.tokens) + 1}")
        return json.dumps({"access_token": self.tokens[-1], "expires_in": 7_200}).encode()

    def _take(self, token: str, content: dict[str, object]) -> bytes | None:
        if token != self.tokens[-1] or token in self.over:
            return problem(42001 if token in self.tokens else 40001)
        if self.answers:
            return self.answers.pop(0)
        self.messages.append(content)
        return json.dumps({"errcode": 0, "errmsg": "ok", "msgid": 2**62 + len(self.messages)}).encode()


def problem(code: int) -> bytes:
    """Return an error as WeChat writes it; the sentence quotes what it likes."""
    return json.dumps({"errcode": code, "errmsg": f"hint: [{OPENID}] rid: 1"}).encode()


def signed(timestamp: int, nonce: str = "n1", token: str = CALLS) -> str:
    """Return the query of a call as WeChat signs it."""
    signature = hashlib.sha1("".join(sorted((token, str(timestamp), nonce))).encode()).hexdigest()  # noqa: S324 (WeChat's)
    return f"signature={signature}&timestamp={timestamp}&nonce={nonce}"


def finished(reference: str, status: str = "success", at: int = 1_772_359_200) -> bytes:
    """Return what WeChat posts when it is done with a message."""
    return (
        f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{OPENID}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[event]]></MsgType>"
        f"<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>{reference}</MsgID>"
        f"<Status><![CDATA[{status}]]></Status></xml>"
    ).encode()
