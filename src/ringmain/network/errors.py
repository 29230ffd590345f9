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


class AccountNotFound(RuleBroken):
    """There is no such account, or this caller may not see it."""

    code = "account_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the id against the list of accounts."


class AccountScopeInvalid(RuleBroken):
    """The role and the merchant of an account do not fit together."""

    code = "account_scope_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Name `merchant_id` for an owner or a manager, and leave it out for an operator."


class EmailInvalid(RuleBroken):
    """This is not an e-mail address."""

    code = "email_invalid"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Give an e-mail address such as mei@lotus.example."


class EmailTaken(RuleBroken):
    """Somebody signs in with this e-mail already."""

    code = "email_taken"
    status = HTTPStatus.CONFLICT
    next_step = "Use another e-mail; each belongs to one account of this installation."


class InvitationInvalid(RuleBroken):
    """Wrong, used, replaced and expired invitations get this same answer."""

    code = "invitation_invalid"
    status = HTTPStatus.FORBIDDEN
    next_step = "Ask whoever invited you for a new link; each works once, for 72 hours."


class PasswordTooWeak(RuleBroken):
    """The password is too short, or among the first that anybody would try."""

    code = "password_too_weak"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Take at least 12 characters, not your name or e-mail and no common password; a few words are fine."


class SignInRefused(RuleBroken):
    """Unknown e-mails, wrong passwords, unknown passkeys and disabled accounts get this same answer."""

    code = "sign_in_refused"
    status = HTTPStatus.FORBIDDEN
    next_step = "Check e-mail and password and try again, or ask the operator of your network for a new link."


class SignInLocked(RuleBroken):
    """Too many tries: for a while none is taken, not even a right one."""

    code = "sign_in_locked"
    status = HTTPStatus.TOO_MANY_REQUESTS
    next_step = "Wait until the time in `facts.locked_until`; a passkey works meanwhile."


class SignInExpired(RuleBroken):
    """The sign-in took too long, or this step of it was done before."""

    code = "sign_in_expired"
    status = HTTPStatus.FORBIDDEN
    next_step = "Begin to sign in again."


class CodeWrong(RuleBroken):
    """The code is not the one that the app shows now, or was used before."""

    code = "code_wrong"
    status = HTTPStatus.FORBIDDEN
    next_step = "Wait for the next code of your app and type it, or use a recovery code; each is good once."


class PasskeyRefused(RuleBroken):
    """The answer of the browser does not fit the question."""

    code = "passkey_refused"
    status = HTTPStatus.FORBIDDEN
    next_step = "Try again with the passkey of this site; if it is refused once more, sign in with your password."


class PasskeyNotFound(RuleBroken):
    """There is no such passkey in this account."""

    code = "passkey_not_found"
    status = HTTPStatus.NOT_FOUND
    next_step = "Check the id against the list of passkeys."


class OrganisationRefused(RuleBroken):
    """The organisation's sign-in failed, or it does not make this person an operator here."""

    code = "organisation_refused"
    status = HTTPStatus.FORBIDDEN
    next_step = "Begin again; if it is refused once more, ask an operator to add your e-mail."


class OrganisationUnreachable(RuleBroken):
    """The organisation's sign-in does not answer as it should."""

    code = "organisation_unreachable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    next_step = "Try again in a minute, or sign in with a passkey or your password."


class TenantsUnreadable(RuleBroken):
    """The file is no list of tenants."""

    code = "tenants_unreadable"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    next_step = "Send a CSV file in UTF-8 whose first line names the columns merchant, shop and category."


class PoolDepositAlreadyMade(RuleBroken):
    """A payment with this reference was credited to the pool before."""

    code = "pool_deposit_already_made"
    status = HTTPStatus.CONFLICT
    next_step = "Check the list of payments into the pool; give another payment its own reference."
