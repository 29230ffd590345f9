"""Passkeys: added by who is signed in, enough by themselves to sign in, and refused where anything does not fit."""

from uuid import uuid4

import pytest

from ringmain.network.api import (
    Site,
    account_of,
    add_passkey,
    begin_passkey,
    begin_passkey_sign_in,
    disable_account,
    passkeys,
    remove_passkey,
    sign_in_with_passkey,
)
from ringmain.network.errors import PasskeyNotFound, PasskeyRefused, SignInExpired, SignInRefused
from tests.network.authenticator import Authenticator
from tests.network.people import Person, person
from tests.network.town import Installation, Town

SITE = Site("https://shops.example:8443", "Old Town")


async def _added(here: Installation, one: Person, device: Authenticator, name: str = "Phone") -> None:
    async with here.database.unit(one.account.network_id) as uow:
        asked = await begin_passkey(uow, here.keyring, SITE, one.account.id)
    async with here.database.unit(one.account.network_id) as uow:
        await add_passkey(uow, SITE, one.account.id, asked.ticket, device.make(asked.options), name)


async def test_a_passkey_signs_in_by_itself(here: Installation, town: Town) -> None:
    """It is added once, says who signs in without an e-mail, counts as second factor, and asks for no code."""
    mei, device = await person(here, town, "owner"), Authenticator(SITE.origin)
    await mei.enrol()
    await _added(here, mei, device, "  Mei's phone ")
    asked = await begin_passkey_sign_in(here.database, SITE)
    answer = device.sign(asked.options)
    signed_in = await sign_in_with_passkey(here.database, here.keyring, SITE, asked.ticket, answer)
    assert (signed_in.network_id, signed_in.account_id) == (town.network_id, mei.account.id)
    assert (signed_in.method, signed_in.second_factor_missing) == ("passkey", False)
    async with here.database.unit(town.network_id) as uow:
        (kept,) = await passkeys(uow, mei.account.id)
        assert (await account_of(uow, mei.account.id)).passkeys == 1
    assert (kept.name, kept.sign_count) == ("Mei's phone", 1)
    assert kept.last_used_at is not None
    # The answer is good once.
    with pytest.raises(SignInExpired):
        await sign_in_with_passkey(here.database, here.keyring, SITE, asked.ticket, answer)


async def test_a_passkey_is_added_once(here: Installation, town: Town) -> None:
    """The ticket belongs to one account, and the same credential is not kept twice."""
    mei, bo = await person(here, town), await person(here, town)
    device = Authenticator(SITE.origin)
    async with here.database.unit(town.network_id) as uow:
        asked = await begin_passkey(uow, here.keyring, SITE, mei.account.id)
    with pytest.raises(SignInExpired):
        async with here.database.unit(town.network_id) as uow:
            await add_passkey(uow, SITE, bo.account.id, asked.ticket, device.make(asked.options), "stolen")
    await _added(here, mei, device)
    with pytest.raises(PasskeyRefused):
        await _added(here, bo, device)
    async with here.database.unit(town.network_id) as uow:
        assert await passkeys(uow, bo.account.id) == []


@pytest.mark.parametrize("device", [Authenticator("https://evil.example"), Authenticator(SITE.origin, verifies=False)])
async def test_a_passkey_of_another_site_or_without_a_look_is_not_added(
    here: Installation, town: Town, device: Authenticator
) -> None:
    """The answer says where it was made and that its owner was verified, else it is refused."""
    mei = await person(here, town)
    with pytest.raises(PasskeyRefused):
        await _added(here, mei, device)
    async with here.database.unit(town.network_id) as uow:
        assert await passkeys(uow, mei.account.id) == []


