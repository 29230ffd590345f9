"""The rules of sales that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class ShopRequired(RuleBroken):
    """Only a terminal stands in a shop of its own; everybody else names the shop."""

    code = "shop_required"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send shop_id; GET /v1/shops lists the shops that this key may use."


class MemberNotFound(RuleBroken):
    """There is no such member in this network, or it was erased."""

    code = "sale_member_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Identify the guest again, or record the sale without a member."


class SaleInFuture(RuleBroken):
    """The time of a sale is more than five minutes ahead of the server's."""

    code = "sale_in_future"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Set the clock of the till; the server's time is shown."


class SaleTooOld(RuleBroken):
    """A sale with vouchers is decided now; an old one can only be imported without them."""

    code = "sale_too_old"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send sales with vouchers within three days, older ones through an import."


class LinesDiffer(RuleBroken):
    """The lines do not add up to the total."""

    code = "lines_differ"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send lines that add up to total_minor, or leave the lines out."


class TotalRequired(RuleBroken):
    """Only a redemption may come without the amount of the purchase."""

    code = "total_required"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send total_minor and currency with the sale."


class SaleNotFound(RuleBroken):
    """There is no such sale at this merchant."""

    code = "sale_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Look the sale up among the recent ones of this shop."


class RefundExceedsSale(RuleBroken):
    """More would be refunded than was paid."""

    code = "refund_exceeds_sale"
    status = HTTPStatus.CONFLICT
    next_step = "Refund at most the amount shown as left."


class SaleAlreadyUndone(RuleBroken):
    """The sale was undone before."""

    code = "sale_already_undone"
    status = HTTPStatus.CONFLICT
    next_step = "Nothing is left to undo; the voucher and the money went back at the time shown."


class UndoNeedsManager(RuleBroken):
    """A cashier undoes sales of the last hour; an older one needs a manager."""

    code = "undo_needs_manager"
    status = HTTPStatus.FORBIDDEN
    next_step = "Lock the till, let a manager unlock it with their PIN, and undo the sale there."


class ShiftAlreadyOpen(RuleBroken):
    """The shift at this till is open already."""

    code = "shift_already_open"
    status = HTTPStatus.CONFLICT
    next_step = "Go on selling, or close the open shift first."


class NoShiftOpen(RuleBroken):
    """No shift is open at this till."""

    code = "no_shift_open"
    status = HTTPStatus.CONFLICT
    next_step = "Open a shift first; the one before may have been closed at this till already."


class SaleAlreadyComplete(RuleBroken):
    """Only a minimal sale can be completed, and once."""

    code = "sale_already_complete"
    status = HTTPStatus.CONFLICT
    next_step = "The sale is known whole; record another sale or a refund."


class MappingInvalid(RuleBroken):
    """The mapping file of an import is wrong; the facts name the key and the problem."""

    code = "import_mapping_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Mend the named key of the mapping file and start again; nothing was imported."

    def __str__(self) -> str:
        """Return a sentence for people."""
        key, problem = self.facts.get("key"), self.facts.get("problem")
        return f"mapping file, key `{key}`: {problem}" if key else f"mapping file: {problem}"


class ImportUnreadable(RuleBroken):
    """The file of an import as a whole cannot be read; the facts say why."""

    code = "import_unreadable"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Mend or export the file again, check `format`, `encoding` and `delimiter` of the mapping; start again."

    def __str__(self) -> str:
        """Return a sentence for people."""
        line = self.facts.get("line")
        return f"the file cannot be read: {self.facts.get('problem')}" + (f" (line {line})" if line else "")


class ImportRunsElsewhere(RuleBroken):
    """Another process goes on with the same import at this moment."""

    code = "import_runs_elsewhere"
    status = HTTPStatus.CONFLICT
    next_step = "Wait until the other import has ended; running this one again then changes nothing twice."


class VoucherNamedTwice(RuleBroken):
    """A sale spends each of its vouchers once."""

    code = "voucher_named_twice"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name each voucher once in a sale; of a gift voucher, ask for the whole amount at once."
