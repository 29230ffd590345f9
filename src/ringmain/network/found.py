"""Founding a network with its first operator: the beginning of every installation that people use."""

from dataclasses import dataclass, field
from uuid import UUID

from ringmain.kit.db import UnitOfWork
from ringmain.kit.secrets import Keyring
from ringmain.network.accounts import open_account
from ringmain.network.model.accounts import NewAccount
from ringmain.network.open import open_network
from ringmain.network.passwords import set_password


@dataclass(frozen=True, slots=True)
class Founding:
    """A network to be, and who will operate it."""

    name: str
    currency: str
    time_zone: str
    operator_name: str = field(repr=False)
    email: str = field(repr=False)
    password: str = field(repr=False)


async def found_network(uow: UnitOfWork, keyring: Keyring, founding: Founding) -> UUID:
    """Open the network of this transaction and the account of its first operator; returns the account's id.

    Raises `TimeZoneUnknown`, `EmailInvalid`, `EmailTaken` or `PasswordTooWeak`; then nothing was opened.
    """
    await open_network(uow, founding.name, founding.currency, founding.time_zone)
    account = await open_account(uow, keyring, NewAccount(founding.email, founding.operator_name, "operator"))
    await set_password(uow, keyring, account, founding.password)
    return account.id
