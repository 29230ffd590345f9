"""Signing in by password and code: one answer to what is wrong, locks that grow, owners who are not locked out."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from argon2 import PasswordHasher

from ringmain.kit.db import UnitOfWork
from ringmain.network import passwords
from ringmain.network.api import (
    CodeNeeded,
    SignedIn,
    account_of,
    change_password,
    counted,
    disable_account,
    password_tries,
    recovery_codes,
    recovery_codes_left,
    remove_totp,
    renew_recovery_codes,
    sign_in,
    sign_in_with_code,
)
from ringmain.network.errors import (
    CodeWrong,
    PasswordTooWeak,
    SignInExpired,
    SignInLocked,
    SignInRefused,
)
from ringmain.network.sign_in import PasswordTry
from tests.network.people import PASSWORD, Person, end_locks, invited, person
from tests.network.town import Installation, Town

_TODAYS = passwords._HASHER


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare with little memory: these tests make hundreds of tries."""
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    monkeypatch.setattr(passwords, "_NOBODY", hasher.hash("nobody"))


class Work:
    """What a sign-in does: comparisons of passwords, and statements sent to the database."""

    def __init__(self) -> None:
        self.comparisons = 0
        self.statements: list[str] = []

    def taken(self) -> tuple[int, list[str]]:
        """Return what was done since the last call."""
        done = (self.comparisons, self.statements)
        self.comparisons, self.statements = 0, []
        return done


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    """Count what is done, and do it."""
    counted = Work()
    verify, execute, start = PasswordHasher.verify, UnitOfWork.execute, UnitOfWork.start

    def counting_verify(self: PasswordHasher, *arguments: Any) -> Any:
        counted.comparisons += 1
        return verify(self, *arguments)

    async def counting_execute(self: UnitOfWork, query: Any, params: Any = None) -> None:
        counted.statements.append(" ".join(query.split()))
        await execute(self, query, params)

    async def counting_start(self: UnitOfWork, into: Any, query: Any, params: Any = None, **how: Any) -> Any:
        counted.statements.append(" ".join(query.split()))
        return await start(self, into, query, params, **how)

    monkeypatch.setattr(PasswordHasher, "verify", counting_verify)
    monkeypatch.setattr(UnitOfWork, "execute", counting_execute)
    monkeypatch.setattr(UnitOfWork, "start", counting_start)
    return counted


async def test_the_right_password_says_who_signed_in(here: Installation, town: Town) -> None:
    """Network, account, role and merchant come back, and that an owner should add a second factor."""
    mei = await person(here, town, "owner")
    signed_in = await mei.sign_in()
    assert isinstance(signed_in, SignedIn)
    assert (signed_in.network_id, signed_in.account_id) == (town.network_id, mei.account.id)
    assert (signed_in.role, signed_in.merchant_id) == ("owner", town.merchants[0])
    assert (signed_in.method, signed_in.second_factor_missing) == ("password", True)
    assert not (await _signed_in(await person(here, town, "manager"))).second_factor_missing
    async with here.database.unit(town.network_id) as uow:
        assert (await account_of(uow, mei.account.id)).signed_in_at is not None


async def test_whatever_is_wrong_takes_the_same_work(here: Installation, town: Town, work: Work) -> None:
    """Unknown e-mail, no password yet, wrong password, disabled account: same refusal, statements and comparison."""
    mei, gone = await person(here, town), await person(here, town)
    _, never = await invited(here, town)
    async with here.database.unit(town.network_id) as uow:
        await disable_account(uow, gone.account.id)
    tries = [
        PasswordTry(f"{uuid4().hex}@mall.example", PASSWORD, str(uuid4())),
        PasswordTry("no e-mail at all", PASSWORD, str(uuid4())),
        PasswordTry(never.email, PASSWORD, str(uuid4())),
        PasswordTry(mei.email, PASSWORD + "!", str(uuid4())),
        PasswordTry(gone.email, PASSWORD, str(uuid4())),
    ]
    done = []
    for attempt in tries:
        work.taken()
        with pytest.raises(SignInRefused) as refused:
            await sign_in(here.database, here.keyring, attempt)
        done.append((refused.value.facts, *work.taken()))
    assert done[0][:2] == ({}, 1)
    # What is no e-mail needs no look-up; everything else is asked for in the same statements.
    assert [(one[:2], len(one[2])) for one in done] == [(({}, 1), len(done[0][2]) - (place == 1)) for place in range(5)]
    assert done[2] == done[3] == done[4] == done[0]


