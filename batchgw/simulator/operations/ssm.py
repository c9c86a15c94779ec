"""AWS Systems Manager's GetCalendarState. What it says is scripted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from batchgw.simulator.operations.operation import Input, Operation, answers
from batchgw.simulator.operations.params import optional_text, strings
from batchgw.simulator.reply import Body, ServiceFault
from batchgw.simulator.services import AwsService
from batchgw.simulator.world.signals.script import Calendar, CalendarFault

SSM = AwsService(name="ssm", protocol="json-1.1", throttled=("ThrottlingException", 400, "Rate exceeded"))

_WORDS: Mapping[CalendarFault, str] = {
    "InvalidDocument": "Document with name {name} does not exist.",
    "InvalidDocumentType": "The document type of {name} is not valid.",
    "UnsupportedCalendarException": "The calendar entry contained in {name} is not supported.",
}
"""By the error's code. The codes are modelled, the words are chosen here."""


def get_calendar_state(given: Input) -> Body:
    """Tell whether all calendars are open, and when the first of them changes."""
    names = strings(given.params, "CalendarNames")
    if not names:
        raise ServiceFault("ValidationException", 400, "CalendarNames must not be empty", modelled=False)
    calendars = [_calendar(given, name) for name in names]
    first_call = given.now - given.world.signals.now  # in seconds since the epoch
    asked = _asked(given)
    time = asked - first_call
    is_open = all(each.course.at(time).value == "OPEN" for each in calendars)
    body: Body = {"State": "OPEN" if is_open else "CLOSED", "AtTime": _written(asked)}
    changes = [at for each in calendars if (at := each.course.change_after(time)) is not None]
    return body | ({"NextTransitionTime": _written(first_call + min(changes))} if changes else {})


def _calendar(given: Input, name: str) -> Calendar:
    """Find a calendar by its name, or by its ARN, which may be another account's."""
    account, region, document = given.account, given.region, name
    if name.startswith("arn:"):
        *_, region, account, document = name.split(":", 5)
        document = document.removeprefix("document/")
    found = given.world.signals.calendar(account, region, document)
    if found is None or region != given.region:
        raise _refused("InvalidDocument", document)
    if found.fault is not None:
        raise _refused(found.fault, document)
    return found


def _refused(code: CalendarFault, document: str) -> ServiceFault:
    return ServiceFault(code, 400, _WORDS[code].format(name=document))


def _asked(given: Input) -> float:
    """Give the time that is asked about, in seconds since the epoch."""
    at = optional_text(given.params, "AtTime")
    if at is None:
        return given.now
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        why = f"AtTime must be a date in ISO 8601, not {at}"
        raise ServiceFault("ValidationException", 400, why, modelled=False) from None


def _written(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


OPERATIONS: Mapping[str, Operation] = {"GetCalendarState": answers(get_calendar_state)}
