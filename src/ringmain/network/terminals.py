"""Terminals: made in the console with a code, paired once by whoever types the code at the till, and revoked."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from ringmain.kit.audit import Actor, audit
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.idempotency import Keyed, answer_once
from ringmain.kit.pages.sessions import end_sessions_of
from ringmain.kit.pure.errors import RuleBroken
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring, KeyVersionUnknown
from ringmain.network.errors import PairingCodeInvalid, TerminalNotFound, TerminalRevoked
from ringmain.network.keys import Minted, make_terminal_key
from ringmain.network.model import PAIRING_MINUTES, Terminal, pairing_code
from ringmain.network.open import shop_of
from ringmain.network.store import keys, people

# The kind of session that a browser which is a till has; its holder is the terminal.
TILL_SESSION = "till"
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Pairing:
    """A pairing code that is out: what it is derived from, so that it is never stored."""

    terminal: Terminal
    seed: UUID
    master_version: int
    expires_at: datetime


async def make_terminal(
    uow: UnitOfWork, keyring: Keyring, shop_id: UUID, name: str, merchant_id: UUID | None = None
) -> Pairing:
    """Make a terminal in a shop, with a code for pairing it. Raises `ShopNotFound`."""
    shop = await shop_of(uow, shop_id, merchant_id)
    now = await uow.now()
    terminal = Terminal(uuid7(now), shop.merchant_id, shop.id, name, now, None, None)
    await people.insert_terminal(uow, terminal)
    return await _put_out(uow, keyring, terminal)


async def open_paired(uow: UnitOfWork, shop_id: UUID, name: str) -> Terminal:
    """Make a terminal that needs no code and has no key: for demonstrations, where a page session stands for it."""
    shop = await shop_of(uow, shop_id)
    now = await uow.now()
    terminal = Terminal(uuid7(now), shop.merchant_id, shop.id, name, now, now, None)
    await people.insert_terminal(uow, terminal)
    await people.mark_paired(uow, terminal.id, now)
    return terminal


async def pair_again(uow: UnitOfWork, keyring: Keyring, terminal_id: UUID, merchant_id: UUID | None = None) -> Pairing:
    """Put out a new code for a terminal whose device was replaced or whose code ran out."""
    terminal = await terminal_of(uow, terminal_id, merchant_id, lock=True)
    if terminal.revoked_at is not None:
        raise TerminalRevoked(terminal_id=terminal_id, revoked_at=terminal.revoked_at)
    return await _put_out(uow, keyring, terminal)


async def pair(uow: UnitOfWork, keyring: Keyring, row: people.PairingRow) -> Minted:
    """Use a pairing code up and make the terminal's key; keys and pages of a device that was paired before end.

    Raises `PairingCodeInvalid` where the code was used, has run out, or the terminal was revoked.
    """
    now = await uow.now()
    if row.pairing_used or row.revoked_at is not None or row.pairing_expires_at <= now:
        raise PairingCodeInvalid
    await keys.revoke_keys_of_terminal(uow, row.id, now)
    await end_sessions_of(uow, TILL_SESSION, row.id)
    await people.mark_paired(uow, row.id, now)
    return await make_terminal_key(uow, keyring, row.merchant_id, row.shop_id, row.id, row.name)


@dataclass(frozen=True, slots=True)
class Paired:
    """A paired terminal, with what its key is derived from."""

    terminal_id: UUID
    shop_id: UUID
    merchant_id: UUID
    key_id: UUID
    version: int
    master_version: int


async def pairing_network(database: Database, keyring: Keyring, code: str) -> tuple[UUID, UUID] | None:
    """Return the network in which a typed code is out, and the id of the pairing; None where no directory knows it."""
    for pairing_id in pairing_ids(keyring, code):
        async with database.unit(None) as uow:
            network_id = await keys.network_of(uow, pairing_id)
        if network_id is not None:
            return network_id, pairing_id
    return None


@dataclass(frozen=True, slots=True)
class Once:
    """Under which key a device is paired, and how the audit log calls it."""

    operation: int
    key: str
    payload_hash: bytes
    action: str
    request_id: str = ""


async def pair_once(uow: UnitOfWork, keyring: Keyring, pairing_id: UUID, once: Once) -> Paired | RuleBroken:
    """Pair a device under an idempotency key, of which the terminal is the principal; else `PairingCodeInvalid`."""
    row = await people.locked_pairing(uow, pairing_id)
    if row is None:
        return PairingCodeInvalid()
    terminal = row

    async def decide(uow: UnitOfWork, _: object) -> list[Paired | RuleBroken]:
        try:
            minted = await pair(uow, keyring, terminal)
        except RuleBroken as refusal:
            # Nothing was written before the refusal.
            return [refusal]
        made = minted.key
        about = {"shop_id": terminal.shop_id, "key_id": made.id}
        actor = Actor("terminal", terminal.id)
        await audit(uow, actor, once.action, "terminal", terminal.id, about, once.request_id)
        return [
            Paired(terminal.id, terminal.shop_id, terminal.merchant_id, made.id, made.version, minted.master_version)
        ]

    keyed: Keyed[None] = Keyed(row.id, once.key, once.payload_hash, None)
    return (await answer_once(uow, once.operation, [keyed], decide, Paired))[0]


async def unpair(uow: UnitOfWork, terminal_id: UUID) -> None:
    """End keys and pages of a terminal's device; the terminal stays, and a new code pairs it again."""
    await keys.revoke_keys_of_terminal(uow, terminal_id, await uow.now())
    await end_sessions_of(uow, TILL_SESSION, terminal_id)
    await audit(uow, Actor("terminal", terminal_id), "unpair_terminal", "terminal", terminal_id)