async def test_answers_that_do_not_fit_are_refused(here: Installation, town: Town) -> None:
    """Another key, site, challenge, account, count or shape, or nobody verified: refused, and not counted as a use."""
    mei, bo = await person(here, town), await person(here, town)
    device, other = Authenticator(SITE.origin), Authenticator(SITE.origin)
    await _added(here, mei, device)
    await _added(here, bo, other)
    old = (await begin_passkey_sign_in(here.database, SITE)).options
    forged = Authenticator(SITE.origin, credential_id=device.credential_id, handle=device.handle)
    phished = Authenticator("https://evil.example", True, 0, device.handle, device.credential_id, device.key)
    unseen = Authenticator(SITE.origin, False, 0, device.handle, device.credential_id, device.key)
    unknown = Authenticator(SITE.origin, handle=device.handle)
    borrowed = Authenticator(SITE.origin, True, 0, other.handle, device.credential_id, device.key)
    nobody = Authenticator(SITE.origin, handle=uuid4().bytes + uuid4().bytes)
    for make, refusal in (
        (forged.sign, PasskeyRefused),
        (phished.sign, PasskeyRefused),
        (unseen.sign, PasskeyRefused),
        (lambda _: device.sign(old), PasskeyRefused),
        (unknown.sign, SignInRefused),
        (borrowed.sign, SignInRefused),
        (nobody.sign, SignInRefused),
        (lambda options: device.sign(options, userHandle=None), PasskeyRefused),
        (lambda options: device.sign(options, userHandle="AAAA"), PasskeyRefused),
        (lambda options: device.sign(options, signature="AAAA"), PasskeyRefused),
        (lambda options: device.sign(options, clientDataJSON="e30"), PasskeyRefused),
        (lambda _: "[]", PasskeyRefused),
        (lambda _: "{", PasskeyRefused),
    ):
        asked = await begin_passkey_sign_in(here.database, SITE)
        with pytest.raises(refusal):
            await sign_in_with_passkey(here.database, here.keyring, SITE, asked.ticket, make(asked.options))
    async with here.database.unit(town.network_id) as uow:
        (kept,) = await passkeys(uow, mei.account.id)
    assert (kept.sign_count, kept.last_used_at) == (0, None)


async def test_a_copied_passkey_is_noticed(here: Installation, town: Town) -> None:
    """An authenticator whose count went back is a copy, and is refused."""
    mei, device = await person(here, town), Authenticator(SITE.origin)
    await _added(here, mei, device)
    device.count = 7
    for expected in ("passkey", PasskeyRefused):
        asked = await begin_passkey_sign_in(here.database, SITE)
        answer = device.sign(asked.options)
        if isinstance(expected, str):
            signed_in = await sign_in_with_passkey(here.database, here.keyring, SITE, asked.ticket, answer)
            assert signed_in.method == expected
            device.count = 3
        else:
            with pytest.raises(expected):
                await sign_in_with_passkey(here.database, here.keyring, SITE, asked.ticket, answer)


async def test_removed_passkeys_and_disabled_accounts_are_refused(here: Installation, town: Town) -> None:
    """A removed passkey is unknown; one of a disabled account gets the same answer."""
    mei, bo = await person(here, town), await person(here, town)
    removed, disabled = Authenticator(SITE.origin), Authenticator(SITE.origin)
    await _added(here, mei, removed)
    await _added(here, bo, disabled)
    async with here.database.unit(town.network_id) as uow:
        (kept,) = await passkeys(uow, mei.account.id)
        with pytest.raises(PasskeyNotFound):
            await remove_passkey(uow, bo.account.id, kept.id)
        await remove_passkey(uow, mei.account.id, kept.id)
        await disable_account(uow, bo.account.id)
    async with here.database.unit(town.network_id) as uow:
        assert (await account_of(uow, mei.account.id)).passkeys == 0
    for device in (removed, disabled):
        asked = await begin_passkey_sign_in(here.database, SITE)
        answer = device.sign(asked.options)
        with pytest.raises(SignInRefused):
            await sign_in_with_passkey(here.database, here.keyring, SITE, asked.ticket, answer)
