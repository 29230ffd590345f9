"""Passkeys (WebAuthn): added by somebody who is signed in, and then enough by themselves to sign in.

The authenticator verifies its owner (finger, face, PIN), so that a passkey is two factors at once. The user handle that
it keeps is network and account: whoever signs in need not type who they are.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes, exceptions
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ringmain.kit.audit import Actor, audit
from ringmain.kit.db import Database, UnitOfWork
from ringmain.kit.http import persist
from ringmain.kit.pure.ids import uuid7
from ringmain.kit.secrets import Keyring
from ringmain.network.accounts import account_of, email_of, name_of
from ringmain.network.errors import PasskeyNotFound, PasskeyRefused, SignInExpired, SignInRefused
from ringmain.network.model.accounts import Passkey, SignedIn
from ringmain.network.sign_in import finish
from ringmain.network.store import passkeys as store
from ringmain.network.tickets import open_ticket, take_ticket

_LIFE = timedelta(minutes=5)
_ADD = "add-passkey"
_SIGN_IN = "passkey"
_HANDLE_BYTES = 32
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Site:
    """Where pages are: `https://shops.example:8443` has the relying party id `shops.example`."""

    origin: str
    name: str

    @property
    def id(self) -> str:
        """The relying party id: passkeys of one site are offered to no other."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class Question:
    """What the browser asks the authenticator (JSON of WebAuthn), and the ticket to send back with its answer."""

    options: str
    ticket: str = field(repr=False)


class _Adding(msgspec.Struct, frozen=True):
    account_id: UUID
    challenge: bytes


class _SigningIn(msgspec.Struct, frozen=True):
    challenge: bytes


async def begin_passkey(uow: UnitOfWork, keyring: Keyring, site: Site, account_id: UUID) -> Question:
    """Return the question with which somebody who is signed in adds a passkey."""
    account = await account_of(uow, account_id)
    known = await store.of_account(uow, account_id)
    options = webauthn.generate_registration_options(
        rp_id=site.id,
        rp_name=site.name,
        user_id=uow.network_id.bytes + account_id.bytes,
        user_name=email_of(keyring, account),
        user_display_name=name_of(keyring, account),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
    )
    ticket, _ = await open_ticket(uow, _ADD, _Adding(account_id, options.challenge), _LIFE)
    return Question(webauthn.options_to_json(options), ticket)


async def add_passkey(
    uow: UnitOfWork, site: Site, account_id: UUID, ticket: str, credential: str, name: str
) -> Passkey:
    """Keep the passkey that the browser made. Raises `SignInExpired` or `PasskeyRefused`."""
    asked = await take_ticket(uow, _ADD, ticket, _Adding)
    if asked is None or asked.account_id != account_id:
        raise SignInExpired
    try:
        made = webauthn.verify_registration_response(
            credential=_parsed(credential),
            expected_challenge=asked.challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except exceptions.WebAuthnException:
        raise PasskeyRefused from None
    now = await uow.now()
    label = name.strip()[:_LONGEST_NAME] or f"{now:%Y-%m-%d}"
    passkey = Passkey(
        uuid7(now), account_id, made.credential_id, made.credential_public_key, made.sign_count, label, now, None
    )
    if not await store.insert(uow, passkey):
        raise PasskeyRefused
    await audit(uow, Actor("account", account_id), "add_passkey", "passkey", passkey.id)
    return passkey


async def passkeys(uow: UnitOfWork, account_id: UUID) -> list[Passkey]:
    """Return the passkeys of an account, the oldest first."""
    return await store.of_account(uow, account_id)


async def remove_passkey(uow: UnitOfWork, account_id: UUID, passkey_id: UUID) -> None:
    """Remove a passkey. Raises `PasskeyNotFound`."""
    if not await store.remove(uow, account_id, passkey_id):
        raise PasskeyNotFound(passkey_id=passkey_id)
    await audit(uow, Actor("account", account_id), "remove_passkey", "passkey", passkey_id)


async def begin_passkey_sign_in(database: Database, site: Site) -> Question:
    """Return the question with which anybody signs in by a passkey of this site."""
    options = webauthn.generate_authentication_options(
        rp_id=site.id, user_verification=UserVerificationRequirement.REQUIRED
    )
    async with database.unit(None) as uow:
        ticket, _ = await open_ticket(uow, _SIGN_IN, _SigningIn(options.challenge), _LIFE)
    return Question(webauthn.options_to_json(options), ticket)


async def sign_in_with_passkey(
    database: Database, keyring: Keyring, site: Site, ticket: str, credential: str
) -> SignedIn:
    """Return who signed in. Raises `SignInExpired`, `PasskeyRefused`, or `SignInRefused` for unknown passkeys."""
    async with database.unit(None) as uow:
        asked = await take_ticket(uow, _SIGN_IN, ticket, _SigningIn)
    if asked is None:
        raise SignInExpired
    answer = _parsed(credential)
    network_id, account_id = _owner(answer)

    async def check() -> None:
        async with database.unit(network_id) as uow:
            passkey = await store.by_credential(uow, account_id, _credential_id(answer))
            if passkey is None:
                raise SignInRefused
            try:
                proven = webauthn.verify_authentication_response(
                    credential=answer,
                    expected_challenge=asked.challenge,
                    expected_rp_id=site.id,
                    expected_origin=site.origin,
                    credential_public_key=passkey.public_key,
                    credential_current_sign_count=passkey.sign_count,
                    require_user_verification=True,
                )
            except exceptions.WebAuthnException:
                raise PasskeyRefused from None
            await store.note_use(uow, passkey.id, proven.new_sign_count, await uow.now())

    await persist(check)
    return await finish(database, keyring, network_id, account_id, "passkey")


def _parsed(credential: str) -> dict[str, Any]:
    try:
        answer = json.loads(credential)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise PasskeyRefused
    return answer


def _owner(answer: dict[str, Any]) -> tuple[UUID, UUID]:
    """Return network and account of a user handle. It is not signed: the passkey is looked for in this account only."""
    try:
        handle = base64url_to_bytes(answer["response"]["userHandle"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PasskeyRefused from None
    if len(handle) != _HANDLE_BYTES:
        raise PasskeyRefused
    return UUID(bytes=handle[:16]), UUID(bytes=handle[16:])


def _credential_id(answer: dict[str, Any]) -> bytes:
    try:
        return base64url_to_bytes(answer["rawId"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise PasskeyRefused from None
