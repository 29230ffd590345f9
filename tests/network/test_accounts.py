"""Accounts: invited, listed, disabled, reset; what is personal is sealed."""

from uuid import UUID, uuid4

import psycopg
import pytest

from ringmain.kit.migrate import Urls
from ringmain.kit.secrets import Keyring
from ringmain.network.api import (
    Account,
    CodeNeeded,
    NewAccount,
    SignedIn,
    accept_invitation,
    account_of,
    accounts,
    add_account,
    disable_account,
    email_of,
    invitation_of,
    invitation_path,
    invitation_token,
    name_of,
    open_account,
    reset_account,
    rewrap_accounts,
    sign_in,
    signed_in_as,
)
from ringmain.network.errors import (
    AccountNotFound,
    AccountScopeInvalid,
    EmailInvalid,
    EmailTaken,
    InvitationInvalid,
    MerchantNotFound,
    PasswordTooWeak,
    SignInRefused,
)
from ringmain.network.sign_in import PasswordTry
from tests.network.people import PASSWORD, invited, person
from tests.network.town import Installation, Town


async def test_an_invitation_lets_a_person_set_a_password_once(here: Installation, town: Town) -> None:
    """The link says who it is for; with a password it signs them in; a second time it is refused."""
    token, mei = await invited(here, town, "owner")
    shown = await invitation_of(here.database, here.keyring, token)
    assert (shown.account.id, shown.email, shown.name) == (mei.account.id, mei.email, "Mei Lin")
    assert (shown.expires_at - mei.account.made_at).total_seconds() == 72 * 3_600
    signed_in = await accept_invitation(here.database, here.keyring, token, PASSWORD)
    assert (signed_in.network_id, signed_in.account_id) == (town.network_id, mei.account.id)
    assert (signed_in.role, signed_in.merchant_id, signed_in.method) == ("owner", town.merchants[0], "invitation")
    assert signed_in.second_factor_missing
    # The same form sent twice has one answer; another password is another wish.
    again = await accept_invitation(here.database, here.keyring, token, PASSWORD)
    assert (again.account_id, again.method) == (mei.account.id, "invitation")
    with pytest.raises(InvitationInvalid):
        await accept_invitation(here.database, here.keyring, token, "another long password 2")
    with pytest.raises(InvitationInvalid):
        await invitation_of(here.database, here.keyring, token)
    assert isinstance(await mei.sign_in(), SignedIn)


async def test_a_weak_password_leaves_the_invitation_open(here: Installation, town: Town) -> None:
    """The refusal says why, and the link still works."""
    token, _ = await invited(here, town)
    with pytest.raises(PasswordTooWeak) as refused:
        await accept_invitation(here.database, here.keyring, token, "password1234")
    assert refused.value.facts == {"reason": "common", "at_least": 12}
    assert (await accept_invitation(here.database, here.keyring, token, PASSWORD)).method == "invitation"


async def test_invitations_end(here: Installation, town: Town, database_urls: Urls) -> None:
    """Made up, expired and replaced links, and those of disabled accounts, get the same answer."""
    for made_up in ("", "x" * 43, "é"):
        with pytest.raises(InvitationInvalid):
            await invitation_of(here.database, here.keyring, made_up)
    expired, mei = await invited(here, town)
    with psycopg.connect(database_urls.migration_url) as owner:
        owner.execute(
            "UPDATE account_invitation SET expires_at = clock_timestamp() WHERE account_id = %s", (mei.account.id,)
        )
    replaced, bo = await invited(here, town)
    async with here.database.unit(town.network_id) as uow:
        again = await reset_account(uow, here.keyring, bo.account.id)
    disabled, li = await invited(here, town)
    async with here.database.unit(town.network_id) as uow:
        await disable_account(uow, li.account.id)
    for token in (expired, replaced, disabled):
        with pytest.raises(InvitationInvalid):
            await accept_invitation(here.database, here.keyring, token, PASSWORD)
    fresh = invitation_token(here.keyring, bo.account.id, again.version, again.master_version)
    assert fresh is not None
    assert (await accept_invitation(here.database, here.keyring, fresh, PASSWORD)).account_id == bo.account.id


async def test_an_invitation_leads_past_no_second_factor(here: Installation, town: Town) -> None:
    """A link that was not used before its owner added an app is void."""
    token, mei = await invited(here, town)
    await mei.enrol()
    with pytest.raises(InvitationInvalid):
        await accept_invitation(here.database, here.keyring, token, PASSWORD)


