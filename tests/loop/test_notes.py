"""Notes to dead ends: drafted once a week by declared thresholds, and shown to a merchant only when they were sent."""

from datetime import date
from pathlib import Path

import pytest

from ringmain.loop.api import Balance, decide_note, draft_notes, notes_to, shop_balances
from ringmain.loop.errors import NoteDecided, NoteNotFound
from ringmain.loop.model.notes import dead_end, monday
from tests.loop.lake import SmallLake, day
from tests.loop.street import DAY, NOW, Street, somebody


@pytest.mark.parametrize(
    ("sent_on", "came", "expected"),
    [
        (1, 20, "receives_only"),
        (2, 20, None),
        (0, 19, None),
        (20, 1, "sends_only"),
        (20, 2, None),
        (0, 0, None),
    ],
)
def test_a_dead_end_is_declared(sent_on: int, came: int, expected: str | None) -> None:
    """From 20 vouchers on one side, and less than a tenth of them on the other."""
    assert dead_end(Balance(somebody(), sent_on, came)) == expected


async def test_a_draft_a_week_is_sent_once_or_dropped(street: Street) -> None:
    """A second run of the job in the same week adds nothing; the merchant reads a note only when it was sent."""
    found = [Balance(street.shops[0], 0, 40), Balance(street.shops[1], 40, 0), Balance(street.shops[2], 30, 30)]
    async with street.unit() as uow:
        assert [one.kind for one in await draft_notes(uow, found)] == ["receives_only", "sends_only"]
    async with street.unit(NOW + 3 * DAY) as uow:
        await draft_notes(uow, found)
        drafts = await notes_to(uow, None)
        assert [(one.week, one.state) for one in drafts] == [(date(2026, 3, 9), "draft")] * 2
        assert await notes_to(uow, street.tea) == []
    first = next(one for one in drafts if one.merchant_id == street.tea)
    async with street.unit() as uow:
        await decide_note(uow, first.id, "send", "  Come and talk. ")
        (sent,) = await notes_to(uow, street.tea)
        assert (sent.words, sent.state) == ("Come and talk.", "sent")
        assert await notes_to(uow, street.merchants[1]) == []
    with pytest.raises(NoteDecided):
        async with street.unit() as uow:
            await decide_note(uow, first.id, "drop")
    with pytest.raises(NoteNotFound):
        async with street.unit() as uow:
            await decide_note(uow, somebody(), "drop")
    async with street.unit(NOW + 7 * DAY) as uow:
        assert len(await draft_notes(uow, found)) == 2
        assert [one.state for one in await notes_to(uow, None)].count("draft") == 3


def test_balances_are_of_28_days_and_of_others(tmp_path: Path) -> None:
    """Vouchers won at the shop count as sent, those of others spent there as came; its own and old ones do not."""
    lake = SmallLake(tmp_path)
    shops = [str(somebody()) for _ in range(2)]
    here, there = shops
    for name, won_at, spent_at, on in (("v", here, there, 90), ("own", there, there, 90), ("old", here, there, 50)):
        lake.sale(name, "ann", spent_at, on + 1)
        lake.grant(name, "ann", won_at, [spent_at], on)
        lake.redeem(name, "ann", spent_at, on + 1, name)
    lake.write()
    found = {str(one.shop_id): (one.sent_on, one.came) for one in shop_balances(lake.root, lake.network_id, day(100))}
    assert found == {shops[0]: (1, 0), shops[1]: (1, 1)}


def test_weeks_begin_on_monday() -> None:
    """A Monday is its own, a Sunday belongs to the one before."""
    assert [monday(date(2026, 3, on)) for on in (9, 15)] == [date(2026, 3, 9)] * 2
