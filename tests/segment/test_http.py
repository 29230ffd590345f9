"""Tribes over the API: of the network, of a merchant's guests, of one member."""

from typing import Any

from ringmain.segment.http import ROUTES
from ringmain.segment.show import told


def test_routes_name_who_may_read_what() -> None:
    """Merchants read counts of their own guests only; nobody but operators reads whose tribe it is."""
    roles = {route.operation: set(route.roles) for route in ROUTES}
    assert roles == {
        "list_tribes": {"operator", "analyst"},
        "list_guest_tribes": {"operator", "merchant"},
        "read_own_tribe": {"operator"},
        "define_segment": {"operator", "merchant"},
        "list_segments": {"operator", "merchant", "analyst"},
        "read_segment": {"operator", "merchant", "analyst"},
        "archive_segment": {"operator", "merchant"},
    }


def test_what_is_stored_is_what_is_told() -> None:
    """Names of columns become columns again."""
    rule: list[dict[str, Any]] = [{"column": "category:a:b", "at_least": True, "per_cent": 40}]
    one = told(["part:evening"], rule, [{"column": "spend:low", "per_cent": 50.0, "everybody": 30.0}])
    assert (one.name[0].key, one.rule[0].column.key, one.apart[0].column.name) == ("evening", "a:b", "spend:low")
