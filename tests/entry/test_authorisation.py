"""T11: every route, every role, own things and others': each cell declared and met, and planted faults are caught."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from ringmain.entry.http import build_app, described_routes
from ringmain.kit.http import EVERYBODY, Api, Call, DoorLimits, Route
from ringmain.kit.migrate import Urls
from ringmain.kit.settings import Settings
from tests.entry.cells import CELLS, NETWORK
from tests.entry.matrix import OTHERS, OWN, Matrix, Things, leaks, things, trade
from tests.network.town import Installation, Town, installation

ROUTES = described_routes(Settings())
BY_OPERATION = {route.operation: route for route in ROUTES}


# What only reads shares two networks. What writes is let at others' things where nobody has changed them.
READS = sorted(operation for operation, route in BY_OPERATION.items() if route.method == "GET")
WRITES = sorted(set(BY_OPERATION) - set(READS))


@pytest.fixture(scope="module")
def owner(database_urls: Urls) -> Iterator[psycopg.Connection[Any]]:
    """Give the owner's view of what the cells change."""
    with psycopg.connect(database_urls.migration_url, autocommit=True) as owner:
        yield owner


@pytest.fixture
async def matrix(here: Installation, owner: psycopg.Connection[Any]) -> Matrix:
    """Give two networks of their own."""
    return Matrix(here, owner, await things(here, await here.town()), await here.town("New Town"))


@pytest.fixture(scope="module")
async def shared(database_urls: Urls) -> AsyncIterator[tuple[Installation, Things, Town]]:
    """Give an installation with two networks, in the first of which there has been trade; nobody changes them."""
    async with installation(database_urls.application_url) as here:
        yield here, await trade(here, await things(here, await here.town())), await here.town("New Town")


def _met(matrix: Matrix) -> None:
    assert matrix.findings == []
    assert matrix.cells_run == 12


@pytest.mark.parametrize("operation", READS)
async def test_every_cell_of_a_read_is_declared_and_met(
    shared: tuple[Installation, Things, Town], owner: psycopg.Connection[Any], operation: str
) -> None:
    """Each role is shown what is declared of its own things, of another merchant's and of another network's."""
    assert operation in CELLS, f"{operation} has no cell in tests/entry/cells.py: declare who may do what with it"
    here, mine, foreign = shared
    matrix = Matrix(here, owner, mine, foreign)
    await matrix.run(BY_OPERATION[operation], CELLS[operation])
    _met(matrix)


@dataclass(slots=True)
class Worlds:
    """Two networks for what may change nothing of others, and two more for what changes its own, which wear out.

    Trading takes ten times as long as the cells of an operation, so worlds are made when they are needed.
    """

    here: Installation
    intact: Matrix | None = None
    worn: Matrix | None = None


@pytest.fixture(scope="module")
async def worlds(database_urls: Urls) -> AsyncIterator[Worlds]:
    """Give an installation in which the operations of a worker share their worlds."""
    async with installation(database_urls.application_url) as here:
        yield Worlds(here)


async def _world(here: Installation, owner: psycopg.Connection[Any]) -> Matrix:
    mine = await trade(here, await things(here, await here.town()))
    return Matrix(here, owner, mine, await here.town("New Town"))


@pytest.mark.parametrize("operation", WRITES)
async def test_every_cell_of_a_write_is_declared_and_met(
    worlds: Worlds, owner: psycopg.Connection[Any], operation: str
) -> None:
    """Each role may do what is declared with its own things, with another merchant's and with another network's."""
    assert operation in CELLS, f"{operation} has no cell in tests/entry/cells.py: declare who may do what with it"
    route, cell = BY_OPERATION[operation], CELLS[operation]
    if operation in NETWORK:
        here = worlds.here
        matrix = Matrix(here, owner, await things(here, await here.town()), await here.town("New Town"))
        await matrix.run(route, cell)
        _met(matrix)
        return
    worlds.intact = worlds.intact or await _world(worlds.here, owner)
    others = await worlds.intact.again(route, cell, OTHERS)
    if others.findings or cell.other_merchant != "refused":
        # Whatever was found there, or might have been touched, is no reason for findings of the next operation.
        worlds.intact = None
    assert others.findings == []
    own = await worlds.worn.again(route, cell, OWN) if worlds.worn else None
    if own is None or own.findings:
        # What earlier operations have used up may be in the way: only findings in a new world count.
        worlds.worn = await _world(worlds.here, owner)
        own = await worlds.worn.again(route, cell, OWN)
    assert own.findings == []
    assert others.cells_run + own.cells_run == 12


