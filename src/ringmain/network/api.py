"""What other slices may ask of the network."""

from collections.abc import Sequence
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.network.accept_invitation import Invited, accept_invitation, invitation_of
from ringmain.network.accounts import (
    account_of,
    accounts,
    add_account,
    disable_account,
    email_of,
    find_account,
    name_of,
    open_account,
    reset_account,
    rewrap_accounts,
)
from ringmain.network.authenticate import Authenticator
from ringmain.network.deposit import MerchantBalance, make_deposit, merchant_balance, top_up
from ringmain.network.found import Founding, found_network
from ringmain.network.hours_text import hours_of
from ringmain.network.invitations import invitation_path, invitation_token
from ringmain.network.keys import Minted, make_key, revoke_key, rotate_key, token_text
from ringmain.network.margin import margin_of, state_margin, stated_margins
from ringmain.network.model import (
    Hours,
    KeyRole,
    Merchant,
    MerchantAccount,
    Network,
    NetworkTransfer,
    NewMerchant,
    NewShop,
    Shop,
    Staff,
    StaffRole,
    Terminal,
    known_time_zone,
)
from ringmain.network.model.accounts import (
    Account,
    AccountRole,
    CodeNeeded,
    Invitation,
    NewAccount,
    Passkey,
    SignedIn,
    SignInMethod,
)
from ringmain.network.open import (
    change_shop,
    declare_rival,
    merchant_of,
    network_of,
    open_merchants,
    open_network,
    open_shops,
    shop_of,
    withdraw_rival,
)
from ringmain.network.organisation import Away, Organisation, OrganisationSettings
from ringmain.network.passkeys import (
    Question,
    Site,
    add_passkey,
    begin_passkey,
    begin_passkey_sign_in,
    passkeys,
    remove_passkey,
    sign_in_with_passkey,
)
from ringmain.network.passwords import change_password, check_new_password
from ringmain.network.periodic import every_network, in_each_network
from ringmain.network.pool import PoolBalance, fund_pool, pool_balance, pool_deposits
from ringmain.network.second_factor import (
    Enrolment,
    begin_totp,
    confirm_totp,
    pending_totp,
    recovery_codes,
    recovery_codes_left,
    remove_totp,
    renew_recovery_codes,
)
from ringmain.network.sign_in import PasswordTry, sign_in, sign_in_with_code, signed_in_as
from ringmain.network.staff import add_staff, change_staff, check_pin, staff_at, staff_of
from ringmain.network.store import people, places
from ringmain.network.store.export import EXPORT_TABLES
from ringmain.network.store.keys import list_keys
from ringmain.network.store.people import list_staff, list_terminals
from ringmain.network.store.pool import PoolDeposit
from ringmain.network.tenants import Owner, RejectedRow, TenantImport, import_tenants
from ringmain.network.terminals import (
    Once,
    Pairing,
    code_text,
    make_terminal,
    open_paired,
    pair_again,
    pair_once,
    pairing_network,
    revoke_terminal,
    terminal_of,
    unpair,
)
from ringmain.network.tries import code_tries, counted, password_tries

# More people than a till can show anyway.
_MOST_STAFF = 200

