"""How a handler runs: in a reading transaction, in a writing one under an idempotency key, or in its own."""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import msgspec

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http.auditing import leaves_entry, note
from ringmain.kit.http.route import Call, Route
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pure.errors import RuleBroken, Unavailable

Answer = TypeVar("Answer")
Run = Callable[[Call], Awaitable[Any]]

_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 0.005
_ENCODER = msgspec.json.Encoder()


class _Refused(Exception):
    """A handler refused: its transaction is rolled back, and the refusal is kept by the next one."""

    def __init__(self, error: RuleBroken) -> None:
        super().__init__(error.code)
        self.error = error


def runner(route: Route) -> Run:
    """Return the function that runs a route's handler in the transaction that it declares."""
    return {"read": _reader, "write": _writer, "own": _owner}[route.transaction](route)


def transient(error: BaseException) -> bool:
    """Say whether the same transaction may go through when it is run again.

    That is so for lost serialisation and deadlocks (SQLSTATE class 40), and where another transaction has committed
    the same idempotency key meanwhile: the next attempt finds its answer.
    """
    state = getattr(error, "sqlstate", None) or ""
    if state == "23505":
        return getattr(getattr(error, "diag", None), "table_name", None) == "idempotency_key"
    return bool(state.startswith("40"))


def not_storable(error: BaseException) -> bool:
    """Say whether the database refused a value for itself (SQLSTATE class 22): out of range, not in its encoding."""
    return (getattr(error, "sqlstate", None) or "").startswith("22")


async def persist(attempt: Callable[[], Awaitable[Answer]]) -> Answer:
    """Run a transaction until it is not lost to another one; `Unavailable` after five attempts."""
    pause = _FIRST_PAUSE_SECONDS
    for left in range(_ATTEMPTS - 1, -1, -1):
        try:
            return await attempt()
        except Exception as error:
            if not transient(error):
                raise
            if not left:
                raise Unavailable("the transaction was lost to others too often") from error
        # A pause of random length: two that met once do not meet again.
        await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 (no secret)
        pause *= 2
    raise AssertionError  # The loop returns or raises.


def payload_hash(call: Call, body: Any) -> bytes:
    """Return 16 bytes of a keyed hash of what the request asks for: its path and its content, however it was spaced."""
    # The oldest key that is still kept: a rotation of the master key must not make retries look like other requests.
    version = min(call.keyring.versions)
    hasher = hashlib.blake2b(digest_size=16, key=call.keyring.derived("idempotency", version=version))
    for part in call.path.values():
        hasher.update(len(part).to_bytes(4) + part.encode())
    hasher.update(_ENCODER.encode(body))
    return hasher.digest()


def _owner(route: Route) -> Run:
    async def run(call: Call) -> Any:
        return await route.handler(call, call.body)

    return run


def _reader(route: Route) -> Run:
    def unit(call: Call) -> Any:
        caller = call.caller
        if caller is None:
            return call.database.unit(None)
        if caller.role == "merchant" and route.reads_as == "merchant":
            return call.database.unit(caller.network_id, role="app_merchant", merchant_id=caller.merchant_id)
        return call.database.unit(caller.network_id)

    async def run(call: Call) -> Any:
        async def once() -> Any:
            async with unit(call) as uow:
                answer = await route.handler(uow, call)
                if route.audited is not None and leaves_entry(call):
                    await note(uow, call, call.body, answer)
                return answer

        return await persist(once)

    return run


def _writer(route: Route) -> Run:
    kept_type = route.response if route.kept is None else route.kept

    async def in_transaction(call: Call, decide: Any) -> Any:
        assert call.idempotency_key is not None
        keyed = Keyed(call.principal.principal_id, call.idempotency_key, payload_hash(call, call.body), call.body)
        async with call.database.unit(call.principal.network_id) as uow:
            return (await answer_once(uow, route.number, [keyed], decide, kept_type))[0]

    async def run(call: Call) -> Any:
        async def handle(uow: UnitOfWork, bodies: Sequence[Any]) -> list[Any]:
            try:
                answer = await route.handler(uow, call, bodies[0])
            except RuleBroken as error:
                raise _Refused(error) from error
            if not isinstance(answer, RuleBroken) and leaves_entry(call):
                await note(uow, call, bodies[0], answer)
            return [answer]

        try:
            answer = await persist(lambda: in_transaction(call, handle))
        except _Refused as refused:
            # What the handler had written before it refused is undone; only the refusal is kept.
            refusal = refused.error

            async def refuse(_: UnitOfWork, __: Sequence[Any]) -> list[Any]:
                return [refusal]

            answer = await persist(lambda: in_transaction(call, refuse))
        if isinstance(answer, RuleBroken):
            raise answer
        return answer if route.reveal is None else route.reveal(call, answer)

    return run
