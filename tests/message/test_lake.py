"""What the lake keeps of messages."""

import uuid
from pathlib import Path

from ringmain.kit.follow import catch_up
from ringmain.kit.lake.connect import connect
from ringmain.kit.lake.export import Exporter
from ringmain.kit.migrate import Urls
from ringmain.message import api
from ringmain.message.model import Channel
from tests.member.people import NOW, OTHER_PHONE, PHONE, Town
from tests.message.post import LATER, Outbox, deliver, member_of, send, won


async def test_messages_reach_the_lake_without_words_or_addresses(
    town: Town, database_urls: Urls, tmp_path: Path
) -> None:
    """Each message and each step is a row of subjects, words of ours and times; no file holds a phone or a text."""
    anna, reference = await member_of(town), uuid.uuid4()
    (made,) = await send(town, won(anna, reference))
    code = api.Addressed(Channel.SMS, OTHER_PHONE, api.Template.ONE_TIME_CODE, {"code": "271828"}, "en", reference)
    async with town.unit() as uow:
        await api.send_to_addresses(uow, town.keyring, [code])
    await deliver(town, Outbox(), NOW + LATER)
    exporter = Exporter(tmp_path, database_urls.application_url, api.LAKE_TABLES)
    await catch_up(town.database, exporter.follower(), town.network_id)
    with connect(tmp_path, api.LAKE_TABLES, network_id=town.network_id) as lake:
        messages = {row["template"]: row for row in lake.table("message").to_pyarrow().to_pylist()}
        steps = lake.table("message_delivery").to_pyarrow().to_pylist()
    told = messages["voucher_won"]
    assert (told["message_id"], told["subject_id"]) == (str(made.message_id), str(anna.subject_id))
    assert (told["channel"], told["purpose"], told["language"]) == ("sms", "transactional", "zh")
    assert (told["reason"], told["reference_id"], told["due_at"]) == ("voucher_won", str(reference), NOW)
    assert messages["one_time_code"]["subject_id"] is None
    assert sorted(step["state"] for step in steps) == ["queued", "queued", "sent", "sent"]
    kept = str(messages) + str(steps)
    assert [word for word in (PHONE, OTHER_PHONE, "Bakery", "271828") if word in kept] == []
