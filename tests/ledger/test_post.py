"""Posting: what is written, what is refused, and that a refusal leaves nothing behind."""

import psycopg
import pytest

from ringmain.kit.migrate import Urls
from ringmain.kit.pure.ids import uuid7
from ringmain.ledger import api as ledger
from ringmain.ledger.errors import AccountOverdrawn, PendingTransferAlreadyResolved, PendingTransferNotFound
from tests.ledger.books import FOREIGN, NOW, OUTSIDE, PURSE, TILL, Books

PENDING = ledger.TransferState.PENDING


async def test_a_transfer_moves_its_amount_and_nothing_else(books: Books) -> None:
    """Debit and credit differ by the same amount, and the guard of the purse follows."""
    await books.fill(300)
    async with books.unit() as uow:
        await ledger.spend(uow, books.transfer(PURSE, TILL, 120))

    assert [await books.balance(code) for code in (PURSE, TILL, OUTSIDE)] == [180, 120, -300]
    assert await books.can_spend() == 230


async def test_a_guarded_account_is_spent_to_its_credit_limit_and_no_further(books: Books) -> None:
    """Spending the last minor unit of the credit works; one more is refused and nothing happens."""
    await books.fill(100)
    async with books.unit() as uow:
        await ledger.spend(uow, books.transfer(PURSE, TILL, 150))
    with pytest.raises(AccountOverdrawn) as refusal:
        async with books.unit() as uow:
            await ledger.spend(uow, books.transfer(PURSE, TILL, 1))

    assert refusal.value.facts == {"available_minor": 0, "currency": "EUR"}
    assert [await books.balance(code) for code in (PURSE, TILL)] == [-50, 150]


async def test_the_database_itself_refuses_an_overdraft(books: Books) -> None:
    """A careless caller who did not ask what is available meets the CHECK, and its transfer is gone too."""
    with pytest.raises(psycopg.errors.CheckViolation):
        async with books.unit() as uow:
            await ledger.post(uow, [books.transfer(PURSE, TILL, 51)], {books.ids[PURSE]: -51})

    assert [await books.balance(code) for code in (PURSE, TILL)] == [0, 0]


@pytest.mark.parametrize(
    ("debit", "credit", "amount", "currency", "error"),
    [
        (OUTSIDE, TILL, 0, "EUR", psycopg.errors.CheckViolation),
        (OUTSIDE, TILL, -5, "EUR", psycopg.errors.CheckViolation),
        (TILL, TILL, 5, "EUR", psycopg.errors.CheckViolation),
        (OUTSIDE, FOREIGN, 5, "EUR", psycopg.errors.ForeignKeyViolation),
        (OUTSIDE, TILL, 5, "USD", psycopg.errors.ForeignKeyViolation),
    ],
)
async def test_a_transfer_that_could_break_the_sums_is_refused(
    books: Books, debit: int, credit: int, amount: int, currency: str, error: type[Exception]
) -> None:
    """Amounts are positive, accounts differ, and both are of the transfer's currency: the tables say so."""
    with pytest.raises(error):
        async with books.unit() as uow:
            await ledger.post(uow, [books.transfer(debit, credit, amount, currency=currency)])

    assert [await books.balance(code) for code in (TILL, OUTSIDE, FOREIGN)] == [0, 0, 0]


