"""Notes to a shop where vouchers end, in words: what was counted, and one thing to do."""

from dataclasses import dataclass

from ringmain.entry.web.merchant.common import N_
from ringmain.kit.pages import Speech
from ringmain.loop import api as loop

_RECEIVES = N_(
    "In %(days)s days guests spent %(came)s vouchers of other shops at %(shop)s, and won %(sent)s there. A poster at "
    "your door lets them win vouchers of your neighbours, whose guests win yours."
)
_SENDS = N_(
    "In %(days)s days guests won %(sent)s vouchers at %(shop)s, and spent %(came)s of other shops there. An offer of "
    "your own lets your neighbours send guests to you."
)


@dataclass(frozen=True, slots=True)
class Said:
    """A note as it is read: its words, and the one thing to do."""

    note: loop.Note
    shop: str
    words: str
    action: str
    page: str


def said(speech: Speech, note: loop.Note, shop: str) -> Said:
    """Return a note in words: as the operator wrote it, or else its figures in the reader's language."""
    receives = note.kind == "receives_only"
    figures = {"days": loop.NOTE_DAYS, "came": speech.number(note.came), "sent": speech.number(note.sent_on)}
    words = note.words or speech.text(_RECEIVES if receives else _SENDS, shop=shop, **figures)
    action = speech.text("Hang up a poster") if receives else speech.text("New offer")
    return Said(note, shop, words, action, "/merchant/print" if receives else "/merchant/offers/new")
