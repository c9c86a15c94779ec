"""The errors of batchgw, as one tree. An error is named for what happened and knows what it means.

BatchgwError                         1  a number is the exit code of a command that ends with the error
├── UsageError                      64  a flag, a file or an argument that cannot be used
│   ├── PolicyInvalid               64  the policy file; carries every problem with file:line:column
│   ├── QuotasInvalid               64  the quota file, likewise
│   ├── PlanUnreadable              64  not a plan, truncated, or of another version
│   ├── RunUnknown                  64  no such run in this journal
│   └── JournalUnusable             64  the journal's URL or file cannot be opened
├── NothingSelected                  4  a selector, or all of a selection, matches no API: nothing was written
├── ExpressionFailed                 4  a JMESPath expression fails on one API, which becomes unread
├── PlanStale                        5  the policy or the world is no longer what was planned
├── LimitsExceeded                   3  a plan does more than the policy's `limits` allow: nothing was written
├── JournalWriteFailed               3  the journal cannot be written (disk full): the run stopped, resumable
├── HeldBack                         3  a schedule lets nothing more begin; its subclasses say why. Resumable
│   ├── BudgetExceeded               3  more targets have failed than `max_failures` allow
│   ├── GateFailed                   3  a gate's answer was bad, or an alarm was not OK before a wave
│   ├── GateHeld                     3  a wave waits for a person, and nobody has decided
│   ├── RunAborted                   3  a person has ended the run
│   ├── WindowClosed                 3  no window of the policy is open
│   ├── DeadlineOver                 3  the time that the run was given is over
│   └── WaveReached                  3  the wave after which the run was to stop has passed
├── ScopeLocked                     75  another run holds a scope
│   └── ScopeHeld                   75  the same, with the run and its process (in journal)
├── Stopped                        130  the user asked to stop, before this call was sent
│   └── ExplainedStop              130  a stop of the command line whose message says how far things came
│       └── NotConfirmed             3  the command line asked, and the user said no
├── WriteRefused                     1  a verb that only reads was about to write: a fault in batchgw
│                                       (in control_plane.readonly)
└── CallError                        4  a call to the control plane that did not succeed. An error about one
    │                                   API becomes its outcome; another leaves something unread
    ├── Throttled                       429: wait and send again; never uses up an attempt
    ├── ConcurrentModification          409 "try again later", or a 400 that says so: retried, bounded.
    │                                   Somebody else was writing: a write is sent again only after a read
    ├── ServiceFailure                  5xx: retried, bounded; a write may have been made, so it is read first
    │   └── AnswerTooLarge              over 16 MiB: not read to its end, and not asked for again
    ├── ConnectionFailed                no connection: nothing was sent; retried, bounded; ends its scope
    ├── ConnectionCut                   cut or timed out after sending: a write may have been made; as 5xx
    ├── ReadingAged                     a write waited too long after its API was read: it is read again
    ├── Conflict                        any other 409: permanent for this API
    ├── ResourceQuotaExceeded           429 LimitExceeded on a hard quota: permanent for this API
    ├── ApiNotFound                     404: the API is gone
    ├── NotCustomized                   404 on DELETE: the type is at its default already
    ├── BadRequest                      400: refused as it stands; permanent for this API
    │   ├── EntityNotFound              the account, OU, stack or deployment that is named is not there
    │   ├── OrganizationNotInUse        the account that asks is in no organisation
    │   └── ForeignAnswer               3xx or 4xx without an AWS error code: a write may have been made
    ├── ApiDenied                       403 on one API, while others are allowed: permanent for this API
    ├── NotAsWritten                    201, and something else than what was asked is in effect: permanent
    ├── ProbeFailed                     no answer from a deployed API: what is live there is not known
    └── ScopeError                      the whole account-region is given up
        ├── Starved                     refused for as long as --patience allows: others use the quota up
        ├── EndpointUnreachable         no scope has ever been able to connect: nothing more is tried
        ├── OtherAccountAnswered        404 in another account's name: that account's keys signed the call
        ├── AccessDenied                403 (or 401) on a listing, or on three APIs in a row
        │   ├── DeniedByScp             the same by a service control policy, as AWS's own words say
        │   └── ForeignDenial           the same without an AWS error code: a write may have been made
        ├── CredentialsRejected         403: unknown
        │   ├── CredentialsExpired      403: retried once, with fresh credentials
        │   └── RegionOff               the keys are good elsewhere: the region is not enabled for the account
        └── CredentialsUnavailable      there are none, or the role cannot be assumed
            └── WrongAccount            the keys are of another account: nothing was signed with them

An error stands in this file, unless the tree names another module: it then carries something of that module.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import ClassVar, Self

from batchgw.exit_codes import FAILED, HELD_BACK, INCOMPLETE, INTERRUPTED, LOCKED, STALE, USAGE
from batchgw.redaction import LONGEST_MESSAGE, LONGEST_NAME, foreign


class BatchgwError(Exception):
    """The root. `str(error)` is one paragraph a user can act on: what happened, where, what to do."""

    exit_code: ClassVar[int] = FAILED


class UsageError(BatchgwError):
    """A flag, a file or an argument that cannot be used."""

    exit_code = USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding about a policy or quota file. `line` and `column` count from 1; 0 means the whole file."""

    file: str
    line: int
    column: int
    message: str
    severity: str = "error"  # "error" or "warning"
    rule: str = "schema"

    def __str__(self) -> str:
        """Render as compilers do, so that editors can jump to it."""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message} [{self.rule}]"


