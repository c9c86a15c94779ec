"""From an HTTP request to an operation and its parameters, for API Gateway's REST-style protocol.

The table of routes is made from botocore's service model, so it has every operation of the service under
the names clients use. Which can be answered, and what their values must be, is the business of `service`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from botocore.model import OperationModel

from batchgw.simulator.over_http.call import HttpCall
from batchgw.simulator.service_models import service_model


class NoSuchRoute(Exception):
    """No operation of the service has this method and path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation: where it lives, and where in a request each of its members stands.

    The mappings go from wire names to member names.
    """

    operation: str
    method: str
    path: tuple[str | None, ...]  # literal segments, None where a member stands
    labels: tuple[str, ...]  # the members in the path, in order
    fixed_query: tuple[str, str] | None  # "?mode=import" tells ImportRestApi from CreateRestApi
    query: Mapping[str, str]
    query_lists: Mapping[str, str]  # those that may be given several times
    query_rest: str | None  # the member that takes every other query parameter
    headers: Mapping[str, str]
    body: Mapping[str, str]
    payload: str | None  # the member that is the whole body, as bytes

    def params(self, labels: tuple[str, ...], call: HttpCall) -> dict[str, object]:
        """Collect the operation's parameters; what it does not know is passed over. Raises ServiceFault."""
        found: dict[str, object] = dict(zip(self.labels, labels, strict=True))
        if call.query:
            self._add_query(found, call.query)
        found |= {member: call.headers[name] for name, member in self.headers.items() if name in call.headers}
        if self.payload is not None:
            found[self.payload] = call.body
        elif self.body:
            found |= {self.body[name]: value for name, value in call.json().items() if name in self.body}
        return found

    def _add_query(self, found: dict[str, object], query: str) -> None:
        rest: dict[str, str] = {}
        lists: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            if name in self.query:
                found[self.query[name]] = value
            elif name in self.query_lists:
                lists.setdefault(self.query_lists[name], []).append(value)
            else:
                rest[name] = value
        found |= lists
        if self.query_rest is not None and rest:
            found[self.query_rest] = rest


class Routes:
    """The routes of a service, as a tree of path segments."""

    def __init__(self, service: str) -> None:
        """Raises botocore's UnknownServiceError for a service botocore has no model of."""
        self._root = _Node()
        for route in _table(service):
            self._root.add(route, route.path)

    def match(self, call: HttpCall) -> tuple[str, dict[str, object]]:
        """Tell a request's operation and parameters. Raises NoSuchRoute, or ServiceFault for a bad body."""
        node = self._root
        labels: list[str] = []
        for segment in call.path.strip("/").split("/"):
            child = node.literals.get(segment)
            if child is None and segment:
                child = node.label
                labels.append(unquote(segment))
            if child is None:
                raise NoSuchRoute
            node = child
        for route in node.routes.get(call.method, ()):
            if route.fixed_query is None or route.fixed_query in parse_qsl(call.query):
                return route.operation, route.params(tuple(labels), call)
        raise NoSuchRoute


class _Node:
    """One place in the tree."""

    __slots__ = ("label", "literals", "routes")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.label: _Node | None = None
        self.routes: dict[str, list[Route]] = {}

    def add(self, route: Route, path: tuple[str | None, ...]) -> None:
        if not path:
            here = self.routes.setdefault(route.method, [])
            here.insert(0 if route.fixed_query else len(here), route)
            return
        head, *tail = path
        if head is None:
            self.label = child = self.label or _Node()
        else:
            child = self.literals.setdefault(head, _Node())
        child.add(route, tuple(tail))


def _table(service: str) -> Iterator[Route]:
    model = service_model(service)
    for name in model.operation_names:
        yield _route(model.operation_model(name))


def _route(operation: OperationModel) -> Route:
    path, _, fixed = str(operation.http["requestUri"]).partition("?")
    name, _, value = fixed.partition("=")
    segments = path.strip("/").split("/")
    at = _places(operation)
    labels = at["uri"]
    return Route(
        operation=operation.name,
        method=str(operation.http["method"]),
        path=tuple(None if s.startswith("{") else s for s in segments),
        labels=tuple(labels[s[1:-1]] for s in segments if s.startswith("{")),
        fixed_query=(name, value) if fixed else None,
        query=at["querystring"],
        query_lists=at["querystring list"],
        query_rest=next(iter(at["querystring map"]), None),
        headers=at["header"],
        body=at["body"],
        payload=operation.input_shape.serialization.get("payload") if operation.input_shape else None,
    )


def _places(operation: OperationModel) -> Mapping[str, dict[str, str]]:
    """Sort an operation's members by where they stand: wire name to member name."""
    places: defaultdict[str, dict[str, str]] = defaultdict(dict)
    members = operation.input_shape.members if operation.input_shape else {}
    for member, shape in members.items():
        where = shape.serialization.get("location", "body")
        if where == "querystring" and shape.type_name in ("list", "map"):
            where = f"querystring {shape.type_name}"
        places[where][shape.serialization.get("name", member)] = member
    return places