async def test_accounts_that_transfers_refer_to_stay(books: Books, database_urls: Urls) -> None:
    """Control: not even the owner of the tables loses an account, or moves a transfer to one that is not there."""
    await books.fill(10)
    with psycopg.connect(database_urls.migration_url, autocommit=True) as owner:
        for statement in (
            "DELETE FROM ledger_account WHERE network_id = %s",
            "UPDATE ledger_account SET currency = 'USD' WHERE network_id = %s",
            "UPDATE ledger_transfer SET debit_account_id = gen_random_uuid() WHERE network_id = %s",
        ):
            with pytest.raises(psycopg.errors.ForeignKeyViolation, match="neither deleted nor given another key"):
                owner.execute(statement.encode(), (books.network_id,))
        unknown = """
            INSERT INTO ledger_transfer (network_id, id, debit_account_id, credit_account_id, amount_minor, currency,
                                         code, reference_id, posted_at)
            SELECT network_id, gen_random_uuid(), gen_random_uuid(), credit_account_id, 1, currency,
                   code, reference_id, posted_at FROM ledger_transfer WHERE network_id = %s
        """
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="a transfer names no account of its currency"):
            owner.execute(unknown, (books.network_id,))

    assert await books.balance(PURSE) == 10


async def test_nobody_may_change_or_delete_a_transfer(books: Books) -> None:
    """The application's role has no right to edit what was posted."""
    await books.fill(10)
    for statement in ("UPDATE ledger_transfer SET amount_minor = 1", "DELETE FROM ledger_transfer"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with books.unit() as uow:
                await uow.execute(statement)

    assert await books.balance(PURSE) == 10


@pytest.mark.parametrize(
    ("post_it", "purse", "till", "can_spend"),
    [(True, 60, 40, 110), (False, 100, 0, 150)],
)
async def test_a_pending_transfer_is_posted_or_voided(
    books: Books, post_it: bool, purse: int, till: int, can_spend: int
) -> None:
    """A pending debit cannot be spent meanwhile; posting moves it, voiding gives it back."""
    await books.fill(100)
    pending = books.transfer(PURSE, TILL, 40, state=PENDING)
    async with books.unit() as uow:
        await ledger.available(uow, [books.ids[PURSE]])
        await ledger.post(uow, [pending], {books.ids[PURSE]: -40})
    assert await books.can_spend() == 110
    assert [await books.balance(code) for code in (PURSE, TILL)] == [100, 0]

    async with books.unit() as uow:
        await ledger.resolve(uow, pending.id, uuid7(NOW), post_it=post_it)

    assert [await books.balance(code) for code in (PURSE, TILL)] == [purse, till]
    assert await books.can_spend() == can_spend
    with pytest.raises(PendingTransferAlreadyResolved):
        async with books.unit() as uow:
            await ledger.resolve(uow, pending.id, uuid7(NOW), post_it=not post_it)
    assert [await books.balance(code) for code in (PURSE, TILL)] == [purse, till]


async def test_only_a_pending_transfer_can_be_resolved(books: Books) -> None:
    """An unknown id, or that of a posted transfer, is refused."""
    posted = books.transfer(OUTSIDE, TILL, 5)
    async with books.unit() as uow:
        await ledger.post(uow, [posted])
    for id_ in (posted.id, uuid7(NOW)):
        with pytest.raises(PendingTransferNotFound):
            async with books.unit() as uow:
                await ledger.resolve(uow, id_, uuid7(NOW), post_it=True)

    assert await books.balance(TILL) == 5


async def test_history_lists_an_account_newest_first_with_signs(books: Books) -> None:
    """Credits are positive and debits negative, seen from the account that is asked for."""
    await books.fill(30)
    async with books.unit() as uow:
        await ledger.spend(uow, books.transfer(PURSE, TILL, 10))
        rows = await ledger.history(uow, books.ids[PURSE], uuid7(NOW.replace(year=2027)), 10)

    assert sorted(row.amount_minor for row in rows) == [-10, 30]
    assert [row.id for row in rows] == sorted((row.id for row in rows), reverse=True)


async def test_opening_an_account_twice_changes_nothing(books: Books) -> None:
    """The same account opened again keeps its id, its money and its credit limit."""
    await books.fill(30)
    async with books.unit() as uow:
        again = await ledger.open_accounts(uow, [ledger.Account(books.network_id, PURSE, "EUR", guarded=True)])

    assert again == [books.ids[PURSE]]
    assert await books.can_spend() == 80