async def test_an_email_is_one_accounts_in_the_installation(here: Installation, town: Town) -> None:
    """The same e-mail in other letters, in another network, is refused, and nothing is added."""
    _, mei = await invited(here, town)
    other = await here.town("New Town")
    for network_id in (town.network_id, other.network_id):
        with pytest.raises(EmailTaken):
            async with here.database.unit(network_id) as uow:
                await add_account(uow, here.keyring, NewAccount(f" {mei.email.upper()}", "Bo", "operator"))
    async with here.database.unit(other.network_id) as uow:
        assert await accounts(uow) == []


async def test_roles_and_merchants_fit_together(here: Installation, town: Town) -> None:
    """Operators have no merchant, others have one of this network; an e-mail is an e-mail."""
    new = f"{uuid4().hex}@mall.example"
    for account, refusal in (
        (NewAccount(new, "Bo", "operator", town.merchants[0]), AccountScopeInvalid),
        (NewAccount(new, "Bo", "owner"), AccountScopeInvalid),
        (NewAccount(new, "Bo", "manager", uuid4()), MerchantNotFound),
        (NewAccount("bo", "Bo", "operator"), EmailInvalid),
    ):
        with pytest.raises(refusal):
            async with here.database.unit(town.network_id) as uow:
                await add_account(uow, here.keyring, account)
    async with here.database.unit(town.network_id) as uow:
        assert await accounts(uow) == []


async def test_a_merchant_sees_its_own_accounts_only(here: Installation, town: Town) -> None:
    """Accounts of another merchant and of operators do not exist for a merchant."""
    _, operator = await invited(here, town)
    _, owner = await invited(here, town, "owner")
    unit = here.database.unit(town.network_id, role="app_merchant", merchant_id=town.merchants[0])
    async with unit as uow:
        rows = await accounts(uow)
    assert [(one.id, one.role) for one in rows] == [(owner.account.id, "owner")]
    assert (email_of(here.keyring, rows[0]), name_of(here.keyring, rows[0])) == (owner.email, "Mei Lin")
    async with here.database.unit(town.network_id) as uow:
        for id_, merchant_id in ((operator.account.id, town.merchants[0]), (owner.account.id, town.merchants[1])):
            with pytest.raises(AccountNotFound):
                await account_of(uow, id_, merchant_id)
            with pytest.raises(AccountNotFound):
                await disable_account(uow, id_, merchant_id)
    assert (await _reread(here, owner.account.id, town)).disabled_at is None


async def test_a_disabled_account_signs_in_no_more(here: Installation, town: Town) -> None:
    """Disabling ends what began before; once more changes nothing; a reset gives a new start."""
    mei = await person(here, town)
    await mei.enrol()
    async with here.database.unit(town.network_id) as uow:
        first = await disable_account(uow, mei.account.id)
    async with here.database.unit(town.network_id) as uow:
        again = await disable_account(uow, mei.account.id)
    assert first == again
    assert first.disabled_at is not None
    assert first.sessions_from > mei.account.sessions_from
    with pytest.raises(SignInRefused):
        await mei.sign_in()
    async with here.database.unit(town.network_id) as uow:
        invitation = await reset_account(uow, here.keyring, mei.account.id)
    fresh = invitation.account
    assert (fresh.disabled_at, fresh.password_set_at, fresh.totp_since, fresh.passkeys) == (None, None, None, 0)
    with pytest.raises(SignInRefused):
        await mei.sign_in()
    token = invitation_token(here.keyring, fresh.id, invitation.version, invitation.master_version)
    assert token is not None
    await accept_invitation(here.database, here.keyring, token, "five geese sleep deeply")
    assert isinstance(await mei.sign_in("five geese sleep deeply"), SignedIn)