class PolicyInvalid(UsageError):
    """The policy cannot be used. `problems` holds every error and warning found, in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(p) for p in problems))


class QuotasInvalid(UsageError):
    """A quota file cannot be used. `problems` are all its problems, in its order.

    `beside_flags` says that the file alone is valid and contradicts flags.
    """

    def __init__(self, problems: tuple[Problem, ...], *, beside_flags: bool = False) -> None:
        self.problems = problems
        self.beside_flags = beside_flags
        super().__init__("\n".join(str(p) for p in problems))


class PlanUnreadable(UsageError):
    """The file is not a plan, is truncated, or was written by another version."""


class RunUnknown(UsageError):
    """The journal has no run of that id."""


class JournalUnusable(UsageError):
    """The journal's URL is wrong, or its file cannot be opened."""


class NothingSelected(BatchgwError):
    """A selector that matches no API, or a selection that is empty as a whole; nothing was written."""

    exit_code = INCOMPLETE


class ExpressionFailed(BatchgwError):
    """A JMESPath expression cannot be worked out for one API: nobody can tell what that one shall be."""

    exit_code = INCOMPLETE

    def __init__(self, message: str) -> None:
        self.message = message
        super().__init__(message)


class PlanStale(BatchgwError):
    """The policy or an API is no longer what was planned; nothing was written."""

    exit_code = STALE


class LimitsExceeded(BatchgwError):
    """A plan does more than the policy's `limits` allow; nothing was written."""

    exit_code = HELD_BACK


class JournalWriteFailed(BatchgwError):
    """The journal cannot be written. No call is sent that it does not know of; the run can be resumed."""

    exit_code = HELD_BACK


class ScopeLocked(BatchgwError):
    """Another run holds a scope this one needs; the message names the holder. 75: try again later."""

    exit_code = LOCKED


class Stopped(BatchgwError):
    """The user asked to stop while a call was waiting for its permit: it was not sent."""

    exit_code = INTERRUPTED


class ExplainedStop(Stopped):
    """A stop whose message says what was done until then, so that nothing has to be added."""


class NotConfirmed(ExplainedStop):
    """The user was asked and said no: nothing was written."""

    exit_code = HELD_BACK


