"""The rules of the till's pages that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class StaffGone(RuleBroken):
    """Who unlocked this till does not work in this shop any more."""

    code = "staff_gone"
    status = HTTPStatus.FORBIDDEN
    next_step = "Lock the till, and let somebody who works here unlock it."


class ScanUnknown(RuleBroken):
    """Nobody and nothing is known by what was scanned or typed."""

    code = "scan_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Scan it again, ask for the guest's phone instead, or go on without a voucher."


class ManagerNeeded(RuleBroken):
    """Only a manager may do this."""

    code = "manager_needed"
    status = HTTPStatus.FORBIDDEN
    next_step = "Lock the till, let a manager unlock it with their PIN, and do it there."


class AmountMissing(RuleBroken):
    """An amount of money is missing, or has more decimals than the currency."""

    code = "amount_missing"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Type the amount in figures, such as 86 or 86.50."


class ReasonNeeded(RuleBroken):
    """Why a sale is undone belongs to its record."""

    code = "reason_needed"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose one of the reasons."
