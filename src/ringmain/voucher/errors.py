"""The rules of vouchers that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class VoucherNotFound(RuleBroken):
    """Wrong, foreign and never issued codes get this same answer, so that guessing learns nothing."""

    code = "voucher_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Scan the code again; if it still fails, ask the guest to open the voucher anew on the phone."


class VoucherAlreadySpent(RuleBroken):
    """The whole value has been spent."""

    code = "voucher_already_spent"
    status = HTTPStatus.CONFLICT
    next_step = "Nothing is left on this voucher; look below for when and where it was used, or take another tender."


class VoucherExpired(RuleBroken):
    """The time of the voucher is over."""

    code = "voucher_expired"
    status = HTTPStatus.CONFLICT
    next_step = "This voucher ended at the time shown; ask the guest for another one or take another tender."


class VoucherVoid(RuleBroken):
    """The voucher was taken back by who issued it."""

    code = "voucher_void"
    status = HTTPStatus.CONFLICT
    next_step = "The shop that issued this voucher has withdrawn it; take another tender."


class VoucherGivenAway(RuleBroken):
    """Its holder has given all of its value to others, in parts."""

    code = "voucher_given_away"
    status = HTTPStatus.CONFLICT
    next_step = "Its value is in the vouchers of those who opened the red packet; take another tender."


class VoucherNotSplittable(RuleBroken):
    """The voucher cannot be divided into parts that others may spend."""

    code = "voucher_not_splittable"
    status = HTTPStatus.CONFLICT
    next_step = "Share another voucher; `reason` says what is in the way."


class VoucherNotYetValid(RuleBroken):
    """The time of the voucher has not begun."""

    code = "voucher_not_yet_valid"
    status = HTTPStatus.CONFLICT
    next_step = "This voucher begins at the time shown; come back then."


class VoucherLocked(RuleBroken):
    """Another till has validated the voucher and holds it, or its holder is giving it away in parts."""

    code = "voucher_locked"
    status = HTTPStatus.CONFLICT
    next_step = (
        "Another till is using this voucher, or its holder shares it in a red packet: finish the sale there, let the "
        "holder take back what is left, or wait until the time shown."
    )


class ShopNotAccepted(RuleBroken):
    """The offer names other shops."""

    code = "shop_not_accepted"
    status = HTTPStatus.CONFLICT
    next_step = "This voucher is for other shops; the guest's phone shows where it can be used."


class MinimumNotReached(RuleBroken):
    """The basket is smaller than the offer asks."""

    code = "minimum_not_reached"
    status = HTTPStatus.CONFLICT
    next_step = "The purchase is below the minimum shown; add something or keep the voucher for another visit."


class BasketRequired(RuleBroken):
    """The offer cannot be decided without the amount of the purchase."""

    code = "basket_required"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Type the amount of the purchase first: this voucher depends on it."


class OutsideHours(RuleBroken):
    """The offer names other days or hours, in the time zone of the shop."""

    code = "outside_hours"
    status = HTTPStatus.CONFLICT
    next_step = "This voucher is for other days or hours; the guest's phone shows when it can be used."


class WrongHolder(RuleBroken):
    """The voucher belongs to another member."""

    code = "wrong_holder"
    status = HTTPStatus.CONFLICT
    next_step = "Only its holder may use this voucher; identify the guest first or take another tender."


class LimitReached(RuleBroken):
    """A limit of the offer (per member, per day, or in total) is used up."""

    code = "limit_reached"
    status = HTTPStatus.CONFLICT
    next_step = "The limit shown is used up; the voucher may work on another day, otherwise take another tender."


class NotCombinable(RuleBroken):
    """The offer does not go together with other vouchers in one sale."""

    code = "not_combinable"
    status = HTTPStatus.CONFLICT
    next_step = "This voucher stands alone; use one voucher now and keep the other for the next visit."


class CurrencyDiffers(RuleBroken):
    """Sale and voucher are in different currencies."""

    code = "currency_differs"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send the sale in the currency of the voucher."


class AmountExceedsRemaining(RuleBroken):
    """More was asked for than the voucher or the basket has left."""

    code = "amount_exceeds_remaining"
    status = HTTPStatus.CONFLICT
    next_step = "Ask for at most the amount shown as left."


class PartNotAllowed(RuleBroken):
    """Only vouchers with stored value are spent in parts of any size."""

    code = "part_not_allowed"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Redeem this voucher whole: leave the amount out."


class TendersDiffer(RuleBroken):
    """What was paid and what vouchers took off do not add up to the total."""

    code = "tenders_differ"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Make tenders and vouchers add up to the total; the amount that vouchers took off is shown."


class NoEffect(RuleBroken):
    """The voucher would take nothing off, so it is not used up."""

    code = "voucher_without_effect"
    status = HTTPStatus.CONFLICT
    next_step = "The voucher takes nothing off this purchase and stays unused; go on without it."


class RedemptionNotFound(RuleBroken):
    """There is no such redemption at this merchant."""

    code = "redemption_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Look the redemption up among the recent ones of this shop."


class RedemptionAlreadyReversed(RuleBroken):
    """A redemption is reversed once."""

    code = "redemption_already_reversed"
    status = HTTPStatus.CONFLICT
    next_step = "It has been undone already, at the time shown; nothing more needs to be done."


class VoucherStillValid(RuleBroken):
    """A sweep tried to expire a voucher whose time is not over."""

    code = "voucher_still_valid"
    status = HTTPStatus.CONFLICT
    next_step = "Wait until the voucher has ended."


class FundsInsufficient(RuleBroken):
    """The funder's balance and credit do not cover the greatest possible cost."""

    code = "funds_insufficient"
    status = HTTPStatus.CONFLICT
    next_step = "Top up the funder's balance or raise its credit limit, then try again."


