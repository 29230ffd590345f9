"""Tests of how far a day's vouchers by message are, and of stopping them."""

from datetime import timedelta

import pytest

from ringmain.campaign import api
from ringmain.campaign.messages.choose import plan
from ringmain.campaign.messages.people import Reachable
from ringmain.campaign.model import play_day
from ringmain.campaign.plan import deal
from ringmain.member.api import Purpose
from ringmain.network import api as network
from tests.campaign.messages.morning import SMS, agree, by_message, column, people, send
from tests.match.street import NOW, Street


async def test_the_rules_that_kept_people_back_are_counted(street: Street) -> None:
    """Of five people two may be sent something; after the round nothing of it is left to give."""
    await by_message(street)
    silent, hidden, _, _, mute = await people(street, 5)
    await agree(street, silent, granted=False)
    await agree(street, hidden, granted=False, purpose=Purpose.PERSONALISATION)
    await agree(street, mute, granted=False)
    await send(street)
    async with street.unit() as uow:
        day = play_day(await uow.now(), (await network.network_of(uow)).time_zone)
        standing = await api.round_standing(uow, day)
        assert (await api.round_standing(uow, day - timedelta(days=1))).planned_at is None
        assert await api.stop_round(uow) == 0
    assert (standing.people, standing.waiting, standing.refused) == (2, 0, {})
    assert standing.given + standing.compared == standing.chosen
    assert standing.kept_back["no_consent"] == 2
    assert standing.kept_back["not_personal"] >= 1


async def test_what_an_operator_stops_is_not_given(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gets what was chosen and not given yet; once more stops nothing."""
    monkeypatch.setattr(deal, "_is_held_out", lambda *_: False)
    await by_message(street)
    await people(street, 3)
    async with street.unit() as uow:
        day = play_day(await uow.now(), (await network.network_of(uow)).time_zone)
    await plan(street.database, Reachable(street.keyring, SMS), street.network_id, day, NOW)
    async with street.unit() as uow:
        assert (await api.round_standing(uow, day)).waiting == 3
        assert await api.stop_round(uow) == 3
        assert await api.stop_round(uow) == 0
    assert (await send(street)).decided == 0
    assert await column(street, "SELECT count(*) FROM voucher WHERE subject_id IS NOT NULL") == [0]
    async with street.unit() as uow:
        standing = await api.round_standing(uow, day)
    assert (standing.given, standing.refused) == (0, {"stopped_by_operator": 3})
