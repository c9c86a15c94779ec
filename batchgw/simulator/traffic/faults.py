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

from collections.abc import Sequence
from dataclasses import dataclass

from batchgw.simulator.call import Call
from batchgw.simulator.traffic.matching import Counts, Match, Tags


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a script."""

    match: Match
    fault: Fault


class FaultScript:
    """Decides for each call whether it goes wrong. Its only state is the count of calls."""

    def __init__(self, rules: Sequence[Rule] = (), *, seed: int = 0) -> None:
        self.rules = tuple(rules)
        self._counts = Counts([rule.match for rule in self.rules], seed=seed)

    def decide(self, call: Call, now: float, tags: Tags = dict) -> Fault | None:
        """Give the fault that this call meets, if any. `now` is seconds since the first call.

        `tags` gives the tags of the call's API, for rules about them.
        """
        chosen = self._counts.chosen(call, now, tags)
        return self.rules[chosen[0]].fault if chosen else None

    def restart(self) -> None:
        """Count from zero."""
        self._counts.restart()