def test_no_cell_is_left_over() -> None:
    """A cell whose route is gone or renamed is noticed."""
    assert sorted(set(CELLS) - set(BY_OPERATION)) == []


async def test_a_dropped_role_check_is_caught(here: Installation, matrix: Matrix) -> None:
    """Control: a route that lets everybody in is found, by its declaration and by what the door then does."""
    widened = replace(BY_OPERATION["rename_merchant"], roles=EVERYBODY)
    here.app.api._endpoints["rename_merchant"].roles = EVERYBODY
    await matrix.run(widened, CELLS["rename_merchant"])
    assert any("the route lets in" in finding for finding in matrix.findings)
    assert any("by merchant on own: expected role_not_allowed" in finding for finding in matrix.findings)
    assert any("by analyst on own: expected role_not_allowed" in finding for finding in matrix.findings)


async def test_a_door_that_believes_everybody_is_caught(matrix: Matrix, database_urls: Urls) -> None:
    """Control: where revoked keys are still let in, the matrix finds it."""
    with psycopg.connect(database_urls.migration_url) as owner:
        owner.execute("UPDATE api_key SET revoked_at = NULL WHERE network_id = %s", (matrix.mine.town.network_id,))
    await matrix.run(BY_OPERATION["read_network"], CELLS["read_network"])
    assert [finding for finding in matrix.findings if "by revoked on own: expected not_authenticated" in finding]


@pytest.mark.parametrize("operation", ["read_shop", "change_shop", "list_keys", "revoke_terminal", "read_balance"])
async def test_a_dropped_merchant_check_is_caught(
    here: Installation, matrix: Matrix, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """Control: handlers that forget whose things they touch are found, also where row-level security still holds."""

    def forgetful(_: Call) -> UUID | None:
        return None

    monkeypatch.setattr(Call, "merchant_scope", forgetful)
    route = BY_OPERATION[operation]
    open_routes = [replace(one, reads_as="network") for one in ROUTES]
    here.app.api = _app(here, open_routes)
    await matrix.run(route, CELLS[operation])
    assert [finding for finding in matrix.findings if "on other merchant" in finding]


async def test_row_security_holds_where_a_handler_forgets(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read of a merchant whose handler forgets the check is still kept apart by the database."""
    monkeypatch.setattr(Call, "merchant_scope", lambda _: None)
    for operation in ("list_shops", "read_shop", "list_merchants", "list_terminals", "list_keys", "list_rivals"):
        await matrix.run(BY_OPERATION[operation], CELLS[operation])
    assert [finding for finding in matrix.findings if "by merchant on other merchant" in finding] == []


async def test_the_database_shows_nobody_the_rows_of_others(database_urls: Urls) -> None:
    """Even a statement that forgets to say whose rows it wants sees none of another network or merchant."""
    async with installation(database_urls.application_url) as here:
        mine, foreign = await here.town(), await here.town()
        await things(here, mine)
    assert leaks(database_urls.application_url, database_urls.migration_url, mine, foreign) == []


@pytest.mark.parametrize(
    ("fault", "finding"),
    [
        ("ALTER POLICY of_network ON shop USING (true)", "app_network sees rows of others in shop"),
        ("ALTER POLICY of_merchant ON staff USING (true)", "app_merchant sees rows of others in staff"),
        ("ALTER TABLE api_key DISABLE ROW LEVEL SECURITY", "app_network sees rows of others in api_key"),
    ],
)
async def test_a_dropped_policy_is_caught(new_database: Callable[[], Urls], fault: str, finding: str) -> None:
    """Control: one policy opened, or one table unprotected, is found."""
    urls = new_database()
    async with installation(urls.application_url) as here:
        mine, foreign = await here.town(), await here.town()
        await things(here, mine)
    with psycopg.connect(urls.migration_url) as owner:
        owner.execute(fault.encode())
    assert finding in leaks(urls.application_url, urls.migration_url, mine, foreign)


def test_an_undeclared_route_is_caught() -> None:
    """Control: a new route without a cell is missing in the table of cells, which fails its test."""
    added = replace(BY_OPERATION["read_shop"], operation="read_shop_again", path="/v1/again/{shop_id}")
    assert [route.operation for route in (*ROUTES, added) if route.operation not in CELLS] == ["read_shop_again"]


def _app(here: Installation, routes: list[Route]) -> Api:
    """Return the API with other routes in the place of the declared ones."""
    app = build_app(Settings(), here.database, here.keyring, limits=DoorLimits(key_seconds=0.0))
    return Api(
        routes, database=here.database, keyring=here.keyring, authenticate=app._authenticator, limits=DoorLimits()
    )
