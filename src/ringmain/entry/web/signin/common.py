"""What all ways of signing in share: the session they end in, where they lead, what the browser keeps meanwhile."""

import math
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.responses import Response

from ringmain.entry.web.audiences import ACCOUNT
from ringmain.entry.web.styles import local_path
from ringmain.kit.db import UnitOfWork
from ringmain.kit.pages import Visit
from ringmain.kit.pages.sessions import change_facts
from ringmain.kit.pure.errors import RuleBroken
from ringmain.network import api as network
from ringmain.network.errors import SignInRefused

# What an earlier sign-in left in this browser, and the ticket of one that is under way.
DEVICE, TICKET = "rm_known", "rm_ticket"
_DEVICE_SECONDS = 365 * 86_400
_TICKET_SECONDS = 600
_PRODUCT = "Ringmain"
_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def home_of(role: str) -> str:
    """Return the console of a role."""
    return "/operator" if role == "operator" else "/merchant"


def wanted(visit: Visit) -> str:
    """Return where the person was going, as a path of ours; empty where they came to sign in."""
    text = visit.form.text("next") if visit.request.method == "POST" else visit.query("next")
    return local_path(text, "") if text else ""


def with_next(path: str, next_path: str) -> str:
    """Return a path that remembers where the person was going."""
    return f"{path}?next={quote(next_path)}" if next_path else path


async def let_in(visit: Visit, signed_in: network.SignedIn, next_path: str) -> str:
    """Open the session of who signed in, and return where it leads; `keep_device` then belongs on the answer.

    Raises `SignInRefused` where they were disabled, or given another password, since.
    """
    async with visit.unit(signed_in.network_id) as uow:
        account = await network.account_of(uow, signed_in.account_id, lock=True)
        if not account.lets_in(signed_in.at):
            raise SignInRefused
        facts: dict[str, Any] = {
            "role": account.role,
            "name": network.name_of(visit.site.keyring, account),
            "second_factor_missing": signed_in.second_factor_missing,
            "browser": browser_of(visit.request.headers.get("user-agent", "")),
        }
        if account.merchant_id is not None:
            facts["merchant_id"] = str(account.merchant_id)
        await visit.sign_in(uow, ACCOUNT, account.id, facts)
    return next_path or home_of(account.role)


async def note_factors(visit: Visit, uow: UnitOfWork) -> None:
    """Write into the session whether a second factor is missing, after one was added or removed."""
    account = await network.account_of(uow, visit.holder_id)
    await change_facts(uow, visit.known, second_factor_missing=account.second_factor_missing)


def keep_device(visit: Visit, response: Response, signed_in: network.SignedIn) -> Response:
    """Let the browser keep what tells later that this person signed in from it; the ticket is used up."""
    keep(visit, response, DEVICE, signed_in.device, _DEVICE_SECONDS)
    return keep(visit, response, TICKET, "", 0)


def keep_ticket(visit: Visit, response: Response, ticket: str) -> Response:
    """Let the browser keep the ticket of a sign-in that is under way."""
    return keep(visit, response, TICKET, ticket, _TICKET_SECONDS)


def keep(visit: Visit, response: Response, name: str, value: str, seconds: int) -> Response:
    """Set a cookie that no script reads."""
    secure = visit.site.secure
    response.set_cookie(
        _named(visit, name), value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="lax"
    )
    return response


def kept(visit: Visit, name: str) -> str:
    """Return a cookie that `keep` set, empty where there is none."""
    return visit.request.cookies.get(_named(visit, name), "")


def address_of(visit: Visit) -> str:
    """Return the address that a try counts for."""
    return visit.request.client.host if visit.request.client else ""


def site_of(visit: Visit) -> network.Site:
    """Return what passkeys are bound to."""
    parts = urlsplit(visit.base_url)
    return network.Site(f"{parts.scheme}://{parts.netloc}", _PRODUCT)


def passkeys_possible(visit: Visit) -> bool:
    """Say whether browsers take passkeys here: under a name, by https or on this very machine."""
    parts = urlsplit(visit.base_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost"
    return False


def wait_text(visit: Visit, error: RuleBroken) -> str:
    """Return how long a lock lasts, in words."""
    seconds = int(error.facts.get("wait_seconds", 0))
    minutes = max(1, math.ceil(seconds / 60))
    return visit.speech.texts("Try again in %(num)s minute.", "Try again in %(num)s minutes.", minutes)


def browser_of(user_agent: str) -> str:
    """Return what people call a browser and its system ("Firefox, Android"), for the list of their sessions."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (browser, system) if part)


def _named(visit: Visit, name: str) -> str:
    """Browsers keep `__Host-` cookies to this host and to https."""
    return f"__Host-{name}" if visit.site.secure else name
