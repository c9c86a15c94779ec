"""Reads a fault script: plain data from JSON or YAML into rules, or an error that says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from batchgw.errors import UsageError
from batchgw.simulator.traffic.faults import (
    Arbitrary,
    Cut,
    DeleteApi,
    Deny,
    Fault,
    FaultScript,
    OtherAccount,
    OtherWrite,
    Refuse,
    RefuseConnection,
    Rule,
    Slow,
    StaleAnswer,
    Throttle,
)
from batchgw.simulator.traffic.match_script import did_you_mean, match_of

_OTHER_STATUS = 418
_TRY_AGAIN = "Unable to complete operation due to concurrent modification. Please try again later."
_SERVICE_ERRORS = {500: "InternalFailure", 503: "ServiceUnavailableException", 504: "GatewayTimeoutException"}


def parse(script: object, *, seed: int = 0) -> FaultScript:
    """Read a list of rules. Raises UsageError naming the rule and what is wrong with it."""
    if not isinstance(script, Sequence) or isinstance(script, str):
        raise UsageError("A fault script is a list of rules, each with `match` and `fault`.")
    return FaultScript([_rule(number, entry) for number, entry in enumerate(script, start=1)], seed=seed)


def _rule(number: int, entry: object) -> Rule:
    if not isinstance(entry, Mapping) or not {"fault"} <= set(entry) <= {"match", "fault"}:
        raise _wrong(number, "it must have `fault`, may have `match`, and nothing else")
    try:
        return Rule(match=match_of(entry.get("match") or {}), fault=_fault(entry["fault"]))
    except (ValueError, TypeError) as error:
        raise _wrong(number, str(error)) from None


def _wrong(number: int, why: str) -> UsageError:
    return UsageError(f"Rule {number} of the fault script cannot be used: {why}.")


def _fault(data: object) -> Fault:
    """A name, or one name with its argument."""
    if isinstance(data, str):
        name, argument = data, None
    elif isinstance(data, Mapping) and len(data) == 1:
        name, argument = next(iter(data.items()))
    else:
        raise ValueError("`fault` must be a name, or one name with its argument")
    read = _FAULTS.get(str(name))
    if read is None:
        raise ValueError(f"there is no fault {name!r}{did_you_mean(str(name), tuple(_FAULTS))}")
    return read(argument)


def _retry_after(argument: object) -> Fault:
    if isinstance(argument, Mapping):
        return Throttle(date_in=float(argument["date_in"]))
    return Throttle(retry_after=str(1 if argument is None else argument))


def _conflict(argument: object) -> Fault:
    word = "retryable" if argument is None else str(argument)
    messages = {"retryable": _TRY_AGAIN, "permanent": "Resource already exists"}
    return Refuse(code="ConflictException", status=409, message=messages.get(word, word))


def _service_error(argument: object) -> Fault:
    applied = False
    if isinstance(argument, Mapping):
        applied, argument = bool(argument.get("applied")), argument.get("status")
    status = 500 if argument is None else int(str(argument))
    if status not in range(500, 600):
        raise ValueError(f"`service_error` takes a status from 500 to 599, not {status}")
    return Refuse(
        code=_SERVICE_ERRORS.get(status, "InternalServerErrorException"),
        status=status,
        message="Internal server error" if status == 500 else "Service is unavailable",  # noqa: PLR2004
        applied=applied,
        modelled=status == 503,  # noqa: PLR2004 - the only 5xx in the service model
    )


def _slow(argument: object) -> Fault:
    return Slow(seconds=float(str(argument)))


def _other_account(argument: object) -> Fault:
    if argument is None:
        raise ValueError("`other_account` takes the id of the account that seems to have signed")
    return OtherAccount(account=str(argument))


def _other_write(argument: object) -> Fault:
    if isinstance(argument, Mapping):
        if unknown := sorted(set(argument) - {"status", "then"}):
            raise ValueError(f"`other_write` knows no {unknown[0]!r}")
        then = None if argument.get("then") is None else _fault(argument["then"])
        return OtherWrite(status=str(argument.get("status", _OTHER_STATUS)), then=then)
    return OtherWrite(status=str(_OTHER_STATUS if argument is None else argument))


def _answer(argument: object) -> Fault:
    if not isinstance(argument, Mapping):
        raise ValueError("`answer` takes `status`, `body`, `signed` and `applied`")  # noqa: TRY004 - as above
    if unknown := sorted(set(argument) - {"status", "body", "signed", "applied"}):
        raise ValueError(f"`answer` knows no {unknown[0]!r}")
    body = argument.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body)
    return Arbitrary(
        status=int(str(argument.get("status", 200))),
        body=text.encode("utf-8", "surrogatepass"),
        signed=bool(argument.get("signed", True)),
        applied=bool(argument.get("applied", False)),
    )


def _drip(argument: object) -> Fault:
    return Arbitrary(body=b" ", pause=float(str(argument)))


def _refusal(code: str, status: int, message: str, *, modelled: bool = True) -> Callable[[object], Fault]:
    return lambda argument: Refuse(
        code=code, status=status, message=message if argument is None else str(argument), modelled=modelled
    )


_FAULTS: Mapping[str, Callable[[object], Fault]] = {
    "throttle": lambda _: Throttle(),
    "retry_after": _retry_after,
    "conflict": _conflict,
    "service_error": _service_error,
    "slow": _slow,
    "cut_before": lambda _: Cut(applied=False),
    "cut_after": lambda _: Cut(applied=True),
    "expired_token": _refusal(
        "ExpiredTokenException", 403, "The security token included in the request is expired", modelled=False
    ),
    "no_connection": lambda _: RefuseConnection(),
    "access_denied": lambda _: Deny(),
    "delete_api": lambda _: DeleteApi(),
    "other_write": _other_write,
    "stale_answer": lambda _: StaleAnswer(applied=True),
    "not_written": lambda _: StaleAnswer(applied=False),
    "other_account": _other_account,
    "answer": _answer,
    "endless": lambda _: Arbitrary(body=b" " * 65_536, pause=0.0),
    "drip": _drip,
    "limit_exceeded": _refusal(
        "LimitExceededException", 429, "Maximum number of Gateway Responses has been reached"
    ),
    "bad_request": _refusal("BadRequestException", 400, "Invalid request"),
    "not_found": _refusal("NotFoundException", 404, "Gateway response type not defined on api"),
}
