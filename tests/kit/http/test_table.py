"""The table of routes refuses what is open or contradicts itself, and finds the rest."""

from typing import Any

import msgspec
import pytest

from ringmain.kit.http import PUBLIC, Call, Route
from ringmain.kit.http.problem import MethodNotAllowed, RouteNotFound
from ringmain.kit.http.route import operation_number
from ringmain.kit.http.table import Table


class _Answer(msgspec.Struct):
    done: bool


async def _handler(call: Call, body: Any) -> _Answer:
    return _Answer(done=bool(call) or bool(body))


def route(path: str, method: Any = "GET", operation: str = "", **change: Any) -> Route:
    """Return a plain route."""
    declared: dict[str, Any] = {
        "summary": "s",
        "tag": "t",
        "roles": frozenset({"operator"}),
        "handler": _handler,
        "response": _Answer,
        "transaction": "own",
    }
    return Route(method=method, path=path, operation=operation or f"{method} {path}", **declared | change)


def test_a_path_is_found_with_its_parameters() -> None:
    """A fixed segment goes before a parameter, and parameters come in order."""
    table = Table(
        [
            route("/v1/staff/{staff_id}", "PATCH"),
            route("/v1/staff/pin-checks", "POST"),
            route("/v1/a/{a_id}/b/{b_id}"),
        ]
    )
    assert table.find("POST", "/v1/staff/pin-checks")[0].path == "/v1/staff/pin-checks"
    assert table.find("PATCH", "/v1/staff/7") == (table.routes[0], ("7",))
    assert table.find("GET", "/v1/a/1/b/2")[1] == ("1", "2")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/", "/v1/a", "/v1/a/", "/v1/a/1/", "/v1/a/1/c", "/v1//a", "/v1/methods"]
)
def test_other_paths_are_not_found(path: str) -> None:
    """What is not declared does not exist, a trailing slash or an empty parameter included."""
    with pytest.raises(RouteNotFound):
        Table([route("/v1/a/{a_id}/b")]).find("GET", path)


def test_another_method_names_the_right_ones() -> None:
    """A method that a path does not take is refused with those that it takes."""
    table = Table([route("/v1/a"), route("/v1/a", "POST")])
    with pytest.raises(MethodNotAllowed) as refused:
        table.find("DELETE", "/v1/a")
    assert refused.value.facts == {"allow": ["GET", "POST"]}


def test_a_table_that_contradicts_itself_is_refused() -> None:
    """The same method and path twice, or the same operation twice, is refused at start."""
    for second in (route("/v1/a", operation="other"), route("/v1/b", operation="GET /v1/a")):
        with pytest.raises(ValueError, match="both claim"):
            Table([route("/v1/a"), second])


def test_operations_with_one_number_are_refused() -> None:
    """Two operations whose kept answers would share a scope are refused at start."""
    names: dict[int, str] = {}
    for place in range(10_000):
        name = f"operation_{place}"
        other = names.setdefault(operation_number(name), name)
        if other != name:
            with pytest.raises(ValueError, match="both claim"):
                Table([route("/v1/a", operation=name), route("/v1/b", operation=other)])
            return
    pytest.fail("no two of 10,000 names share a number of 15 bits?")


@pytest.mark.parametrize(
    "change",
    [
        {"roles": PUBLIC},
        {"roles": PUBLIC, "public_because": "x", "transaction": "write"},
        {"request": _Answer, "batch_of": _Answer},
        {"batch_of": _Answer, "transaction": "write"},
        {"path": "/v2/a"},
    ],
)
def test_an_open_declaration_is_refused(change: dict[str, Any]) -> None:
    """A public route without a reason, a public write, and the like cannot be declared."""
    with pytest.raises(ValueError, match="GET /v1/a"):
        route(**{"path": "/v1/a", "operation": "GET /v1/a"} | change)


def test_numbers_are_stable_and_leave_room() -> None:
    """The number of an operation never changes, fits a smallint, and leaves the first 1,024 free."""
    assert operation_number("open_merchant") == operation_number("open_merchant")
    assert all(1_024 <= operation_number(f"operation_{place}") < 32_768 for place in range(1_000))
