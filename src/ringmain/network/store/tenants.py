"""What an import of tenants has to know of a network: the names of all that is open."""

from dataclasses import dataclass
from uuid import UUID

from ringmain.kit.db import UnitOfWork

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('tenants', 0) # hashtextextended(%s::text, 0))"


async def lock(uow: UnitOfWork) -> None:
    """Let one import of a network happen at a time, so that two at once do not open a merchant twice."""
    await uow.execute(_LOCK, (uow.network_id,))


@dataclass(frozen=True, slots=True)
class NamedMerchant:
    """A merchant and its name."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class NamedShop:
    """A shop, whose it is, and its name."""

    merchant_id: UUID
    name: str


async def merchants(uow: UnitOfWork) -> list[NamedMerchant]:
    """Return every merchant, the newest first, so that of two with one name the oldest is kept last."""
    query = "SELECT id, legal_name AS name FROM merchant WHERE network_id = %s ORDER BY opened_at DESC, id DESC"
    return await uow.rows(NamedMerchant, query, (uow.network_id,))


async def shops(uow: UnitOfWork) -> list[NamedShop]:
    """Return every shop."""
    query = "SELECT merchant_id, name FROM shop WHERE network_id = %s"
    return await uow.rows(NamedShop, query, (uow.network_id,))
