"""Signing in with one's organisation, against a provider on loopback that does each thing wrong in turn."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from ringmain.network.api import (
    Organisation,
    OrganisationSettings,
    SignedIn,
    accounts,
    disable_account,
    email_of,
    name_of,
)
from ringmain.network.errors import OrganisationRefused, OrganisationUnreachable, SignInExpired
from tests.network.issuer import CLIENT_ID, CLIENT_SECRET, Issuer, running
from tests.network.people import person
from tests.network.town import Installation, Town

BACK = "https://shops.example/sign-in/organisation"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """Give a provider of its own."""
    async with running() as issuer:
        yield issuer


def _settings(issuer: Issuer, network_id: UUID, *allowed: str) -> OrganisationSettings:
    return OrganisationSettings(issuer.url, CLIENT_ID, CLIENT_SECRET, frozenset(allowed), network_id)


async def _through(
    here: Installation, organisation: Organisation, issuer: Issuer, email: str | None, **claims: object
) -> SignedIn:
    """Go to the organisation and come back as somebody."""
    away = await organisation.begin(here.database, BACK)
    state, code = issuer.arrive(away.url)
    issuer.change = {"email": email, **claims}
    return await organisation.finish(here.database, here.keyring, away.ticket, state, code)


async def test_an_operator_signs_in_with_their_organisation(here: Installation, town: Town, issuer: Issuer) -> None:
    """An operator who has an account needs no password; the way back is good once."""
    mei = await person(here, town)
    organisation = Organisation(_settings(issuer, town.network_id))
    away = await organisation.begin(here.database, BACK)
    state, code = issuer.arrive(away.url)
    issuer.change = {"email": mei.email.upper()}
    signed_in = await organisation.finish(here.database, here.keyring, away.ticket, state, code)
    assert (signed_in.network_id, signed_in.account_id) == (town.network_id, mei.account.id)
    assert (signed_in.role, signed_in.method, signed_in.second_factor_missing) == ("operator", "organisation", False)
    assert issuer.asked["redirect_uri"] == BACK
    assert issuer.asked["scope"] == "openid email profile"
    with pytest.raises(SignInExpired):
        await organisation.finish(here.database, here.keyring, away.ticket, state, code)


async def test_who_is_allowed_becomes_an_operator(here: Installation, town: Town, issuer: Issuer) -> None:
    """An e-mail or a domain that the installation allows gets an account at the first sign-in, others do not."""
    email = f"{uuid4().hex}@mall.example"
    domain = Organisation(_settings(issuer, town.network_id, "@mall.example"))
    first = await _through(here, domain, issuer, email)
    again = await _through(here, domain, issuer, email)
    assert first.account_id == again.account_id
    async with here.database.unit(town.network_id) as uow:
        (made,) = await accounts(uow)
    assert (made.id, made.role) == (first.account_id, "operator")
    assert (email_of(here.keyring, made), name_of(here.keyring, made)) == (email, "Mei Lin")
    named = f"{uuid4().hex}@other.example"
    single = Organisation(_settings(issuer, town.network_id, named))
    assert (await _through(here, single, issuer, named)).role == "operator"
    for stranger in (f"x{named}", f"x@evil-mall.example.{uuid4().hex}", "x@mall.example.evil"):
        with pytest.raises(OrganisationRefused) as refused:
            await _through(here, domain, issuer, stranger)
        assert refused.value.facts == {"reason": "not_allowed"}
    lost = Organisation(replace(_settings(issuer, uuid4(), "@mall.example")))
    with pytest.raises(OrganisationRefused) as refused:
        await _through(here, lost, issuer, f"{uuid4().hex}@mall.example")
    assert refused.value.facts == {"reason": "no_network"}
    async with here.database.unit(town.network_id) as uow:
        assert len(await accounts(uow)) == 2


async def test_the_organisation_vouches_for_operators_only(here: Installation, town: Town, issuer: Issuer) -> None:
    """Owners and disabled operators do not get in, even where their domain is allowed."""
    organisation = Organisation(_settings(issuer, town.network_id, "@mall.example"))
    owner, gone = await person(here, town, "owner"), await person(here, town)
    async with here.database.unit(town.network_id) as uow:
        await disable_account(uow, gone.account.id)
    for one in (owner, gone):
        with pytest.raises(OrganisationRefused) as refused:
            await _through(here, organisation, issuer, one.email)
        assert refused.value.facts == {"reason": "not_an_operator"}


_TIMES = ("exp", "iat", "nbf")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another-client"]},
        {"aud": None},
        {"exp": -120},
        {"exp": None},
        {"iat": 3_600},
        {"nbf": 3_600},
        {"email_verified": False},
        {"email_verified": None},
        {"email": None},
        {"email": "nobody"},
    ],
    ids=str,
)
async def test_a_token_that_does_not_fit_is_refused(
    here: Installation, town: Town, issuer: Issuer, claims: dict[str, object]
) -> None:
    """Wrong or missing nonce, issuer, audience, times or verified e-mail: nobody signs in, no account is made.

    Times are in seconds from now.
    """
    now = int(time.time())
    claims = {
        name: now + value if isinstance(value, int) and name in _TIMES else value for name, value in claims.items()
    }
    organisation = Organisation(_settings(issuer, town.network_id, "@mall.example"))
    with pytest.raises(OrganisationRefused):
        await _through(here, organisation, issuer, **{"email": f"{uuid4().hex}@mall.example", **claims})  # type: ignore[arg-type]
    async with here.database.unit(town.network_id) as uow:
        assert await accounts(uow) == []
    # Control: the same person with a token that fits gets in.
    await _through(here, organisation, issuer, f"{uuid4().hex}@mall.example")


async def test_state_code_and_verifier_bind_the_answer_to_the_browser(
    here: Installation, town: Town, issuer: Issuer
) -> None:
    """Another browser's state, a made-up code, or another's verifier gets nobody in."""
    mei = await person(here, town)
    organisation = Organisation(_settings(issuer, town.network_id))
    mine, other = await organisation.begin(here.database, BACK), await organisation.begin(here.database, BACK)
    issuer.change = {"email": mei.email}
    state, code = issuer.arrive(mine.url)
    with pytest.raises(OrganisationRefused) as refused:
        await organisation.finish(here.database, here.keyring, other.ticket, state, code)
    assert refused.value.facts == {"reason": "state"}
    with pytest.raises(OrganisationRefused) as refused:
        await organisation.finish(here.database, here.keyring, mine.ticket, state, "made up")
    assert refused.value.facts == {"reason": "code"}
    third, fourth = await organisation.begin(here.database, BACK), await organisation.begin(here.database, BACK)
    own_state = issuer.arrive(fourth.url)[0]
    issuer.arrive(third.url)
    with pytest.raises(OrganisationRefused) as refused:
        await organisation.finish(here.database, here.keyring, fourth.ticket, own_state, code)
    assert refused.value.facts == {"reason": "code"}
    with pytest.raises(SignInExpired):
        await organisation.finish(here.database, here.keyring, "x" * 43, state, code)


async def test_only_the_issuers_keys_count(here: Installation, town: Town, issuer: Issuer) -> None:
    """A new key is fetched when it is met; a key that the issuer does not show signs nothing."""
    mei = await person(here, town)
    organisation = Organisation(_settings(issuer, town.network_id))
    await _through(here, organisation, issuer, mei.email)
    await _through(here, organisation, issuer, mei.email)
    assert issuer.keys_read == 1
    issuer.turn()
    await _through(here, organisation, issuer, mei.email)
    assert issuer.keys_read == 2
    issuer.turn()
    issuer.keys.pop()
    with pytest.raises(OrganisationRefused):
        await _through(here, organisation, issuer, mei.email)
    issuer.header = {"kid": "1"}
    with pytest.raises(OrganisationRefused):
        await _through(here, organisation, issuer, mei.email)


async def test_a_wrong_client_or_provider_is_said(here: Installation, town: Town, issuer: Issuer) -> None:
    """A wrong secret is refused; a provider that is away, calls itself otherwise or has no TLS is unreachable."""
    settings = _settings(issuer, town.network_id)
    mei = await person(here, town)
    with pytest.raises(OrganisationRefused):
        await _through(here, Organisation(replace(settings, client_secret="wrong")), issuer, mei.email)
    issuer.announced_issuer = "https://evil.example"
    for wrong, reason in (
        (settings, "issuer"),
        (replace(settings, issuer="http://127.0.0.1:9"), "ConnectError"),
        (replace(settings, issuer="http://login.example"), "not_https"),
        (replace(settings, issuer=f"{issuer.url}/nowhere"), "HTTPStatusError"),
    ):
        with pytest.raises(OrganisationUnreachable) as refused:
            await Organisation(wrong).begin(here.database, BACK)
        assert refused.value.facts == {"reason": reason}
    assert "wrong" not in repr(replace(settings, client_secret="wrong"))
