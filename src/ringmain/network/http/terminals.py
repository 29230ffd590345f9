"""Terminals and their pairing."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from ringmain.kit.db import UnitOfWork
from ringmain.kit.http import (
    PUBLIC,
    Call,
    Limit,
    Listed,
    Name,
    Page,
    Request,
    Role,
    Route,
    keys_of,
    listed,
    payload_hash,
    persist,
)
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import terminals
from ringmain.network.errors import PairingCodeInvalid, ShopNotFound, TerminalNotFound, TerminalRevoked
from ringmain.network.keys import token_text
from ringmain.network.model import Terminal
from ringmain.network.store import people

_MANAGERS: frozenset[Role] = frozenset({"operator", "merchant"})
_ID = "01932c5e-7b41-7c3d-9f21-3b1a8e0c7d42"
_AT = "2026-03-01T09:00:00Z"


class MakeTerminal(Request, frozen=True):
    """A terminal to make in a shop."""

    shop_id: UUID
    name: Name


class PairingKept(Struct, frozen=True):
    """A pairing code by what it is derived from."""

    terminal_id: UUID
    shop_id: UUID
    seed: UUID
    master_version: int
    expires_at: datetime


class PairingAnswer(Struct, frozen=True):
    """A terminal that waits for its device; `code` is null where the master key that made it was forgotten since."""

    terminal_id: UUID
    shop_id: UUID
    code: str | None
    expires_at: datetime


class Terminals(Page, frozen=True):
    """Which terminals to list."""

    merchant_id: UUID | None = None
    shop_id: UUID | None = None


class TerminalAnswer(Struct, frozen=True):
    """A till."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    name: str
    made_at: datetime
    paired_at: datetime | None
    revoked_at: datetime | None


class TerminalRevokedAnswer(Struct, frozen=True):
    """A till that is out of use; its keys end within seconds."""

    id: UUID
    revoked_at: datetime


class Pair(Request, frozen=True):
    """The code from the console, typed at the till; capitals or not."""

    code: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{6}\Z")]


class Paired(Struct, frozen=True):
    """A paired terminal with the API key that it keeps; the key is shown here only."""

    terminal_id: UUID
    shop_id: UUID
    merchant_id: UUID
    key_id: UUID
    token: str | None


async def _make(uow: UnitOfWork, call: Call, body: MakeTerminal) -> PairingKept:
    return _pairing(await terminals.make_terminal(uow, call.keyring, body.shop_id, body.name, call.merchant_scope()))


async def _pair_again(uow: UnitOfWork, call: Call, _: None) -> PairingKept:
    return _pairing(await terminals.pair_again(uow, call.keyring, call.id("terminal_id"), call.merchant_scope()))


async def _list(uow: UnitOfWork, call: Call) -> Listed[TerminalAnswer]:
    query: Terminals = call.query
    after = keys_of(query.after, tuple[UUID])
    own = call.merchant_scope()
    if own is not None and query.merchant_id not in (None, own):
        return Listed([])
    rows = await people.list_terminals(
        uow, after and after[0], query.limit + 1, own or query.merchant_id, query.shop_id
    )
    return listed([_shown(row) for row in rows], query.limit, lambda terminal: (terminal.id,))


async def _revoke(uow: UnitOfWork, call: Call, _: None) -> TerminalRevokedAnswer:
    terminal = await terminals.revoke_terminal(uow, call.id("terminal_id"), call.merchant_scope())
    assert terminal.revoked_at is not None
    return TerminalRevokedAnswer(terminal.id, terminal.revoked_at)


async def _pair(call: Call, body: Pair) -> Paired:
    """Pair a device: the code alone tells the network, and the terminal is the principal of the idempotency key."""
    found = await terminals.pairing_network(call.database, call.keyring, body.code)
    if found is None:
        raise PairingCodeInvalid
    kept = await _pair_in(call, *found, body)
    token = token_text(call.keyring, "terminal", kept.key_id, kept.version, kept.master_version)
    return Paired(kept.terminal_id, kept.shop_id, kept.merchant_id, kept.key_id, token)