class HeldBack(BatchgwError):
    """Why a schedule lets nothing more begin, such as a budget of failures that is spent. Resumable.

    It is not raised. Its message stands in the outcome of each target that is held back, and the name of its
    class, mostly a subclass, is the outcome's code.
    """

    exit_code = HELD_BACK

    at_once: ClassVar[bool] = False
    """Whether no new call is made either, for APIs that are in work; else these come to their end."""


class BudgetExceeded(HeldBack):
    """More targets have failed than the policy's `max_failures` allow."""

    at_once = True


class GateFailed(HeldBack):
    """A gate was asked about a wave, and its answer was bad; or an alarm was not OK before the wave."""


class GateHeld(HeldBack):
    """A wave waits for a person to decide: `batchgw promote` or `batchgw abort`."""


class RunAborted(HeldBack):
    """A person has ended the run."""


class WindowClosed(HeldBack):
    """No window of the policy is open, so no call may be made."""

    at_once = True


class DeadlineOver(HeldBack):
    """The time that the run was given is over."""

    at_once = True


class WaveReached(HeldBack):
    """The wave after which the run was to stop has passed."""


class CallError(BatchgwError):
    """A call to the control plane that did not succeed.

    Its message may quote servers, proxies and libraries, and is kept in plans, journals and logs. So message,
    code and request id of every error go through `redaction.foreign` here. Nothing of it is changed later:
    where more is known of the call, `again` makes a new error.

    Attributes:
        code: AWS's error code ("TooManyRequestsException"), or a transport error's name.
        status: HTTP status, 0 when there was no answer.
        request_id: AWS's request id, when there was an answer.
        retry_after: seconds the service asked us to wait, when it did.
        sent: whether a call was made at all. False when its scope had been given up before.
    """

    exit_code = INCOMPLETE
    retry_safe: ClassVar[bool] = False  # may the same call be sent again
    is_throttle: ClassVar[bool] = False  # refused by a quota: waiting is the cure
    outcome_unknown: ClassVar[bool] = False  # a write may or may not have been made
    leaves_open: ClassVar[bool] = False  # somebody else may have written: read before the next write
    reached_api: ClassVar[bool] = False  # proves that the API is there and that the caller may do this to it
    ends_scope: ClassVar[bool] = False  # once given up, nothing more is tried in the account-region

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int = 0,
        request_id: str | None = None,
        retry_after: float | None = None,
        sent: bool = True,
    ) -> None:
        self.message = foreign(message, longest=LONGEST_MESSAGE)
        super().__init__(self.message)
        self.code = foreign(code, longest=LONGEST_NAME) or type(self).__name__
        self.status = status
        self.request_id = None if request_id is None else foreign(request_id, longest=LONGEST_NAME)
        self.retry_after = retry_after
        self.sent = sent

    def again(
        self,
        *,
        message: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        sent: bool | None = None,
    ) -> Self:
        """Give a new error that says the same, except for what is given here."""
        new = copy(self)  # a subclass may know more
        CallError.__init__(
            new,
            self.message if message is None else message,
            code=self.code,
            status=self.status if status is None else status,
            request_id=self.request_id if request_id is None else request_id,
            retry_after=self.retry_after,
            sent=self.sent if sent is None else sent,
        )
        return new


class Throttled(CallError):
    """Refused by the request quota."""

    retry_safe = True
    is_throttle = True


class ConcurrentModification(CallError):
    """409 "try again later", or another 4xx that says so: another write to the same API was under way."""

    retry_safe = True
    leaves_open = True
    reached_api = True


class ServiceFailure(CallError):
    """5xx: the service failed; a write may have been made all the same."""

    retry_safe = True
    outcome_unknown = True
    leaves_open = True


class AnswerTooLarge(ServiceFailure):
    """An answer longer than any of AWS's. It was not read to its end, and is not asked for again."""

    retry_safe = False


