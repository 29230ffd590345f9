"""Who a token stands for, and when each key was used last."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from ringmain.kit.db import Database
from ringmain.kit.http import Principal
from ringmain.kit.pure.errors import Unavailable
from ringmain.network.model import matches, token_of
from ringmain.network.store import keys

_MOST_NETWORKS = 100_000
_NOTE_SECONDS = 60.0


class Authenticator:
    """Looks tokens up; the door in front of it remembers the answers for a few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # A key never changes its network, so this is never stale.
        self._networks: dict[UUID, UUID] = {}
        self._used: dict[UUID, dict[UUID, datetime]] = {}

    async def __call__(self, text: str) -> Principal | None:
        """Return whom a token stands for; None where it is malformed, unknown, replaced or revoked."""
        token = token_of(text)
        if token is None:
            return None
        network_id = self._networks.get(token.key_id) or await self._network_of(token.key_id)
        if network_id is None:
            return None
        async with self._database.unit(network_id) as uow:
            row = await keys.secret(uow, token.key_id)
        if row is None or row.role != token.role:
            return None
        if not matches(token, row.secret_hash, row.old_secret_hash, old_is_valid=row.old_is_valid):
            return None
        self._used.setdefault(network_id, {})[token.key_id] = datetime.now(tz=UTC)
        return Principal(
            network_id=network_id,
            principal_id=row.principal_id,
            role=row.role,
            merchant_id=row.merchant_id,
            shop_id=row.shop_id,
            terminal_id=row.terminal_id,
        )

    async def note_uses(self) -> None:
        """Write when the keys seen since the last call were used: one statement per network."""
        used, self._used = self._used, {}
        for network_id, of_network in used.items():
            try:
                async with self._database.unit(network_id) as uow:
                    await keys.note_use(uow, of_network)
            except Unavailable:
                self._used.setdefault(network_id, {}).update(of_network)

    async def keep_noting(self) -> None:
        """Note uses once a minute until cancelled."""
        while True:
            await asyncio.sleep(_NOTE_SECONDS)
            await self.note_uses()

    async def _network_of(self, key_id: UUID) -> UUID | None:
        async with self._database.unit(None) as uow:
            network_id = await keys.network_of(uow, key_id)
        if network_id is not None and len(self._networks) < _MOST_NETWORKS:
            self._networks[key_id] = network_id
        return network_id