async def test_five_wrong_passwords_lock(here: Installation, town: Town) -> None:
    """The lock says how long, holds for the right password too, and is twice as long after the next wrong one."""
    mei = await person(here, town)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await mei.sign_in("wrong")
    for password in (PASSWORD, "wrong"):
        with pytest.raises(SignInLocked) as locked:
            await mei.sign_in(password)
        assert 55 < locked.value.facts["wait_seconds"] <= 60
    await end_locks(here)
    with pytest.raises(SignInRefused):
        await mei.sign_in("wrong")
    with pytest.raises(SignInLocked) as locked:
        await mei.sign_in()
    assert 115 < locked.value.facts["wait_seconds"] <= 120
    await end_locks(here)
    assert isinstance(await mei.sign_in(), SignedIn)
    # A right one forgives: five are free again.
    for _ in range(4):
        with pytest.raises(SignInRefused):
            await mei.sign_in("wrong")
    assert isinstance(await mei.sign_in(), SignedIn)


async def test_an_unknown_email_is_locked_like_a_known_one(here: Installation) -> None:
    """The lock tells nobody whether there is such an account."""
    attempt = PasswordTry(f"{uuid4().hex}@mall.example", "wrong", str(uuid4()))
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await sign_in(here.database, here.keyring, attempt)
    with pytest.raises(SignInLocked):
        await sign_in(here.database, here.keyring, attempt)


