"""The rules of networks, merchants, shops, staff, terminals and keys that can be broken."""

from http import HTTPStatus

from ringmain.kit.pure.errors import RuleBroken


class MerchantNotFound(RuleBroken):
    """There is no such merchant in this network, or this key may not see it."""

    code = "merchant_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the merchant's id; other networks' and other merchants' cannot be seen."


class ShopNotFound(RuleBroken):
    """There is no such shop, or this key may not see it."""

    code = "shop_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the shop's id; other networks' and other merchants' cannot be seen."


class StaffNotFound(RuleBroken):
    """There is no such person at this merchant."""

    code = "staff_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the id against the list of staff."


class TerminalNotFound(RuleBroken):
    """There is no such terminal, or this key may not see it."""

    code = "terminal_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the id against the list of terminals."


class KeyNotFound(RuleBroken):
    """There is no such API key, or this key may not see it."""

    code = "key_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the id against the list of keys."


class KeyRevoked(RuleBroken):
    """A revoked key stays revoked."""

    code = "key_revoked"
    status = HTTPStatus.CONFLICT
    next_step = "Make a new key; a revoked one cannot be used or rotated again."


class TerminalRevoked(RuleBroken):
    """A revoked terminal stays revoked."""

    code = "terminal_revoked"
    status = HTTPStatus.CONFLICT
    next_step = "Make a new terminal and pair the device with its code."


class TimeZoneUnknown(RuleBroken):
    """The time zone is not one of the IANA database."""

    code = "time_zone_unknown"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Use a name of the IANA time zone database, such as Asia/Shanghai or Europe/Berlin."


class HoursInvalid(RuleBroken):
    """Opening hours overlap or are empty."""

    code = "hours_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = (
        "Give the times of a day in order and apart; a time that closes after midnight ends before the next opens."
    )


class RivalIsOwnShop(RuleBroken):
    """A merchant cannot be its own rival."""

    code = "rival_is_own_shop"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name a shop of another merchant."


class PinTooSimple(RuleBroken):
    """A PIN of one repeated digit or of digits in a row is guessed first."""

    code = "pin_too_simple"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Choose 4 to 8 digits that are not all the same and not in a row."


class PinWrong(RuleBroken):
    """The PIN is not this person's; a person unknown at this till gets the same answer."""

    code = "pin_wrong"
    status = HTTPStatus.FORBIDDEN
    next_step = "Type the PIN again; after five wrong tries it is locked for fifteen minutes."


class PinLocked(RuleBroken):
    """Too many wrong tries."""

    code = "pin_locked"
    status = HTTPStatus.FORBIDDEN
    next_step = "Wait until the time in `facts.locked_until`, or have the owner set a new PIN."


class PairingCodeInvalid(RuleBroken):
    """Wrong, used and expired codes get this same answer, so that guessing learns nothing."""

    code = "pairing_code_invalid"
    status = HTTPStatus.FORBIDDEN
    next_step = "Make a new pairing code in the console and type it within ten minutes; each works once."


class KeyScopeInvalid(RuleBroken):
    """The role and the scope of a key do not fit together."""

    code = "key_scope_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name `merchant_id` for a merchant's key and leave it out for others; terminals get theirs by pairing."


class RoleNotGranted(RuleBroken):
    """Nobody hands out more than they have."""

    code = "role_not_granted"
    status = HTTPStatus.FORBIDDEN
    next_step = "Merchants make and change keys of their own only; ask the operator of the network for others."


class CurrencyNotOfNetwork(RuleBroken):
    """Merchants of a network are funded in its currency."""

    code = "currency_not_of_network"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Use the currency in `facts.currency`."


class DepositAlreadyMade(RuleBroken):
    """This payment was credited before."""

    code = "deposit_already_made"
    status = HTTPStatus.CONFLICT
    next_step = "Nothing more needs to be done; use a new reference for another payment."


class NetworkRequired(RuleBroken):
    """A command has to know which network it is about."""

    code = "network_required"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name one of the networks shown with --network; `ringmain networks open` makes one where there is none."
