"""What the outside world's HTTP servers on this machine share: an address, and requests as they come."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Received:
    """A request: its method, path, headers by lower-case names, and bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return dict(parse_qsl(self.body.decode(), strict_parsing=True))


class Listening:
    """A server on a free port, which answers in `serve`."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()

    @property
    def url(self) -> str:
        """The address of the server."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def serve(self, received: AsyncIterator[Received], writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        raise NotImplementedError

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self.serve(_requests(reader), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


async def _requests(reader: asyncio.StreamReader) -> AsyncIterator[Received]:
    while line := await reader.readline():
        method, path, _ = line.decode().split()
        headers = {}
        while (header := (await reader.readline()).decode().strip()) != "":
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        yield Received(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))
