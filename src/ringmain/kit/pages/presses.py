"""Presses of a button: each page carries a signed one of its own, and it counts once, however often it is sent."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlsplit
from uuid import UUID

from starlette.datastructures import Headers

from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import time_of, uuid7
from ringmain.kit.secrets import Keyring

_VALID = timedelta(hours=12)
_ID_BYTES = 16
_MAC_BYTES = 16
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_PURPOSE = "page press"


class PressRefused(RuleBroken):
    """The button was not pressed on a page of ours, or too long ago."""

    code = "press_refused"
    status = HTTPStatus.FORBIDDEN
    next_step = "Open the page again and press the button there."


@dataclass(frozen=True, slots=True)
class Presses:
    """Makes presses and knows its own again; `keyring` signs them, so that no other site can make one up.

    `session_id` binds a press to the browser whose page carried it; without one it is good in any.
    """

    keyring: Keyring
    session_id: UUID | None = None

    def new(self) -> str:
        """Return the text of a new press, for a hidden field of a form."""
        press = uuid7(datetime.now(tz=UTC)).bytes
        return base64.urlsafe_b64encode(press + self._mac(press)).decode().rstrip("=")

    def read(self, text: str) -> UUID:
        """Return the id of a press. Raises `PressRefused` where it is not ours or is older than twelve hours."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise PressRefused() from None
        press, mac = raw[:_ID_BYTES], raw[_ID_BYTES:]
        if len(mac) != _MAC_BYTES or not hmac.compare_digest(mac, self._mac(press)):
            raise PressRefused()
        id_ = UUID(bytes=press)
        if datetime.now(tz=UTC) - time_of(id_) > _VALID:
            raise PressRefused()
        return id_

    def _mac(self, press: bytes) -> bytes:
        whose = b"" if self.session_id is None else self.session_id.bytes
        return hmac.digest(self.keyring.derived(_PURPOSE), press + whose, "sha256")[:_MAC_BYTES]


@dataclass(frozen=True, slots=True)
class OwnPages:
    """Says whether a form was sent from a page of this installation, by what the browser tells of its origin."""

    host: str
    public_url: str | None

    def check(self, headers: Headers) -> None:
        """Raise `PressRefused` where the browser says that another site sent this, or calls us by a foreign name."""
        if headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise PressRefused()
        names = {headers.get("host", "")}
        if self.public_url is not None:
            names.add(urlsplit(self.public_url).netloc)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc not in names:
            raise PressRefused()
        if not self._knows(headers.get("host", "")):
            raise PressRefused()

    def _knows(self, host: str) -> bool:
        """Say whether we may be called so: a server on this machine only is called by its names.

        Otherwise a name that another site makes lead here (DNS rebinding) would pass for our own.
        """
        if self.host not in _LOOPBACK:
            return True
        if self.public_url is not None and host == urlsplit(self.public_url).netloc:
            return True
        return urlsplit(f"//{host}").hostname in _LOOPBACK
