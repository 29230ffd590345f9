"""Signing in with one's organisation (OpenID Connect), for operators: code flow with PKCE, state and nonce.

The organisation says who somebody is (a verified e-mail); whether that makes them an operator here is decided here: by
an account that exists, or by the list of e-mails and domains that the installation allows.
"""

import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import httpx2
import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ringmain.kit.db import Database
from ringmain.kit.http import persist
from ringmain.kit.secrets import Keyring
from ringmain.network.accounts import find_account, open_account
from ringmain.network.errors import EmailTaken, OrganisationRefused, OrganisationUnreachable, SignInExpired
from ringmain.network.model.accounts import NewAccount, SignedIn, normal_email
from ringmain.network.sign_in import finish
from ringmain.network.store import accounts as store
from ringmain.network.store import places
from ringmain.network.tickets import open_ticket, take_ticket

_LIFE = timedelta(minutes=10)
_PURPOSE = "organisation"
# Only signatures with a key of the issuer that we cannot have ourselves: never `none`, never HMAC.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 10.0
_KEYS_SECONDS = 3_600.0
_LONGEST_ANSWER = 1_000_000
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class OrganisationSettings:
    """What the installation knows of its organisation; `allowed` holds e-mails and domains (`@mall.example`).

    `network_id` is where operators come who have no account yet; it may be left out where there is one network.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    allowed: frozenset[str] = frozenset()
    network_id: UUID | None = None


class _Asked(msgspec.Struct, frozen=True):
    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class _Discovered(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """Where the browser goes, and the ticket that it keeps until it comes back."""

    url: str = field(repr=False)
    ticket: str = field(repr=False)


class Organisation:
    """The sign-in of one organisation; it remembers the issuer's addresses and keys for an hour."""

    def __init__(self, settings: OrganisationSettings) -> None:
        self._settings = settings
        self._discovered: tuple[float, _Discovered] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def begin(self, database: Database, redirect_uri: str) -> Away:
        """Return where to send the browser. Raises `OrganisationUnreachable`."""
        discovered = await self._discover()
        asked = _Asked(secrets.token_urlsafe(), secrets.token_urlsafe(), secrets.token_urlsafe(48), redirect_uri)
        async with database.unit(None) as uow:
            ticket, _ = await open_ticket(uow, _PURPOSE, asked, _LIFE)
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": create_s256_code_challenge(asked.verifier),
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in discovered.authorization_endpoint else "?"
        return Away(f"{discovered.authorization_endpoint}{separator}{urlencode(query)}", ticket)

    async def finish(self, database: Database, keyring: Keyring, ticket: str, state: str, code: str) -> SignedIn:
        """Return who came back from the organisation.

        Raises `SignInExpired`, `OrganisationRefused` or `OrganisationUnreachable`.
        """
        async with database.unit(None) as uow:
            asked = await take_ticket(uow, _PURPOSE, ticket, _Asked)
        if asked is None:
            raise SignInExpired
        # The state binds the answer to the browser that holds the ticket: nobody is signed in as somebody else.
        if not hmac.compare_digest(asked.state.encode(), state.encode()):
            raise OrganisationRefused(reason="state")
        claims = await self._claims(await self._exchange(code, asked), asked.nonce)
        email = normal_email(str(claims.get("email", "")))
        if email is None or claims.get("email_verified") is not True:
            raise OrganisationRefused(reason="email_not_verified")
        network_id, account_id = await self._account(database, keyring, email, str(claims.get("name") or email))
        return await finish(database, keyring, network_id, account_id, "organisation")

    async def _account(self, database: Database, keyring: Keyring, email: str, name: str) -> tuple[UUID, UUID]:
        async with database.unit(None) as uow:
            entry = await find_account(uow, keyring, email)
            networks = await places.all_networks(uow)
        if entry is not None:
            async with database.unit(entry.network_id) as uow:
                account = await store.account(uow, entry.account_id)
            if account is None or account.role != "operator" or account.disabled_at is not None:
                raise OrganisationRefused(reason="not_an_operator")
            return entry.network_id, entry.account_id
        if email not in self._settings.allowed and f"@{email.partition('@')[2]}" not in self._settings.allowed:
            raise OrganisationRefused(reason="not_allowed")
        network_id = self._settings.network_id or (networks[0] if len(networks) == 1 else None)
        if network_id is None or network_id not in networks:
            raise OrganisationRefused(reason="no_network")

        async def make() -> UUID:
            async with database.unit(network_id) as uow:
                return (await open_account(uow, keyring, NewAccount(email, name, "operator"))).id

        try:
            return network_id, await persist(make)
        except EmailTaken:
            # The same person came back twice at once: the other one has made the account.
            raise OrganisationRefused(reason="not_an_operator") from None

    async def _exchange(self, code: str, asked: _Asked) -> _Tokens:
        discovered = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.redirect_uri,
            "code_verifier": asked.verifier,
        }
        secret = (self._settings.client_id, self._settings.client_secret)
        return await _ask("POST", discovered.token_endpoint, _Tokens, data=form, auth=secret)

    async def _claims(self, tokens: _Tokens, nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token whose signature, issuer, audience, times and nonce are right."""
        try:
            token = await self._verified(tokens.id_token)
            options = {
                "iss": {"essential": True, "value": self._settings.issuer},
                "aud": {"essential": True, "value": self._settings.client_id},
                "nonce": {"essential": True, "value": nonce},
            }
            params = {"client_id": self._settings.client_id, "access_token": tokens.access_token, "nonce": nonce}
            claims = CodeIDToken(token.claims, token.header, options, params)
            claims.validate(leeway=_LEEWAY_SECONDS)
        except (JoseError, ValueError) as error:
            raise OrganisationRefused(reason=getattr(error, "error", "") or "id_token") from None
        return dict(claims)

    async def _verified(self, text: str) -> jwt.Token:
        keys, fresh = await self._key_set()
        try:
            return jwt.decode(text, keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            if fresh:
                raise
        # The issuer may have changed its keys since we read them.
        self._keys = None
        return jwt.decode(text, (await self._key_set())[0], algorithms=_ALGORITHMS)

    async def _key_set(self) -> tuple[KeySet, bool]:
        if self._keys is not None and self._keys[0] > time.monotonic():
            return self._keys[1], False
        raw = await _ask("GET", (await self._discover()).jwks_uri, dict[str, Any])
        try:
            keys = KeySet.import_key_set(raw)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError):
            raise OrganisationUnreachable(reason="keys") from None
        self._keys = (time.monotonic() + _KEYS_SECONDS, keys)
        return keys, True

    async def _discover(self) -> _Discovered:
        if self._discovered is not None and self._discovered[0] > time.monotonic():
            return self._discovered[1]
        address = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = await _ask("GET", address, _Discovered)
        if found.issuer != self._settings.issuer:
            raise OrganisationUnreachable(reason="issuer")
        self._discovered = (time.monotonic() + _KEYS_SECONDS, found)
        return found


async def _ask(method: str, address: str, into: type[_Answer], **what: Any) -> _Answer:
    """Return what the organisation's server answers; only over TLS, but for a server on this machine."""
    if not _is_safe(address):
        raise OrganisationUnreachable(reason="not_https")
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
            answer = await client.request(method, address, headers={"accept": "application/json"}, **what)
        if answer.is_client_error and method == "POST":
            raise OrganisationRefused(reason="code")
        answer.raise_for_status()
        if len(answer.content) > _LONGEST_ANSWER:
            raise OrganisationUnreachable(reason="answer")
        return msgspec.json.decode(answer.content, type=into)
    except (httpx2.HTTPError, msgspec.MsgspecError) as error:
        raise OrganisationUnreachable(reason=type(error).__name__) from None


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    try:
        local = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        local = False
    return parts.scheme == "https" or (parts.scheme == "http" and local)
