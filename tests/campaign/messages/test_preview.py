"""What a merchant sees of a message is what a person is sent."""

import re
from datetime import timedelta

from ringmain.campaign import api
from ringmain.message import api as message
from ringmain.voucher import api as voucher
from tests.campaign.messages.morning import BASE, by_message, people, send
from tests.match.street import NOW, Street


async def test_the_preview_is_what_is_sent(street: Street) -> None:
    """Word for word, with links as long as real ones, and so with as many parts."""
    await by_message(street)
    await people(street, 5)
    await send(street)
    doors = message.Doors(street.keyring, {}, BASE, frozenset({street.network_id}))
    await message.deliver_due(street.database, doors, street.network_id, now=NOW + timedelta(minutes=1))
    async with street.unit() as uow:
        sent = (await message.sink_messages(uow, 1))[0].body
        offer = (await voucher.read_offers(uow, [street.offers[1]]))[street.offers[1]]
        english, chinese = await api.preview_message(uow, offer, BASE)

    def bare(text: str) -> str:
        return re.sub(r"/(wallet|u)/\S+", "", text)

    assert bare(chinese.text.body) == bare(sent)
    assert len(chinese.text.body) == len(sent)
    assert bare(english.text.body).startswith("Street: CN¥3 off at Flower Corner, yours until Mar 16, 2026.")
    assert (english.segments.wide, chinese.segments.wide) == (False, True)
    assert chinese.segments.parts > english.segments.parts == 2
