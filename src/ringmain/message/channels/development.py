"""The channel of development: messages are kept in the database, where operators and a page show them."""

from ringmain.kit.db import Database
from ringmain.kit.pure import ids
from ringmain.message.channels.port import Delivered, Outgoing
from ringmain.message.direct import masked
from ringmain.message.model import Channel
from ringmain.message.store import sink


class DevelopmentSink:
    """Keeps messages instead of sending them."""

    def __init__(self, database: Database, channel: Channel) -> None:
        self._database = database
        self._channel = channel

    async def deliver(self, message: Outgoing) -> Delivered:
        """Keep one message; of its address only as much as its owner needs to know it."""
        async with self._database.unit(message.network_id) as uow:
            now = await uow.now()
            kept = sink.Kept(
                id=ids.uuid7(now),
                message_id=message.message_id,
                channel=self._channel.value,
                masked_address=masked(self._channel, message.address),
                title=message.title,
                body=message.body,
                language=message.language,
                kept_at=now,
            )
            await sink.add(uow, kept)
        return Delivered(f"sink/{kept.id}")

    async def close(self) -> None:
        """Nothing stays open."""