class ConnectionFailed(CallError):
    """No connection could be made (refused, DNS, TLS): nothing was sent.

    When all attempts have failed, the whole account-region is given up.

    Attributes:
        endpoint: what could not be connected to, an address or a proxy; empty when that is not known.
    """

    retry_safe = True
    ends_scope = True

    def __init__(self, message: str, *, code: str = "", endpoint: str = "") -> None:
        super().__init__(message, code=code)
        self.endpoint = endpoint


class ConnectionCut(CallError):
    """The connection broke or timed out after the request was sent: read again before deciding."""

    outcome_unknown = True
    leaves_open = True
    retry_safe = True


class ReadingAged(CallError):
    """A write had to wait too long after its API was read: it was not sent, and the API is read again."""

    leaves_open = True

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)


class Conflict(CallError):
    """A 409 that will not go away: permanent for this API."""

    reached_api = True


class ResourceQuotaExceeded(CallError):
    """A hard resource quota ("Maximum number of ... has been reached"): permanent for this API."""

    reached_api = True


class ApiNotFound(CallError):
    """The REST API does not exist in this account and region (any more)."""


class NotCustomized(CallError):
    """DELETE of a gateway response that is not customised: it is at its default already."""

    reached_api = True


class BadRequest(CallError):
    """The service refuses the request as it stands."""


class EntityNotFound(BadRequest):
    """What the call names does not exist: an account, an OU, a stack, a deployment.

    For a REST API there is `ApiNotFound`, and for a customisation `NotCustomized`.
    """


class OrganizationNotInUse(BadRequest):
    """The account whose credentials asked is not a member of an organisation."""


class ForeignAnswer(BadRequest):
    """A 3xx or 4xx without an AWS error code, as from a proxy. AWS may have made the write all the same."""

    outcome_unknown = True
    leaves_open = True


class ApiDenied(CallError):
    """A permission is missing for this API alone: a policy denies it by its id or its tags."""


class NotAsWritten(CallError):
    """AWS answered a write as a success, but two reads show something else than what was asked."""

    reached_api = True


class ProbeFailed(CallError):
    """A deployed API gave no answer to a probe. What is live there is not known.

    Its code says what happened: NameUnresolved, TlsRefused, ProxyUnusable, ConnectionRefused, NotConnected,
    TimedOut, or ConnectionCut.
    """

    retry_safe = True


class ScopeError(CallError):
    """Nothing in this account-region will work: it is given up, the rest of it is not attempted."""

    ends_scope = True


class Starved(ScopeError):
    """The quota has let nothing through for too long: others use it up, and more calls would hurt them."""


class EndpointUnreachable(ScopeError):
    """No scope has ever been able to connect to the endpoint."""


class OtherAccountAnswered(ScopeError):
    """The answer names another account than the one that was meant: the call was signed with its keys."""


class AccessDenied(ScopeError):
    """A permission is missing, or an organisation policy denies the region.

    The retrying wrapper decides whether that holds for one API only (`ApiDenied`) or for its whole scope.
    """


class DeniedByScp(AccessDenied):
    """A service control policy of the organisation denies it. Only AWS's own words tell that."""


class ForeignDenial(AccessDenied):
    """A 401 or 403 without an AWS error code, as from a proxy; see `ForeignAnswer`."""

    outcome_unknown = True
    leaves_open = True


class CredentialsRejected(ScopeError):
    """Expired or unknown credentials. Where it is certain that only the region is off: `RegionOff`."""


class CredentialsExpired(CredentialsRejected):
    """The credentials have expired: one more attempt is made with fresh ones."""

    retry_safe = True


class RegionOff(CredentialsRejected):
    """The region does not know the keys, and STS accepts them: the account has not enabled the region."""


class CredentialsUnavailable(ScopeError):
    """No credentials were found, or the role cannot be assumed."""


class WrongAccount(CredentialsUnavailable):
    """The keys that were fetched or renewed are of another account. Nothing is signed with them."""
