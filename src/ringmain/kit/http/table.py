"""The table of routes: finds the route of a method and path, and refuses tables that contradict themselves."""

from collections.abc import Iterable
from typing import Any

from ringmain.kit.http.problem import MethodNotAllowed, RouteNotFound
from ringmain.kit.http.route import Route

_PARAMETER = "{}"
_METHODS = "methods"


class Table:
    """All routes; paths without parameters are found by one look-up, the others segment by segment."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._static: dict[str, dict[str, Route]] = {}
        self._tree: dict[str, Any] = {}
        operations: dict[str, Route] = {}
        numbers: dict[int, Route] = {}
        for route in self.routes:
            _claim(operations, route.operation, route)
            _claim(numbers, route.number, route)
            methods = self._methods(route.path)
            _claim(methods, route.method, route)
            if not route.parameters:
                self._static[route.path] = methods

    def find(self, method: str, path: str) -> tuple[Route, tuple[str, ...]]:
        """Return the route and the values of its path's parameters, in order.

        Raises `RouteNotFound`, or `MethodNotAllowed` with the fact `allow`.
        """
        values: tuple[str, ...] = ()
        methods = self._static.get(path)
        if methods is None:
            methods, values = self._walk(path)
        route = methods.get(method)
        if route is None:
            raise MethodNotAllowed(allow=sorted(methods))
        return route, values

    def _methods(self, path: str) -> dict[str, Route]:
        node = self._tree
        for segment in path.split("/"):
            node = node.setdefault(_PARAMETER if segment.startswith("{") else segment, {})
        methods: dict[str, Route] = node.setdefault(f"/{_METHODS}", {})
        return methods

    def _walk(self, path: str) -> tuple[dict[str, Route], tuple[str, ...]]:
        node = self._tree
        values: list[str] = []
        for segment in path.split("/"):
            below = node.get(segment)
            if below is None:
                below = node.get(_PARAMETER)
                if below is None or not segment:
                    raise RouteNotFound
                values.append(segment)
            node = below
        methods = node.get(f"/{_METHODS}")
        if methods is None:
            raise RouteNotFound
        return methods, tuple(values)


def _claim(taken: dict[Any, Route], name: object, route: Route) -> None:
    other = taken.setdefault(name, route)
    if other is not route:
        raise ValueError(f"{route.operation} and {other.operation} both claim {name!r}")
