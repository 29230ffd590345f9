"""Where the access tokens of providers are kept while they are good: sealed, so that a restart asks for none."""

from datetime import timedelta
from uuid import UUID

from ringmain.kit.db import Database
from ringmain.kit.secrets import DataKey, Keyring, SecretsError
from ringmain.message.channels.port import Outgoing
from ringmain.message.channels.wechat import Token
from ringmain.message.model import Channel
from ringmain.message.store import tokens as store

# A token that is over while a call is on its way would be refused.
_SPARE_SECONDS = 120
_SEALED_FOR = "access token"


class AccessTokens:
    """Keeps tokens in the network of the message that they are needed for."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def current(self, message: Outgoing, app_id: str) -> str | None:
        """Return the token that is kept; None where it is over, of another account, or sealed by a forgotten key."""
        async with self._database.unit(message.network_id) as uow:
            row = await store.one(uow, Channel.WECHAT, app_id, await uow.now())
        if row is None:
            return None
        try:
            return self._key(message.network_id, row.master_version).open(app_id, row.sealed)
        except SecretsError:
            return None

    async def keep(self, message: Outgoing, app_id: str, token: Token) -> None:
        """Keep a new token instead of the one before."""
        version = self._keyring.newest
        sealed = self._key(message.network_id, version).seal(app_id, token.text)
        async with self._database.unit(message.network_id) as uow:
            ends = await uow.now() + timedelta(seconds=token.seconds - _SPARE_SECONDS)
            await store.keep(uow, Channel.WECHAT, app_id, store.Kept(version, sealed, ends))

    def _key(self, network_id: UUID, version: int) -> DataKey:
        return DataKey(self._keyring.derived(_SEALED_FOR, network_id, version=version), (network_id,))