async def revoke_terminal(uow: UnitOfWork, terminal_id: UUID, merchant_id: UUID | None = None) -> Terminal:
    """Take a terminal, its keys and its pages out of use for good; once more changes nothing."""
    terminal = await terminal_of(uow, terminal_id, merchant_id, lock=True)
    now = await uow.now()
    await people.revoke_terminal(uow, terminal_id, now)
    await keys.revoke_keys_of_terminal(uow, terminal_id, now)
    await end_sessions_of(uow, TILL_SESSION, terminal_id)
    return replace(terminal, revoked_at=terminal.revoked_at or now)


async def terminal_of(
    uow: UnitOfWork, terminal_id: UUID, merchant_id: UUID | None = None, *, lock: bool = False
) -> Terminal:
    """Return a terminal, of one merchant where that is given. Raises `TerminalNotFound`."""
    terminal = await people.terminal(uow, terminal_id, lock=lock)
    if terminal is None or merchant_id not in (None, terminal.merchant_id):
        raise TerminalNotFound(terminal_id=terminal_id)
    return terminal


def pairing_ids(keyring: Keyring, code: str) -> list[UUID]:
    """Return the ids under which a typed code may stand in the directory: keyed hashes, the newest key's first."""
    return [UUID(bytes=found) for found in keyring.lookup_hashes("pairing_code", code.strip().upper())]


def code_text(keyring: Keyring, seed: UUID, master_version: int) -> str | None:
    """Return the six characters of a pairing code, or None where the master key that made it was forgotten since."""
    try:
        return _code(keyring, seed, master_version)
    except KeyVersionUnknown:
        return None


async def _put_out(uow: UnitOfWork, keyring: Keyring, terminal: Terminal) -> Pairing:
    now = await uow.now()
    expires_at = now + timedelta(minutes=PAIRING_MINUTES)
    version = keyring.newest
    for _ in range(_ATTEMPTS):
        seed = uuid7(now)
        pairing_id = pairing_ids(keyring, _code(keyring, seed, version))[0]
        if await keys.claim_pairing(uow, pairing_id, expires_at):
            await people.set_pairing(uow, terminal.id, pairing_id, expires_at)
            return Pairing(terminal, seed, version, expires_at)
    raise RuntimeError("every pairing code that was tried is out already")


def _code(keyring: Keyring, seed: UUID, master_version: int) -> str:
    return pairing_code(hmac.digest(keyring.derived("pairing", version=master_version), seed.bytes, "sha256"))