async def _pair_in(call: Call, network_id: UUID, pairing_id: UUID, body: Pair) -> terminals.Paired:
    key = call.idempotency_key
    assert key is not None

    async def attempt() -> terminals.Paired | RuleBroken:
        async with call.database.unit(network_id) as uow:
            once = terminals.Once(
                call.route.number, key, payload_hash(call, body), call.route.operation, call.request_id
            )
            return await terminals.pair_once(uow, call.keyring, pairing_id, once)

    answer = await persist(attempt)
    if isinstance(answer, RuleBroken):
        raise answer
    return answer


def _pairing(pairing: terminals.Pairing) -> PairingKept:
    return PairingKept(
        pairing.terminal.id, pairing.terminal.shop_id, pairing.seed, pairing.master_version, pairing.expires_at
    )


def _reveal(call: Call, kept: PairingKept) -> PairingAnswer:
    code = terminals.code_text(call.keyring, kept.seed, kept.master_version)
    return PairingAnswer(kept.terminal_id, kept.shop_id, code, kept.expires_at)


def _shown(terminal: Terminal) -> TerminalAnswer:
    return TerminalAnswer(
        terminal.id,
        terminal.merchant_id,
        terminal.shop_id,
        terminal.name,
        terminal.made_at,
        terminal.paired_at,
        terminal.revoked_at,
    )


_PAIRING = {"terminal_id": _ID, "shop_id": _ID, "code": "7KQ4WD", "expires_at": "2026-03-01T09:10:00Z"}
_TERMINAL = {
    "id": _ID,
    "merchant_id": _ID,
    "shop_id": _ID,
    "name": "Till 1",
    "made_at": _AT,
    "paired_at": None,
    "revoked_at": None,
}

TERMINAL_ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/v1/terminals",
        operation="make_terminal",
        summary="Make a terminal and its pairing code",
        description="The code has six characters, works once and for ten minutes.",
        tag="terminals",
        roles=_MANAGERS,
        transaction="write",
        handler=_make,
        request=MakeTerminal,
        kept=PairingKept,
        reveal=_reveal,
        response=PairingAnswer,
        status=201,
        errors=(ShopNotFound,),
        example={"shop_id": _ID, "name": "Till 1"},
        example_response=_PAIRING,
    ),
    Route(
        method="POST",
        path="/v1/terminals/pair",
        operation="pair_terminal",
        summary="Exchange a pairing code for the terminal's key",
        tag="terminals",
        roles=PUBLIC,
        public_because="a device that is not paired has no key yet; the code stands for the person who made it.",
        transaction="own",
        # 31^6 codes: at 120 guesses a minute, with ten codes out all day, one guess in 1.4 years is right.
        limit=(Limit(10, seconds=60.0, per="address"), Limit(120, seconds=60.0, per="all")),
        handler=_pair,
        request=Pair,
        response=Paired,
        status=201,
        errors=(PairingCodeInvalid,),
        example={"code": "7KQ4WD"},
        example_response={
            "terminal_id": _ID,
            "shop_id": _ID,
            "merchant_id": _ID,
            "key_id": _ID,
            "token": "rm_t_AZMsXntBfD2fITsajgx9Qg_...",
        },
    ),
    Route(
        method="POST",
        path="/v1/terminals/{terminal_id}/pairing-codes",
        operation="pair_terminal_again",
        summary="Make a new pairing code for a terminal",
        description="For a device that was replaced. The key of the device before ends when the new one is paired.",
        tag="terminals",
        roles=_MANAGERS,
        transaction="write",
        handler=_pair_again,
        kept=PairingKept,
        reveal=_reveal,
        response=PairingAnswer,
        status=201,
        errors=(TerminalNotFound, TerminalRevoked),
        example_response=_PAIRING,
    ),
    Route(
        method="GET",
        path="/v1/terminals",
        operation="list_terminals",
        summary="List terminals",
        tag="terminals",
        roles=_MANAGERS,
        handler=_list,
        query=Terminals,
        response=Listed[TerminalAnswer],
        example_query={"limit": "50"},
        example_response={"items": [_TERMINAL], "next": None},
    ),
    Route(
        method="DELETE",
        path="/v1/terminals/{terminal_id}",
        operation="revoke_terminal",
        summary="Take a terminal and its keys out of use",
        tag="terminals",
        roles=_MANAGERS,
        transaction="write",
        handler=_revoke,
        response=TerminalRevokedAnswer,
        errors=(TerminalNotFound,),
        example_response={"id": _ID, "revoked_at": _AT},
    ),
)
