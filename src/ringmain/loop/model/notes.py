"""Which shops are dead ends: vouchers come and none are won there, or the other way round; by declared thresholds."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

DAYS = 28
# A shop with fewer vouchers on its strong side is a beginner, not a dead end; a tenth of it on the other side is none.
FEWEST_VOUCHERS = 20
LEAST_SHARE = 0.1

NoteKind = Literal["receives_only", "sends_only"]
NoteState = Literal["draft", "sent", "dropped"]


@dataclass(frozen=True, slots=True)
class Balance:
    """Vouchers of a shop in `DAYS` days: won there (`sent_on`), and won at other shops and spent there (`came`)."""

    shop_id: UUID
    sent_on: int
    came: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note to the merchant of a dead end. `words` None: nobody has edited it, and pages say the figures."""

    id: UUID
    merchant_id: UUID
    shop_id: UUID
    week: date
    kind: NoteKind
    sent_on: int
    came: int
    words: str | None
    state: NoteState
    made_at: datetime
    decided_at: datetime | None


def dead_end(one: Balance) -> NoteKind | None:
    """Return which kind of dead end a shop is; None where vouchers come and go, or where there are too few to tell."""
    if one.came >= FEWEST_VOUCHERS and one.sent_on < one.came * LEAST_SHARE:
        return "receives_only"
    if one.sent_on >= FEWEST_VOUCHERS and one.came < one.sent_on * LEAST_SHARE:
        return "sends_only"
    return None


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())
