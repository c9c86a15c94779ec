"""Which REST APIs are meant: the words of policies, exemptions and `--select`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from batchgw.errors import ExpressionFailed
from batchgw.model.fleet.organization import Account, AccountSelector, OuPattern
from batchgw.model.scope import RestApi, RestApiId
from batchgw.model.shape import JSON
from batchgw.redaction import foreign
from batchgw.wording import amount

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A span of creation dates: from `after` (inclusive) to `before` (exclusive), seconds since the epoch."""

    after: float | None = None
    before: float | None = None

    def holds(self, created: float | None) -> bool:
        """Tell whether an API was created in it. One whose date is not known was not."""
        if created is None:
            return False
        return (self.after is None or created >= self.after) and (
            self.before is None or created < self.before
        )

    def __str__(self) -> str:
        """Render for messages: `after 2024-01-01, before 2025-01-01`."""
        return ", ".join(f"{word} {_date(value)}" for word, value in self._bounds())

    def to_json(self) -> dict[str, JSON]:
        """Render as the policy file spells it."""
        return {word: _date(value) for word, value in self._bounds()}

    def _bounds(self) -> list[tuple[str, float]]:
        bounds = (("after", self.after), ("before", self.before))
        return [(word, value) for word, value in bounds if value is not None]


def _date(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    midnight = moment.hour == moment.minute == moment.second == moment.microsecond == 0
    return moment.date().isoformat() if midnight else moment.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """Matches an API when every given field does.

    Attributes:
        id: its id.
        name: a case-sensitive glob over its name.
        tags: globs by key; a tag that the API lacks matches nothing.
        account: its account's id, or a glob over its account's name.
        region: a glob.
        ou: an OU that its account is in, or below which.
        endpoint: EDGE, REGIONAL or PRIVATE.
        created: when it was created.
        owner: the kind of its owner, or `kind:NAME` where the name is a glob. What nobody asked is no match.
        expression: a JMESPath expression over what `document` gives; a truth of JMESPath's matches.
        where: where it stands, for messages: a line of a policy file ("policy.yaml:9:7", with the name of a
            rule after it), a flag or variable.
    """

    id: RestApiId | None = None
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    account: str | None = None
    region: str | None = None
    ou: OuPattern | None = None
    endpoint: str | None = None
    created: Created | None = None
    owner: str | None = None
    expression: str | None = None
    where: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        """Render for messages: `name orders-*, tag team=payments`."""
        parts = [
            ("id", self.id),
            ("name", self.name),
            *(("tag", f"{k}={v}") for k, v in self.tags.items()),
            ("account", self.account),
            ("region", self.region),
            ("OU", self.ou),
            ("endpoint", self.endpoint),
            ("created", self.created),
            ("owner", self.owner),
            ("expression", self.expression),
        ]
        return ", ".join(f"{kind} {value}" for kind, value in parts if value is not None)

    @property
    def needs_account(self) -> bool:
        """Whether the organisation must be asked about the API's account."""
        by_name = self.account is not None and not self.account.isdigit()
        return by_name or self.ou is not None or self._mentions("account")

    @property
    def account_words(self) -> tuple[AccountSelector, ...]:
        """What it asks of an API's account that only the organisation knows: each by itself."""
        words = []
        if self.ou is not None:
            words.append(AccountSelector(ou=self.ou))
        if self.account is not None and not self.account.isdigit():
            words.append(AccountSelector(name=self.account))
        return tuple(words)

    @property
    def needs_account_tags(self) -> bool:
        """Whether the tags of the API's account must be known: only an expression can ask for them."""
        return self._mentions("account") and self._mentions("tags")

    @property
    def needs_owner(self) -> bool:
        """Whether the API's owner must be known."""
        return self.owner is not None or self._mentions("owner")

    def _mentions(self, word: str) -> bool:
        return self.expression is not None and word in self.expression

    def matches(self, api: RestApi, account: Account | None = None) -> bool:
        """Tell whether the API is meant. `account` is what the organisation says of its account, if known.

        Raises ExpressionFailed where the expression cannot be worked out for this API.
        """
        return (
            (self.id is None or self.id == api.id)
            and (self.name is None or fnmatchcase(api.name, self.name))
            and all(k in api.tags and fnmatchcase(api.tags[k], v) for k, v in self.tags.items())
            and (self.account is None or _is_account(self.account, api, account))
            and (self.region is None or fnmatchcase(api.scope.region, self.region))
            and (self.ou is None or (account is not None and self.ou.matches(account)))
            and (self.endpoint is None or self.endpoint in api.endpoint_types)
            and (self.created is None or self.created.holds(api.created))
            and (self.owner is None or _is_owner(self.owner, api))
            and (self.expression is None or _is_true(self, self.expression, api, account))
        )

    def to_json(self) -> dict[str, JSON]:
        """Render as the policy file spells it."""
        out: dict[str, JSON] = {}
        if self.tags:
            out["tags"] = dict(self.tags)
        if self.ou is not None:
            out["ou"] = self.ou.text
        if self.created is not None:
            out["created"] = self.created.to_json()
        plain = ("id", "name", "account", "region", "endpoint", "owner", "expression")
        return out | {word: value for word in plain if (value := getattr(self, word)) is not None}


def _is_account(wanted: str, api: RestApi, account: Account | None) -> bool:
    if wanted == api.scope.account:
        return True
    return account is not None and not wanted.isdigit() and fnmatchcase(account.name, wanted)


def _is_owner(wanted: str, api: RestApi) -> bool:
    if api.owner is None:
        return False
    kind, _, name = wanted.partition(":")
    return kind == api.owner.kind and (not name or fnmatchcase(api.owner.name, name))


def document(api: RestApi, account: Account | None) -> dict[str, JSON]:
    """Give what a JMESPath expression is about: an API with its account, in the words of the policy file."""
    return {
        "id": api.id,
        "name": api.name,
        "tags": dict(api.tags),
        "region": api.scope.region,
        "endpoint": ",".join(api.endpoint_types),  # AWS's list has one
        "created": None if api.created is None else _date(api.created),
        "owner": None if api.owner is None else {"kind": api.owner.kind, "name": api.owner.name},
        "account": {
            "id": api.scope.account,
            "name": "" if account is None else account.name,
            "ou": None if account is None else account.path,
            "tags": {} if account is None else dict(account.tags or {}),
        },
    }


@lru_cache(maxsize=256)  # a policy has few, and each is tried on every API
def compiled(expression: str) -> ParsedResult:
    """Compile a JMESPath expression. Raises ValueError with what is wrong with it.

    JMESPath itself looks at the names of functions only when they are called.
    """
    import jmespath  # noqa: PLC0415 - few policies need it
    from jmespath.exceptions import JMESPathError  # noqa: PLC0415

    try:
        parsed = jmespath.compile(expression)
        _check_functions(parsed.parsed)
    except JMESPathError as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return parsed


def _check_functions(node: Mapping[str, Any]) -> None:
    from jmespath.functions import Functions  # noqa: PLC0415

    if node["type"] == "function_expression":
        name, given = node["value"], len(node["children"])
        known = Functions.FUNCTION_TABLE.get(name)
        if known is None:
            raise ValueError(f"there is no function {name}()")
        signature = known["signature"]
        variadic = bool(signature) and signature[-1].get("variadic", False)
        if given < len(signature) or (given > len(signature) and not variadic):
            least = "at least " if variadic else ""
            raise ValueError(
                f"{name}() takes {least}{amount(len(signature), 'argument')}, and here are {given}"
            )
    for child in node["children"]:
        if isinstance(child, dict):
            _check_functions(child)


def _said(error: Exception) -> str:
    """Say what is wrong, without the value it is wrong with: it may be another one for each API."""
    from jmespath.exceptions import JMESPathTypeError  # noqa: PLC0415

    if not isinstance(error, JMESPathTypeError):
        return str(error)
    takes = " or ".join(map(str, error.expected_types))
    return f"{error.function_name}() takes {takes}, and a value is of type {error.actual_type}"


def _is_true(selector: Selector, expression: str, api: RestApi, account: Account | None) -> bool:
    """Tell whether an expression holds. JMESPath takes null, false and what is empty for false."""
    from batchgw.model.fleet.working_out import Bounded, TooManySteps  # noqa: PLC0415 - few policies need it

    try:
        found: Any = Bounded().visit(compiled(expression).parsed, document(api, account))
    except Exception as error:
        # JMESPath also raises what Python does, as in `[::0]`. Taken for false, an exclusion or an exemption
        # would be passed over.
        where = f"{selector.where}: " if selector.where else ""
        advice = "Ask first whether the value is there, as in `tags.team && starts_with(tags.team, 'a')`"
        if isinstance(error, TooManySteps):
            advice = "Write a simpler one"
        raise ExpressionFailed(
            f"{where}the expression {foreign(expression)} cannot be worked out for the REST API {api.id} in "
            f"{api.scope}: {foreign(_said(error))}. {advice}"
        ) from error
    return bool(found) or (found == 0 and found is not False and not isinstance(found, list | dict | str))
