"""Who is calling: API keys looked up once and remembered for a few seconds, so that a revocation is soon felt."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ringmain.kit.http.limits import Bucket, Limit
from ringmain.kit.http.route import Principal

Authenticate = Callable[[str], Awaitable[Principal | None]]


@dataclass(slots=True)
class Session:
    """A key in use: who it is, until when this is believed (monotonic seconds), and its rate."""

    principal: Principal
    until: float
    bucket: Bucket


class Sessions:
    """The keys seen lately; a key is looked up again after `seconds`, and several requests share one look-up."""

    def __init__(
        self,
        authenticate: Authenticate,
        limit: Limit,
        *,
        seconds: float = 5.0,
        most: int = 50_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self._authenticate = authenticate
        self._seconds = seconds
        self._most = most
        self._monotonic = monotonic
        self._known: dict[bytes, Session] = {}
        self._asking: dict[bytes, asyncio.Task[Principal | None]] = {}

    def known(self, authorization: bytes, now: float) -> Session | None:
        """Return the session of an `Authorization` header if it is still believed at `now`."""
        session = self._known.get(authorization)
        return session if session is not None and session.until > now else None

    def seen(self, authorization: bytes) -> bool:
        """Say whether this key was good when it was looked up last."""
        return authorization in self._known

    async def look_up(self, authorization: bytes) -> Session | None:
        """Ask who this is; None where the header is no bearer token or the key is not valid."""
        scheme, _, token = authorization.partition(b" ")
        token = token.strip()
        if scheme.lower() != b"bearer" or not token or not token.isascii():
            return None
        principal = await self._ask(authorization, token.decode())
        if principal is None:
            self._known.pop(authorization, None)
            return None
        now = self._monotonic()
        before = self._known.get(authorization)
        if before is None and len(self._known) >= self._most:
            self._known = {header: session for header, session in self._known.items() if session.until > now}
        # The bucket stays with the key: asking again who it is does not fill it up.
        bucket = before.bucket if before is not None else Bucket(self.limit, now)
        session = self._known[authorization] = Session(principal, now + self._seconds, bucket)
        return session

    def forget(self) -> None:
        """Look every key up again at its next request."""
        self._known.clear()

    async def _ask(self, authorization: bytes, token: str) -> Principal | None:
        task = self._asking.get(authorization)
        if task is None:
            task = self._asking[authorization] = asyncio.ensure_future(self._authenticate_once(token))
            task.add_done_callback(lambda _: self._asking.pop(authorization, None))
        # One caller that goes away does not take the answer from the others.
        return await asyncio.shield(task)

    async def _authenticate_once(self, token: str) -> Principal | None:
        return await self._authenticate(token)