async def test_guesses_at_once_are_not_more_than_one_by_one(here: Installation, town: Town, work: Work) -> None:
    """Of forty tries at once five are compared; the others meet the lock."""
    mei = await person(here, town)
    work.taken()
    answers = await asyncio.gather(*[mei.sign_in("wrong") for _ in range(40)], return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["SignInLocked"] * 35 + ["SignInRefused"] * 5
    assert work.taken()[0] == 5


async def test_a_count_that_is_not_kept_is_caught(
    here: Installation, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: where tries are not written before the comparison, forty at once are forty."""

    async def forgetful(*_: Any) -> None:
        return None

    monkeypatch.setattr("ringmain.network.tries.store.set_tries", forgetful)
    mei = await person(here, town)
    answers = await asyncio.gather(*[mei.sign_in("wrong") for _ in range(40)], return_exceptions=True)
    assert {type(answer) for answer in answers} == {SignInRefused}


async def test_strangers_cannot_lock_the_owner_out(here: Installation, town: Town) -> None:
    """From many addresses an e-mail is locked for strangers; where its owner signed in before, it is not."""
    mei = await person(here, town)
    device = (await _signed_in(mei, address="192.0.2.50")).device
    for place in range(20):
        with pytest.raises(SignInRefused):
            await mei.sign_in("wrong", address=f"192.0.2.{place}")
    with pytest.raises(SignInLocked):
        await mei.sign_in(address="192.0.2.60")
    assert isinstance(await mei.sign_in(address="192.0.2.60", device=device), SignedIn)
    # A made-up or borrowed mark is none.
    other = (await _signed_in(await person(here, town))).device
    for mark in (other, device[:-4] + "AAAA", "x", ""):
        with pytest.raises(SignInLocked):
            await mei.sign_in(address="192.0.2.60", device=mark)


async def test_a_known_browser_is_counted_too(here: Installation, town: Town) -> None:
    """Ten wrong passwords lock the browser itself, and not its owner elsewhere."""
    mei = await person(here, town)
    device = (await _signed_in(mei)).device
    for _ in range(10):
        with pytest.raises(SignInRefused):
            await mei.sign_in("wrong", device=device)
    with pytest.raises(SignInLocked):
        await mei.sign_in(device=device)
    assert isinstance(await mei.sign_in(address="192.0.2.99"), SignedIn)


async def test_one_address_cannot_try_many_emails(here: Installation, town: Town) -> None:
    """After fifty e-mails an address is locked; another IPv6 address of the same network is the same."""
    mei = await person(here, town)
    network = f"2001:db8:{uuid4().hex[:4]}:7"
    for place in range(50):
        attempt = PasswordTry(f"{uuid4().hex}@mall.example", "wrong", f"{network}::{place + 1:x}")
        with pytest.raises(SignInRefused):
            await sign_in(here.database, here.keyring, attempt)
        if place == 25:
            # Who knows one password cannot wipe out what they tried with others.
            await mei.sign_in(address=f"{network}::fff")
    with pytest.raises(SignInLocked):
        await mei.sign_in(address=f"{network}:1::1")
    assert isinstance(await mei.sign_in(address="2001:db8:ffff:8::1"), SignedIn)


async def test_an_old_hash_is_made_anew(here: Installation, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password that was kept with other parameters is kept with today's after the next sign-in."""
    mei = await person(here, town)
    monkeypatch.setattr(passwords, "_HASHER", _TODAYS)
    made: list[str] = []
    hashed = PasswordHasher.hash

    def noting(self: PasswordHasher, password: Any, **_: Any) -> str:
        made.append(hashed(self, password))
        return made[-1]

    monkeypatch.setattr(PasswordHasher, "hash", noting)
    set_at = await _password_set_at(here, mei)
    assert isinstance(await mei.sign_in(), SignedIn)
    assert [one.split("$")[3] for one in made] == ["m=47104,t=2,p=1"]
    assert await _password_set_at(here, mei) == set_at
    assert isinstance(await mei.sign_in(), SignedIn)
    assert len(made) == 1


async def test_a_password_is_changed_with_the_old_one(here: Installation, town: Town) -> None:
    """The old one is asked for, the new one is checked, and sessions that began before are over."""
    mei = await person(here, town)
    with pytest.raises(SignInRefused):
        await _change(here, mei, "wrong", "five geese sleep deeply")
    with pytest.raises(PasswordTooWeak):
        await _change(here, mei, PASSWORD, "short")
    assert isinstance(await mei.sign_in(), SignedIn)
    before = await _password_set_at(here, mei)
    await _change(here, mei, PASSWORD, "five geese sleep deeply")
    async with here.database.unit(town.network_id) as uow:
        account = await account_of(uow, mei.account.id)
    assert account.password_set_at == account.sessions_from
    assert account.sessions_from > before
    with pytest.raises(SignInRefused):
        await mei.sign_in()
    assert isinstance(await mei.sign_in("five geese sleep deeply"), SignedIn)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            await _change(here, mei, "wrong", "six swans swim silently")
    with pytest.raises(SignInLocked):
        await _change(here, mei, "five geese sleep deeply", "six swans swim silently")


# ------------------------------------------------------------------------------------------------------- second factor


async def test_a_code_follows_the_password_where_an_app_is_enrolled(here: Installation, town: Town) -> None:
    """The right code signs in, once; the ticket is good once as well."""
    mei = await person(here, town)
    codes = await mei.enrol()
    assert len(set(codes)) == 10
    waiting, second = await _waiting(mei), await _waiting(mei)
    with pytest.raises(CodeWrong):
        await sign_in_with_code(here.database, here.keyring, waiting.ticket, "000000")
    # The code that confirmed the app is used up.
    with pytest.raises(CodeWrong):
        await sign_in_with_code(here.database, here.keyring, waiting.ticket, mei.code(-1))
    code = mei.code()
    signed_in = await sign_in_with_code(here.database, here.keyring, waiting.ticket, f"{code[:3]} {code[3:]}")
    assert (signed_in.account_id, signed_in.method) == (mei.account.id, "code")
    assert not signed_in.second_factor_missing
    # The same form sent twice has one answer; another code is another wish.
    again = await sign_in_with_code(here.database, here.keyring, waiting.ticket, f"{code[:3]} {code[3:]}")
    assert (again.account_id, again.method) == (mei.account.id, "code")
    with pytest.raises(SignInExpired):
        await sign_in_with_code(here.database, here.keyring, waiting.ticket, mei.code(1))
    with pytest.raises(CodeWrong):
        await sign_in_with_code(here.database, here.keyring, second.ticket, code)
    for ticket in ("", "x" * 43, "é"):
        with pytest.raises(SignInExpired):
            await sign_in_with_code(here.database, here.keyring, ticket, mei.code(1))


async def test_one_code_signs_in_once_however_many_try(here: Installation, town: Town) -> None:
    """Of four browsers with the same code at once, one gets in."""
    mei = await person(here, town)
    await mei.enrol()
    waiting = [await _waiting(mei) for _ in range(4)]
    code = mei.code()
    answers = await asyncio.gather(
        *[sign_in_with_code(here.database, here.keyring, one.ticket, code) for one in waiting], return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["CodeWrong"] * 3 + ["SignedIn"]


async def test_a_code_that_may_be_used_again_is_caught(
    here: Installation, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: where the used step is not remembered, the same code signs in twice."""

    async def always(*_: Any) -> bool:
        return True

    monkeypatch.setattr("ringmain.network.second_factor.store.use_step", always)
    mei = await person(here, town)
    await mei.enrol()
    code = mei.code()
    for _ in range(2):
        waiting = await _waiting(mei)
        assert (await sign_in_with_code(here.database, here.keyring, waiting.ticket, code)).method == "code"


async def test_five_wrong_codes_lock_the_second_factor(here: Installation, town: Town) -> None:
    """Guessing codes is locked whichever ticket is used, for the right code too."""
    mei = await person(here, town)
    await mei.enrol()
    for _ in range(5):
        waiting = await _waiting(mei)
        with pytest.raises(CodeWrong):
            await sign_in_with_code(here.database, here.keyring, waiting.ticket, "000000")
    with pytest.raises(SignInLocked):
        await sign_in_with_code(here.database, here.keyring, (await _waiting(mei)).ticket, mei.code())


async def test_a_recovery_code_is_good_once(here: Installation, town: Town) -> None:
    """Typed loosely it signs in; the second time it is refused; new ones void the old ones."""
    mei = await person(here, town)
    codes = await mei.enrol()
    used = codes[3].lower().replace("-", " ")
    signed_in = await sign_in_with_code(here.database, here.keyring, (await _waiting(mei)).ticket, used)
    assert signed_in.method == "recovery_code"
    with pytest.raises(CodeWrong):
        await sign_in_with_code(here.database, here.keyring, (await _waiting(mei)).ticket, codes[3])
    async with here.database.unit(town.network_id) as uow:
        assert await recovery_codes_left(uow, mei.account.id) == 9
    async with here.database.unit(town.network_id) as uow:
        batch = await renew_recovery_codes(uow, here.keyring, mei.account.id, mei.code())
    fresh = recovery_codes(here.keyring, mei.account, batch)
    assert not set(fresh) & set(codes)
    with pytest.raises(CodeWrong):
        await sign_in_with_code(here.database, here.keyring, (await _waiting(mei)).ticket, codes[4])
    await sign_in_with_code(here.database, here.keyring, (await _waiting(mei)).ticket, fresh[0])


async def test_an_app_is_removed_with_its_last_code(here: Installation, town: Town) -> None:
    """A wrong code removes nothing; with a right one the password is enough again, and recovery codes are gone."""
    mei = await person(here, town)
    await mei.enrol()
    with pytest.raises(CodeWrong):
        async with here.database.unit(town.network_id) as uow:
            await remove_totp(uow, here.keyring, mei.account.id, "000000")
    assert isinstance(await mei.sign_in(), CodeNeeded)
    async with here.database.unit(town.network_id) as uow:
        await remove_totp(uow, here.keyring, mei.account.id, mei.code())
    assert (await _signed_in(mei)).second_factor_missing
    async with here.database.unit(town.network_id) as uow:
        assert await recovery_codes_left(uow, mei.account.id) == 0


async def test_a_sign_in_from_before_a_new_password_opens_no_session(here: Installation, town: Town) -> None:
    """What was proven with the old password is over when the new one is set; disabling ends it as well."""
    mei = await person(here, town)
    before = await _signed_in(mei)
    await _change(here, mei, PASSWORD, "five geese sleep deeply")
    async with here.database.unit(town.network_id) as uow:
        assert not (await account_of(uow, mei.account.id)).lets_in(before.at)
    after = await mei.sign_in("five geese sleep deeply")
    assert isinstance(after, SignedIn)
    async with here.database.unit(town.network_id) as uow:
        assert (await account_of(uow, mei.account.id)).lets_in(after.at)
        assert not (await disable_account(uow, mei.account.id)).lets_in(after.at)


async def test_disabling_stops_a_sign_in_that_is_under_way(here: Installation, town: Town) -> None:
    """Between password and code an account may be disabled: the code does not help any more."""
    mei = await person(here, town)
    await mei.enrol()
    waiting = await _waiting(mei)
    async with here.database.unit(town.network_id) as uow:
        await disable_account(uow, mei.account.id)
    with pytest.raises(SignInRefused):
        await sign_in_with_code(here.database, here.keyring, waiting.ticket, mei.code())


async def test_what_somebody_does_with_their_account_is_in_the_audit_log(here: Installation, town: Town) -> None:
    """Signing in, another password and a second factor leave entries of the account itself, in their order."""
    mei = await person(here, town)
    await _signed_in(mei)
    with pytest.raises(SignInRefused):
        await mei.sign_in("wrong")
    await _change(here, mei, PASSWORD, "five geese sleep deeply")
    await mei.enrol()
    async with here.database.unit(town.network_id) as uow:
        await remove_totp(uow, here.keyring, mei.account.id, mei.code())
        rows = await uow.rows(
            dict,
            "SELECT actor_kind, actor_id, action, facts FROM audit_entry WHERE object_kind = 'account' ORDER BY id",
        )
    assert [(one["action"], one["facts"]) for one in rows] == [
        ("sign_in", {"method": "invitation"}),
        ("sign_in", {"method": "password"}),
        ("change_password", {}),
        ("add_second_factor", {}),
        ("remove_second_factor", {}),
    ]
    assert {(one["actor_kind"], one["actor_id"]) for one in rows} == {("account", mei.account.id)}


async def _change(here: Installation, one: Person, old: str, new: str) -> None:
    tries = password_tries(here.keyring, one.account.id)
    async with counted(here.database, tries), here.database.unit(one.account.network_id) as uow:
        await change_password(uow, here.keyring, one.account.id, old, new)


async def _signed_in(one: Person, address: str = "198.51.100.7") -> SignedIn:
    answer = await one.sign_in(address=address)
    assert isinstance(answer, SignedIn)
    return answer


async def _waiting(one: Person) -> CodeNeeded:
    answer = await one.sign_in()
    assert isinstance(answer, CodeNeeded)
    return answer


async def _password_set_at(here: Installation, one: Person) -> Any:
    async with here.database.unit(one.account.network_id) as uow:
        return (await account_of(uow, one.account.id)).password_set_at