class OfferNotFound(RuleBroken):
    """There is no such offer."""

    code = "offer_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "List the offers of the network and use one of their ids."


class OfferPaused(RuleBroken):
    """The offer grants nothing while it is paused."""

    code = "offer_paused"
    status = HTTPStatus.CONFLICT
    next_step = "Resume the offer or choose another one."


class OutOfStock(RuleBroken):
    """All vouchers of the offer have been granted."""

    code = "out_of_stock"
    status = HTTPStatus.CONFLICT
    next_step = "Choose another offer or raise the stock by a new one."


class InvalidOffer(RuleBroken):
    """The terms of an offer contradict each other."""

    code = "invalid_offer"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Correct the field shown and send the offer again."


class OfferEnded(RuleBroken):
    """A voucher granted now would have ended before it begins."""

    code = "offer_ended"
    status = HTTPStatus.CONFLICT
    next_step = "The time of this offer is over; choose another one."


class HolderRequired(RuleBroken):
    """The offer is for its holder only, so its vouchers cannot be minted or granted without one."""

    code = "holder_required"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Grant this offer to a member; codes without a holder need an offer that any bearer may use."


class PointsInsufficient(RuleBroken):
    """The member has fewer points than the offer costs."""

    code = "points_insufficient"
    status = HTTPStatus.CONFLICT
    next_step = "The member has the points shown; choose an offer with a lower price or collect more first."


class FunderNotAllowed(RuleBroken):
    """Only an operator lets somebody else than the creator pay for an offer."""

    code = "funder_not_allowed"
    status = HTTPStatus.FORBIDDEN
    next_step = "Fund the offer yourself, or ask the operator of the network to publish it for the other funder."


class MintNotFound(RuleBroken):
    """There is no such order of codes for this offer."""

    code = "mint_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Use the id that the order of codes was answered with."


class LotUnfit(RuleBroken):
    """Vouchers of this offer cannot be set aside as prizes."""

    code = "lot_unfit"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose another offer as a prize; `reason` says what is in the way."


class LotClosed(RuleBroken):
    """The prizes were given back to their funder."""

    code = "lot_closed"
    status = HTTPStatus.CONFLICT
    next_step = "Open a new game."


class TooManyCodes(RuleBroken):
    """One order of codes is too large."""

    code = "too_many_codes"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Order at most the number shown at once, and the rest with further orders."


class CodeMalformed(RuleBroken):
    """The text is not a voucher code of this system."""

    code = "code_malformed"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Scan the voucher's own code: it begins with RM1, or RM2 where it is signed."


class SignatureInvalid(RuleBroken):
    """A signed code was changed, or was signed by somebody else."""

    code = "signature_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Do not accept this code: it was not made by this network."


class TypedCodeUnknown(RuleBroken):
    """Wrong, expired and foreign digits get this same answer, so that guessing learns nothing."""

    code = "typed_code_unknown"
    status = HTTPStatus.NOT_FOUND
    next_step = "Compare the 12 digits with the guest's phone; they change every five minutes and hold for one shop."


class TooManyWrongCodes(RuleBroken):
    """This terminal typed too many wrong codes within the hour."""

    code = "too_many_wrong_codes"
    status = HTTPStatus.TOO_MANY_REQUESTS
    next_step = "Scan the code instead, or wait until the time shown."


class ValidationNotFound(RuleBroken):
    """There is no such validation at this merchant."""

    code = "validation_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "It has ended or was released; nothing more needs to be done."


class ShopRequired(RuleBroken):
    """Only a terminal stands in a shop of its own; everybody else names the shop."""

    code = "voucher_shop_required"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send shop_id; GET /v1/shops lists the shops that this key may use."


class VoucherLeased(RuleBroken):
    """The voucher is lent to another terminal, which may be redeeming it without a network."""

    code = "voucher_leased"
    status = HTTPStatus.CONFLICT
    next_step = (
        "This voucher is reserved at the shop shown until the times shown: use it there, or let that till release it "
        "as soon as it has a network; otherwise take another tender."
    )


class VoucherNeedsNetwork(RuleBroken):
    """A till redeemed a voucher without a network that was not lent to it at that time."""

    code = "voucher_needs_network"
    status = HTTPStatus.CONFLICT
    next_step = "Without a network, redeem only vouchers that this till has leased; the sale itself is recorded."


class NotLeasable(RuleBroken):
    """The use of the voucher is counted against a limit, which may be used up elsewhere meanwhile."""

    code = "voucher_not_leasable"
    status = HTTPStatus.CONFLICT
    next_step = "Redeem this voucher with a network: how often it may be used is counted over all shops."


class LeaseCapReached(RuleBroken):
    """The terminal has as many leases, or leases of as much value, as its merchant allows."""

    code = "lease_cap_reached"
    status = HTTPStatus.CONFLICT
    next_step = "Release leases that are not needed, or let the merchant raise the cap shown."


class LeaseNotFound(RuleBroken):
    """There is no such open lease of this terminal."""

    code = "lease_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "It has ended or was released; nothing more needs to be done."


class TerminalRequired(RuleBroken):
    """Only a paired terminal can be lent a voucher."""

    code = "terminal_required"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Ask with the key of the terminal that shall redeem without a network."
