"""Accounts as an operator at the command line adds and resets them; links are returned to be shown once."""

from uuid import UUID

from ringmain.entry.installation import Installation
from ringmain.entry.keys import COMMAND_LINE, chosen_network
from ringmain.kit.audit import audit
from ringmain.network import api as network
from ringmain.network.errors import AccountNotFound

_MOST = 1_000


async def add_account(installation: Installation, network_id: UUID | None, new: network.NewAccount) -> str:
    """Add a person and return the link of the invitation."""
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        invitation = await network.add_account(uow, installation.keyring, new)
        about = {"role": new.role, "merchant_id": new.merchant_id}
        await audit(uow, COMMAND_LINE, "add_account", "account", invitation.account.id, about)
    return invitation_link(installation, invitation)


async def reset_account(installation: Installation, email: str) -> str:
    """Give a person a new start and return the link of the invitation."""
    async with installation.database.unit(None) as uow:
        entry = await network.find_account(uow, installation.keyring, email)
    if entry is None:
        raise AccountNotFound
    async with installation.database.unit(entry.network_id) as uow:
        invitation = await network.reset_account(uow, installation.keyring, entry.account_id)
        await audit(uow, COMMAND_LINE, "reset_account", "account", entry.account_id)
    return invitation_link(installation, invitation)


async def list_accounts(installation: Installation, network_id: UUID | None) -> list[tuple[str, ...]]:
    """Return the accounts of a network as rows of text: id, role, name, e-mail, last sign-in, state."""
    async with installation.database.unit(await chosen_network(installation, network_id)) as uow:
        rows = await network.accounts(uow, limit=_MOST)
    return [
        (
            str(one.id),
            one.role,
            network.name_of(installation.keyring, one),
            network.email_of(installation.keyring, one),
            f"{one.signed_in_at:%Y-%m-%d %H:%M}" if one.signed_in_at else "-",
            _state(one),
        )
        for one in rows
    ]


def _state(account: network.Account) -> str:
    if account.disabled_at is not None:
        return "disabled"
    if account.password_set_at is None and account.passkeys == 0:
        return "invited"
    return "no second factor" if account.second_factor_missing else "ready"


def invitation_link(installation: Installation, invitation: network.Invitation) -> str:
    """Return the whole address where it is known, else the path."""
    token = network.invitation_token(
        installation.keyring, invitation.account.id, invitation.version, invitation.master_version
    )
    assert token is not None
    settings = installation.settings
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return base.rstrip("/") + network.invitation_path(token)
