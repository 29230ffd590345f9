"""People who sign in to the consoles of the street, for tests."""

from dataclasses import dataclass
from uuid import uuid4

from playwright.async_api import Page

from ringmain.network import api as network
from ringmain.network.api import AccountRole
from ringmain.simulate.api import street
from tests.entry.web.served import KEYRING, Served

PASSWORD = "four ducks cross slowly"


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody who was invited, and the path of their link."""

    email: str
    path: str
    token: str


async def invite(served: Served, role: AccountRole = "owner", name: str = "Mei Lin") -> Invited:
    """Invite somebody to the street."""
    email = f"{uuid4().hex[:12]}@lantern.example"

    async def work() -> str:
        merchant_id = None if role == "operator" else street.STALLS[0].merchant_id
        async with served.database.unit(street.NETWORK_ID) as uow:
            made = await network.add_account(uow, KEYRING, network.NewAccount(email, name, role, merchant_id))
        token = network.invitation_token(KEYRING, made.account.id, made.version, made.master_version)
        assert token is not None
        return token

    token = await served.acall(work())
    return Invited(email, network.invitation_path(token), token)


async def with_password(served: Served, role: AccountRole = "owner", name: str = "Mei Lin") -> Invited:
    """Invite somebody who has set the password already."""
    one = await invite(served, role, name)
    await served.acall(network.accept_invitation(served.database, KEYRING, one.token, PASSWORD))
    return one


async def authenticator(page: Page) -> None:
    """Give a page a virtual authenticator that knows its owner."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def by_name(served: Served) -> str:
    """Return the address by a name: browsers take no passkeys at a number."""
    return served.url.replace("127.0.0.1", "localhost")
