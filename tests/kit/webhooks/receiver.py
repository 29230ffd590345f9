"""A receiver of webhooks: a real HTTP server on this machine that behaves as a test wants it to."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

# What to do with the n-th call (from 1) for a message: a status, "hang", "drop" (take it, answer nothing), raw bytes.
Behaviour = Callable[[str, int], int | str | bytes]


@dataclass(slots=True)
class Received:
    """One call."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The message's id."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        """The CloudEvent."""
        return json.loads(self.body)


@dataclass(slots=True)
class Receiver:
    """What was received, and how to answer."""

    port: int = 0
    behaviour: Behaviour = lambda _id, _count: 204
    calls: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the calls of one connection."""
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                    headers = {
                        name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                    }
                    body = await reader.readexactly(int(headers.get("content-length", "0")))
                    call = Received(head[0].split(" ")[1], headers, body)
                    self.calls.append(call)
                    id_ = headers.get("webhook-id", "")
                    self.counts[id_] = self.counts.get(id_, 0) + 1
                    answer = self.behaviour(id_, self.counts[id_])
                    if answer == "hang":
                        await asyncio.sleep(3_600)
                    if answer == "drop" or (isinstance(answer, int) and 200 <= answer < 300):
                        self.taken.append(call)
                    if answer == "drop":
                        break
                    if isinstance(answer, bytes):
                        writer.write(answer)
                    else:
                        writer.write(f"HTTP/1.1 {answer} Said\r\ncontent-length: 0\r\n\r\n".encode())
                    await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def receiving(behaviour: Behaviour | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver()
    if behaviour is not None:
        receiver.behaviour = behaviour
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(receiver.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