__all__ = [
    "EXPORT_TABLES",
    "Account",
    "AccountRole",
    "Authenticator",
    "Away",
    "CodeNeeded",
    "Enrolment",
    "Founding",
    "Hours",
    "Invitation",
    "Invited",
    "KeyRole",
    "Merchant",
    "MerchantAccount",
    "MerchantBalance",
    "Minted",
    "Network",
    "NetworkTransfer",
    "NewAccount",
    "NewMerchant",
    "NewShop",
    "Once",
    "Organisation",
    "OrganisationSettings",
    "Owner",
    "Pairing",
    "Passkey",
    "PasswordTry",
    "PoolBalance",
    "PoolDeposit",
    "Question",
    "RejectedRow",
    "Shop",
    "SignInMethod",
    "SignedIn",
    "Site",
    "Staff",
    "StaffRole",
    "TenantImport",
    "Terminal",
    "accept_invitation",
    "account_of",
    "accounts",
    "add_account",
    "add_passkey",
    "add_staff",
    "all_merchants",
    "all_networks",
    "all_shops",
    "begin_passkey",
    "begin_passkey_sign_in",
    "begin_totp",
    "change_password",
    "change_shop",
    "change_staff",
    "check_new_password",
    "check_pin",
    "code_text",
    "code_tries",
    "confirm_totp",
    "counted",
    "declare_rival",
    "disable_account",
    "email_of",
    "every_network",
    "find_account",
    "found_network",
    "fund_pool",
    "hours_of",
    "import_tenants",
    "in_each_network",
    "invitation_of",
    "invitation_path",
    "invitation_token",
    "known_time_zone",
    "list_keys",
    "list_staff",
    "list_terminals",
    "make_deposit",
    "make_key",
    "make_terminal",
    "margin_of",
    "merchant_balance",
    "merchant_of",
    "merchants",
    "name_of",
    "network_of",
    "open_account",
    "open_merchants",
    "open_network",
    "open_paired",
    "open_shops",
    "pair_again",
    "pair_once",
    "pairing_network",
    "passkeys",
    "password_tries",
    "pending_totp",
    "pool_balance",
    "pool_deposits",
    "recovery_codes",
    "recovery_codes_left",
    "remove_passkey",
    "remove_totp",
    "renew_recovery_codes",
    "reset_account",
    "revoke_key",
    "revoke_terminal",
    "rewrap_accounts",
    "rival_shops",
    "rivals_of",
    "rotate_key",
    "shop_of",
    "shops",
    "shops_of",
    "sign_in",
    "sign_in_with_code",
    "sign_in_with_passkey",
    "signed_in_as",
    "staff_at",
    "staff_of",
    "staff_of_shop",
    "state_margin",
    "stated_margins",
    "terminal_of",
    "token_text",
    "top_up",
    "unpair",
    "withdraw_rival",
]


async def all_networks(uow: UnitOfWork) -> list[UUID]:
    """Return the ids of all networks of this installation; the unit of work needs no network."""
    return await places.all_networks(uow)


async def merchants(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Merchant]:
    """Return those of these merchants that exist in the network, in no order."""
    return await places.merchants(uow, ids)


async def shops(uow: UnitOfWork, ids: Sequence[UUID]) -> list[Shop]:
    """Return those of these shops that exist in the network, in no order."""
    return await places.shops(uow, ids)


async def all_merchants(uow: UnitOfWork) -> list[Merchant]:
    """Return every merchant of the network in the order of their ids."""
    return await places.list_merchants(uow, None, None)


async def all_shops(uow: UnitOfWork) -> list[Shop]:
    """Return every shop of the network in the order of their ids."""
    return await places.list_shops(uow, None, None)


async def shops_of(uow: UnitOfWork, merchant_id: UUID) -> list[Shop]:
    """Return every shop of a merchant in the order of their ids."""
    return await places.list_shops(uow, None, None, merchant_id)


async def rival_shops(uow: UnitOfWork) -> set[tuple[UUID, UUID]]:
    """Return every declaration as (merchant, shop): this shop and the shops of that merchant are rivals, both ways."""
    return {(rival.merchant_id, rival.rival_shop_id) for rival in await places.rivals(uow)}


async def rivals_of(uow: UnitOfWork, merchant_id: UUID, shop_id: UUID) -> set[tuple[UUID, UUID]]:
    """Return the declarations of a merchant and those of one of its shops by others, as (merchant, rival shop).

    The shop and every shop of that merchant are rivals, both ways.
    """
    return {(rival.merchant_id, rival.rival_shop_id) for rival in await places.rivals_of(uow, merchant_id, shop_id)}


async def staff_of_shop(uow: UnitOfWork, shop_id: UUID) -> list[Staff]:
    """Return who works in a shop now, in it alone or in all of its merchant's; in the order in which they joined."""
    shop = await shop_of(uow, shop_id)
    found = await people.list_staff(uow, None, _MOST_STAFF, shop.merchant_id, shop_id)
    return [one for one in found if one.left_at is None]