async def test_what_is_personal_or_secret_is_sealed(here: Installation, town: Town, database_urls: Urls) -> None:
    """No table holds name, e-mail, password hash, one-time secret, token or recovery code in clear."""
    token, mei = await invited(here, town, email=f"mei-{uuid4().hex}@mall.example")
    await accept_invitation(here.database, here.keyring, token, PASSWORD)
    codes = await mei.enrol()
    waiting = await mei.sign_in()
    assert isinstance(waiting, CodeNeeded)
    with psycopg.connect(database_urls.migration_url) as owner:
        tables = [
            row[0]
            for row in owner.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(account|sign_in|key_directory)'"
            )
        ]
        text = "".join(
            str(row[0])
            for table in tables
            for row in owner.execute(f"SELECT encode(convert_to(t::text, 'UTF8'), 'escape') FROM {table} t")  # noqa: S608
        )
    assert len(tables) == 9
    for secret in (mei.email, "Mei Lin", "argon2", PASSWORD, mei.secret, token, waiting.ticket, *codes):
        assert secret not in text
        assert secret.encode().hex() not in text


async def test_a_rotation_of_the_master_key_keeps_accounts(here: Installation, town: Town) -> None:
    """With the new key alone the e-mail is found and the password right; before, both keys are needed."""
    mei = await person(here, town)
    both = Keyring({1: b"k" * 32, 2: b"n" * 32})
    attempt = PasswordTry(mei.email, PASSWORD, "192.0.2.1")
    assert isinstance(await sign_in(here.database, both, attempt), SignedIn)
    with pytest.raises(EmailTaken):
        async with here.database.unit(town.network_id) as uow:
            await add_account(uow, both, NewAccount(mei.email, "Bo", "operator"))
    async with here.database.unit(town.network_id) as uow:
        assert await rewrap_accounts(uow, both) == 1
    async with here.database.unit(town.network_id) as uow:
        assert await rewrap_accounts(uow, both) == 0
    assert isinstance(await sign_in(here.database, Keyring({2: b"n" * 32}), attempt), SignedIn)


async def test_a_demonstration_needs_no_password(here: Installation, town: Town) -> None:
    """An account without invitation can be signed in by the installation itself, and by nobody else."""
    email = f"{uuid4().hex}@demo.example"
    async with here.database.unit(town.network_id) as uow:
        account = await open_account(uow, here.keyring, NewAccount(email, "Demo", "manager", town.merchants[1]))
    signed_in = signed_in_as(here.keyring, account, "invitation", account.made_at)
    assert account.lets_in(signed_in.at)
    assert (signed_in.account_id, signed_in.role, signed_in.merchant_id) == (account.id, "manager", town.merchants[1])
    assert not signed_in.second_factor_missing
    for password in ("", "nobody"):
        with pytest.raises(SignInRefused):
            await sign_in(here.database, here.keyring, PasswordTry(email, password, "192.0.2.2"))


async def test_the_api_invites_lists_resets_and_disables(here: Installation, town: Town) -> None:
    """A merchant adds its own; a retry gets the same link; no name or e-mail is kept with the idempotency key."""
    merchant, operator = here.client(town.tokens["merchant"]), here.client(town.tokens["operator"])
    email = f"{uuid4().hex}@tea.example"
    body = {"email": email, "name": "Mei Lin", "role": "owner"}
    added = await merchant.post("/v1/accounts", body, key="once")
    again = await merchant.post("/v1/accounts", body, key="once")
    assert (added.status, added.json) == (201, again.json)
    token = added.json["invitation_path"].removeprefix(invitation_path(""))
    assert (await accept_invitation(here.database, here.keyring, token, PASSWORD)).role == "owner"
    (shown,) = (await merchant.get("/v1/accounts")).json["items"]
    assert (shown["email"], shown["name"], shown["has_password"]) == (email, "Mei Lin", True)
    assert shown["second_factor_missing"]
    refused = await merchant.post("/v1/accounts", {"email": "x@tea.example", "name": "Bo", "role": "operator"})
    assert (refused.status, refused.code) == (403, "role_not_granted")
    reset = await operator.post(f"/v1/accounts/{shown['id']}/reset")
    assert reset.json["invitation_path"] != added.json["invitation_path"]
    gone = await merchant.call("DELETE", f"/v1/accounts/{shown['id']}")
    assert gone.json == {"id": shown["id"], "disabled_at": gone.json["disabled_at"]}
    async with here.database.unit(town.network_id) as uow:
        kept = await uow.rows(dict, "SELECT answer::text AS answer FROM idempotency_key")
    assert not [one for one in kept if email in one["answer"] or "Mei" in one["answer"] or token in one["answer"]]


async def _reread(here: Installation, account_id: UUID, town: Town) -> Account:
    async with here.database.unit(town.network_id) as uow:
        return await account_of(uow, account_id)
