"""The rules of the loop that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class BudgetOrStock(RuleBroken):
    """A preview needs to know how much: a budget or a number of vouchers, not both."""

    code = "budget_or_stock"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Say either how much money may be spent (budget_minor) or how many vouchers there are (stock)."


class NoteNotFound(RuleBroken):
    """There is no such note."""

    code = "pressure_note_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Read the list of notes again; other networks' cannot be seen."


class NoteDecided(RuleBroken):
    """The note was sent or dropped already."""

    code = "pressure_note_decided"
    status = HTTPStatus.CONFLICT
    next_step = "Read the note; what was decided stays, and the next Monday brings the next draft."


class TopUpInvalid(RuleBroken):
    """A standing top-up needs a limit to fall below, an amount, and a month's limit that holds at least that amount."""

    code = "top_up_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Say below which amount or how many days to add, how much, and at most how much a month."


class TopUpNotFound(RuleBroken):
    """This merchant has no standing top-up."""

    code = "top_up_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Set one first."
