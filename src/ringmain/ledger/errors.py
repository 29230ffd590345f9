"""The rules of the ledger that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class AccountOverdrawn(RuleBroken):
    """A guarded account would fall below its credit limit."""

    code = "account_overdrawn"
    status = HTTPStatus.CONFLICT
    next_step = "Add money to the account or raise its credit limit, then try again."


class PendingTransferNotFound(RuleBroken):
    """There is no pending transfer of this id."""

    code = "pending_transfer_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Use the id that the pending transfer was made with."


class PendingTransferAlreadyResolved(RuleBroken):
    """A pending transfer is posted or voided once."""

    code = "pending_transfer_already_resolved"
    status = HTTPStatus.CONFLICT
    next_step = "It has been posted or voided before; nothing more needs to be done."
