"""Faults by script: which call goes wrong, and how. Only the script, the count of calls and the seed decide.

A script is a list of rules, as read from JSON or YAML:

    - match: {operation: PutGatewayResponse, account: "111111111111", nth: 3}
      fault: cut_after
    - match: {operation: [Put*, Delete*], probability: 0.01}
      fault: {retry_after: 2}

`match` names what a call must be: `service`, `operation`, `account`, `region`, `api`, `type` (texts with *
and ?, or lists of them), a `tag` of its API (KEY=VALUE, as IAM's aws:ResourceTag), and the time: `after`,
`until` (seconds since the first call). Of the calls that are all this, it chooses the `nth` (from 1; or a
list of them), `every` n-th, the `first` n, or each with a `probability`; all of them when it says nothing.
`per: api | type | scope` counts separately for each. The first rule that fires decides.

`fault` is one of: throttle · {retry_after: 2 | {date_in: 2} | text} · conflict | {conflict: permanent} ·
service_error | {service_error: 503} | {service_error: {status: 503, applied: true}} · {slow: 5} ·
no_connection · cut_before · cut_after · expired_token · access_denied · delete_api ·
{other_write: 418} | {other_write: {status: 418, then: conflict}} (somebody else customises the type before) ·
stale_answer | not_written (a success with the values from before; the change was made, or not) ·
{other_account: id} (404, as a call is answered that another account has signed) ·
{answer: {status: 200, body: anything, signed: true, applied: false}} · endless · {drip: 0.1} ·
limit_exceeded | {limit_exceeded: message} · bad_request | {bad_request: message} ·
not_found | {not_found: message}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from zlib import crc32

from batchgw.simulator.call import Call
from batchgw.simulator.world.identifiers import mixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Refused as if by quota. `retry_after` is sent as it is; `date_in` seconds from now, as an HTTP date."""

    retry_after: str | None = None
    date_in: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """Refused with an error. With `applied` the change is made nevertheless."""

    code: str
    status: int
    message: str
    applied: bool = False
    modelled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Answered `seconds` later than usual."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The connection is cut. With `applied` the change is made before."""

    applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseConnection:
    """No connection can be made (in process). Over HTTP the connection is closed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """A permission is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteApi:
    """Somebody deletes the API just before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherWrite:
    """Somebody else sets the gateway response's status just before the call, which then meets `then`."""

    status: str
    then: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleAnswer:
    """A write of a gateway response is answered as a success, with what was there before.

    With `applied` the change is made nevertheless.
    """

    applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherAccount:
    """The call arrives as if another account had signed it, which does not have the API."""

    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arbitrary:
    """An answer of any content, which the service itself would not give.

    Attributes:
        status: of HTTP.
        body: as it goes over the wire.
        signed: whether it has a request id, as the service's answers have.
        applied: whether the change is made.
        pause: seconds after which more of the body follows, for ever; None where the body has an end.
    """

    status: int = 200
    body: bytes = b""
    signed: bool = True
    applied: bool = False
    pause: float | None = None


Fault = (
    Throttle
    | Refuse
    | Slow
    | Cut
    | RefuseConnection
    | Deny
    | DeleteApi
    | OtherWrite
    | StaleAnswer
    | OtherAccount
    | Arbitrary
)


Tags = Callable[[], Mapping[str, str]]
"""Looks up the tags of an API: a function, because few rules need them and a lookup takes time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The calls that a rule is about. Empty patterns match all; times are seconds since the first call."""

    service: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    api: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    after: float = 0.0
    until: float = float("inf")
    nth: tuple[int, ...] = ()
    every: int = 0
    first: int = 0
    probability: float = 1.0
    per: str = ""

    def describes(self, call: Call, now: float, tags: Tags) -> bool:
        """Whether the call matches, whatever its count. `tags` gives the tags of its API."""
        return (
            self.after <= now < self.until
            and _any(self.service, call.service.name)
            and _any(self.operation, call.operation)
            and _any(self.account, call.account)
            and _any(self.region, call.region)
            and _any(self.api, call.api)
            and _any(self.type, call.type)
            and (not self.tag or any(_any(self.tag, f"{key}={value}") for key, value in tags().items()))
        )

    def group(self, call: Call) -> str:
        """What the call is counted under."""
        scope = f"{call.account}/{call.region}"
        match self.per:
            case "scope":
                return scope
            case "api":
                return f"{scope}/{call.api}"
            case "type":
                return f"{scope}/{call.api}/{call.type}"
            case _:
                return ""

    def chooses(self, count: int, chance: float) -> bool:
        """Whether the `count`-th call of the kind (from 1) is chosen; `chance` is its draw from 0..1."""
        return (
            (not self.nth or count in self.nth)
            and (not self.every or count % self.every == 0)
            and (not self.first or count <= self.first)
            and chance < self.probability
        )


def _any(patterns: tuple[str, ...], value: str) -> bool:
    return not patterns or any(p == value or fnmatchcase(value, p) for p in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a script."""

    match: Match
    fault: Fault


class FaultScript:
    """Decides for each call whether it goes wrong. Its only state is the count of calls."""

    def __init__(self, rules: Sequence[Rule] = (), *, seed: int = 0) -> None:
        self.rules = tuple(rules)
        self._seed = seed
        self._counts: dict[tuple[int, str], int] = {}

    def decide(self, call: Call, now: float, tags: Tags = dict) -> Fault | None:
        """Give the fault that this call meets, if any. `now` is seconds since the first call.

        `tags` gives the tags of the call's API, for rules about them.
        """
        if not self.rules:
            return None
        decided: Fault | None = None
        for place, rule in enumerate(self.rules):
            meant = rule.match.describes(call, now, tags)
            if meant and self._fires(place, rule.match, call) and decided is None:
                decided = rule.fault
        return decided

    def restart(self) -> None:
        """Count from zero."""
        self._counts.clear()

    def _fires(self, place: int, match: Match, call: Call) -> bool:
        """Count the call, even if another rule decides: so rules do not affect each other."""
        group = match.group(call)
        count = self._counts[place, group] = self._counts.get((place, group), 0) + 1
        chance = mixed(self._seed, place, crc32(group.encode()), count) / 2**64
        return match.chooses(count, chance)
