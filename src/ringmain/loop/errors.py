"""The rules of the loop that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class BudgetOrStock(RuleBroken):
    """A preview needs to know how much: a budget or a number of vouchers, not both."""

    code = "budget_or_stock"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Say either how much money may be spent (budget_minor) or how many vouchers there are (stock)."
