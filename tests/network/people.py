"""People who sign in, for tests: accounts with passwords, apps that make codes, and what moves time for a lock."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pyotp

from ringmain.network.api import (
    Account,
    AccountRole,
    CodeNeeded,
    NewAccount,
    PasswordTry,
    SignedIn,
    accept_invitation,
    add_account,
    begin_totp,
    confirm_totp,
    invitation_token,
    recovery_codes,
    sign_in,
)
from ringmain.network.model.accounts import TOTP_STEP_SECONDS
from tests.network.town import Installation, Town

PASSWORD = "four ducks cross slowly"


@dataclass(slots=True)
class Person:
    """Somebody with an account and a password."""

    here: Installation
    account: Account
    email: str
    secret: str = ""

    async def sign_in(
        self, password: str = PASSWORD, *, address: str = "198.51.100.7", device: str | None = None
    ) -> SignedIn | CodeNeeded:
        """Try to sign in by password."""
        attempt = PasswordTry(self.email, password, address, device)
        return await sign_in(self.here.database, self.here.keyring, attempt)

    def code(self, steps: int = 0) -> str:
        """Return what the app shows now, or some steps of 30 seconds later."""
        step = int(datetime.now(tz=UTC).timestamp()) // TOTP_STEP_SECONDS + steps
        return pyotp.TOTP(self.secret).generate_otp(step)

    async def enrol(self) -> list[str]:
        """Add an app, confirmed with the code of the step before, so that the present one is still unused."""
        database, keyring = self.here.database, self.here.keyring
        async with database.unit(self.account.network_id) as uow:
            self.secret = (await begin_totp(uow, keyring, self.account.id, "Old Town")).secret
        async with database.unit(self.account.network_id) as uow:
            batch = await confirm_totp(uow, keyring, self.account.id, self.code(-1))
        return recovery_codes(keyring, self.account, batch)


async def invited(
    here: Installation, town: Town, role: AccountRole = "operator", email: str = ""
) -> tuple[str, Person]:
    """Add somebody and return the token of the invitation."""
    email = email or f"{uuid4().hex}@mall.example"
    merchant_id = None if role == "operator" else town.merchants[0]
    async with here.database.unit(town.network_id) as uow:
        invitation = await add_account(uow, here.keyring, NewAccount(email, "Mei Lin", role, merchant_id))
    account = invitation.account
    token = invitation_token(here.keyring, account.id, invitation.version, invitation.master_version)
    assert token is not None
    return token, Person(here, account, email)


async def person(here: Installation, town: Town, role: AccountRole = "operator") -> Person:
    """Add somebody who has taken the invitation and set the password."""
    token, one = await invited(here, town, role)
    await accept_invitation(here.database, here.keyring, token, PASSWORD)
    return one


async def end_locks(here: Installation) -> None:
    """Let every lock end now, as if its time had passed; what was counted stays."""
    async with here.database.unit(None) as uow:
        await uow.execute("UPDATE sign_in_tries SET locked_until = clock_timestamp() WHERE locked_until IS NOT NULL")
