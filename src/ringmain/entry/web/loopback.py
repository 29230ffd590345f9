"""A minimal HTTP/1.1 client with which the server calls itself; it does so little that the times are the server's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from ringmain.kit.pure.errors import Unavailable

_MOST_HEAD_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """The body as data."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Place:
    """Where this server listens: the socket's own address, not what a proxy in front of it is called."""

    host: str
    port: int

    @classmethod
    def of(cls, server: tuple[str, int | None] | None) -> Self:
        """Return the place that an ASGI server names. Raises `Unavailable` where it is no TCP socket."""
        if server is None or server[1] is None:
            raise Unavailable("the server does not listen on a TCP port, so it cannot call itself")
        return cls(server[0], server[1])


class Connection:
    """One open connection; requests follow one another on it."""

    def __init__(self, place: Place, token: str, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self._place = place
        self._token = token
        self._reader, self._writer = streams

    async def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Reply:
        """Send one request and wait for its answer; `key` is the Idempotency-Key."""
        data = b"" if body is None else json.dumps(body).encode()
        lines = [
            f"{method} {path} HTTP/1.1",
            f"Host: {self._place.host}:{self._place.port}",
            f"Authorization: Bearer {self._token}",
            f"Content-Length: {len(data)}",
        ]
        if data:
            lines.append("Content-Type: application/json")
        if key is not None:
            lines.append(f"Idempotency-Key: {key}")
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + data)
        return await self._answer()

    async def _answer(self) -> Reply:
        try:
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await self._reader.readexactly(int(headers["content-length"]))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
            raise Unavailable("the server ended the connection before it answered") from error
        return Reply(int(head[0].split(" ")[1]), body)


@asynccontextmanager
async def connected(place: Place, token: str, count: int) -> AsyncIterator[list[Connection]]:
    """Open connections, all of them before the first is used, and close them at the end. Raises `Unavailable`."""
    opening = [asyncio.open_connection(place.host, place.port, limit=_MOST_HEAD_BYTES) for _ in range(count)]
    opened = await asyncio.gather(*opening, return_exceptions=True)
    streams = [one for one in opened if not isinstance(one, BaseException)]
    try:
        if len(streams) < count:
            raise Unavailable("the server did not accept its own connections")
        yield [Connection(place, token, one) for one in streams]
    finally:
        for _, writer in streams:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in streams), return_exceptions=True)
