"""The rows of staff, their PINs, and terminals."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.network.model import Staff, Terminal

_STAFF = "SELECT id, merchant_id, shop_id, name, role, joined_at, left_at FROM staff"


async def insert_staff(uow: UnitOfWork, staff: Staff) -> None:
    """Add a person."""
    await uow.execute(
        "INSERT INTO staff (network_id, id, merchant_id, shop_id, name, role, joined_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (uow.network_id, staff.id, staff.merchant_id, staff.shop_id, staff.name, staff.role, staff.joined_at),
    )


async def update_staff(uow: UnitOfWork, staff: Staff) -> None:
    """Write a person as they are now; their merchant never changes."""
    await uow.execute(
        "UPDATE staff SET shop_id = %s, name = %s, role = %s, left_at = %s WHERE network_id = %s AND id = %s",
        (staff.shop_id, staff.name, staff.role, staff.left_at, uow.network_id, staff.id),
    )


async def staff(uow: UnitOfWork, id_: UUID, *, lock: bool = False) -> Staff | None:
    """Return a person; with `lock`, nobody else changes them until this transaction ends."""
    query = f"{_STAFF} WHERE network_id = %s AND id = %s"
    return await uow.row(Staff, f"{query} FOR UPDATE" if lock else query, (uow.network_id, id_))


async def list_staff(
    uow: UnitOfWork, after: UUID | None, limit: int, merchant_id: UUID | None, shop_id: UUID | None
) -> list[Staff]:
    """Return people in the order of their ids; with `shop_id`, those who work there, in it alone or in all."""
    return await uow.rows(
        Staff,
        f"""
        {_STAFF}
        WHERE network_id = %(network)s AND (%(after)s::uuid IS NULL OR id > %(after)s)
          AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
          AND (%(shop)s::uuid IS NULL OR shop_id IS NULL OR shop_id = %(shop)s)
        ORDER BY id LIMIT %(limit)s
        """,
        {"network": uow.network_id, "after": after, "merchant": merchant_id, "shop": shop_id, "limit": limit},
    )


@dataclass(frozen=True, slots=True)
class PinRow:
    """A PIN's hash, and how it stands with wrong tries."""

    pin_hash: str
    key_version: int
    wrong_tries: int
    locked_until: datetime | None


async def set_pin(uow: UnitOfWork, staff_id: UUID, pin_hash: str, key_version: int) -> None:
    """Set a PIN; a lock on the one before ends."""
    await uow.execute(
        """
        INSERT INTO staff_pin (network_id, staff_id, pin_hash, key_version) VALUES (%s, %s, %s, %s)
        ON CONFLICT (network_id, staff_id) DO UPDATE
        SET pin_hash = EXCLUDED.pin_hash, key_version = EXCLUDED.key_version, wrong_tries = 0, locked_until = NULL
        """,
        (uow.network_id, staff_id, pin_hash, key_version),
    )


async def locked_pin(uow: UnitOfWork, staff_id: UUID) -> PinRow | None:
    """Return a PIN that nobody else tries until this transaction ends."""
    return await uow.row(
        PinRow,
        "SELECT pin_hash, key_version, wrong_tries, locked_until FROM staff_pin"
        " WHERE network_id = %s AND staff_id = %s FOR UPDATE",
        (uow.network_id, staff_id),
    )


async def set_tries(uow: UnitOfWork, staff_id: UUID, wrong_tries: int, locked_until: datetime | None) -> None:
    """Write how many tries were wrong, and until when no more are taken."""
    await uow.execute(
        "UPDATE staff_pin SET wrong_tries = %s, locked_until = %s WHERE network_id = %s AND staff_id = %s",
        (wrong_tries, locked_until, uow.network_id, staff_id),
    )


_TERMINAL = "SELECT id, merchant_id, shop_id, name, made_at, paired_at, revoked_at FROM terminal"


@dataclass(frozen=True, slots=True)
class PairingRow:
    """A terminal with the pairing code that is out."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    name: str
    revoked_at: datetime | None
    pairing_expires_at: datetime
    pairing_used: bool


async def insert_terminal(uow: UnitOfWork, terminal: Terminal) -> None:
    """Add a terminal that is not paired yet."""
    await uow.execute(
        "INSERT INTO terminal (network_id, id, merchant_id, shop_id, name, made_at) VALUES (%s, %s, %s, %s, %s, %s)",
        (uow.network_id, terminal.id, terminal.merchant_id, terminal.shop_id, terminal.name, terminal.made_at),
    )


async def set_pairing(uow: UnitOfWork, terminal_id: UUID, pairing_id: UUID, expires_at: datetime) -> None:
    """Put a pairing code out; the one before is void."""
    await uow.execute(
        "UPDATE terminal SET pairing_id = %s, pairing_expires_at = %s, pairing_used = false"
        " WHERE network_id = %s AND id = %s",
        (pairing_id, expires_at, uow.network_id, terminal_id),
    )


async def locked_pairing(uow: UnitOfWork, pairing_id: UUID) -> PairingRow | None:
    """Return the terminal whose pairing code this is; nobody else pairs it until this transaction ends."""
    return await uow.row(
        PairingRow,
        "SELECT id, merchant_id, shop_id, name, revoked_at, pairing_expires_at, pairing_used FROM terminal"
        " WHERE network_id = %s AND pairing_id = %s FOR UPDATE",
        (uow.network_id, pairing_id),
    )


async def mark_paired(uow: UnitOfWork, terminal_id: UUID, at: datetime) -> None:
    """Use the pairing code up."""
    await uow.execute(
        "UPDATE terminal SET paired_at = %s, pairing_used = true WHERE network_id = %s AND id = %s",
        (at, uow.network_id, terminal_id),
    )


async def revoke_terminal(uow: UnitOfWork, terminal_id: UUID, at: datetime) -> None:
    """Take a terminal out of use; its first revocation stays."""
    await uow.execute(
        "UPDATE terminal SET revoked_at = coalesce(revoked_at, %s), pairing_id = NULL, pairing_expires_at = NULL"
        " WHERE network_id = %s AND id = %s",
        (at, uow.network_id, terminal_id),
    )


async def terminal(uow: UnitOfWork, id_: UUID, *, lock: bool = False) -> Terminal | None:
    """Return a terminal; with `lock`, nobody else changes it until this transaction ends."""
    query = f"{_TERMINAL} WHERE network_id = %s AND id = %s"
    return await uow.row(Terminal, f"{query} FOR UPDATE" if lock else query, (uow.network_id, id_))


async def list_terminals(
    uow: UnitOfWork, after: UUID | None, limit: int, merchant_id: UUID | None, shop_id: UUID | None
) -> list[Terminal]:
    """Return terminals in the order of their ids."""
    return await uow.rows(
        Terminal,
        f"""
        {_TERMINAL}
        WHERE network_id = %(network)s AND (%(after)s::uuid IS NULL OR id > %(after)s)
          AND (%(merchant)s::uuid IS NULL OR merchant_id = %(merchant)s)
          AND (%(shop)s::uuid IS NULL OR shop_id = %(shop)s)
        ORDER BY id LIMIT %(limit)s
        """,
        {"network": uow.network_id, "after": after, "merchant": merchant_id, "shop": shop_id, "limit": limit},
    )
