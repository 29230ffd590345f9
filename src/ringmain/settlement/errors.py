"""The rules of settlement that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class MonthInvalid(RuleBroken):
    """A statement is of a month that has begun."""

    code = "month_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name a month that has begun, such as 2026-03, or leave it out for the present one."
