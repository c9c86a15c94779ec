"""Are an API's gateway responses still what they were when the plan was made?

There is no ETag, so they are compared with the before-images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batchgw.model import Change, Desired, GatewayResponse, ResponseChange, ResponseType, Settings
from batchgw.model.inheritance import Observed, customisation, is_customised, shown
from batchgw.model.response_change import responses
from batchgw.planning.change_view import FieldChange, Mark
from batchgw.planning.render import Field, compare

_CUSTOMISED_SINCE = "{} was not customised when the plan was made, and is now"


def staleness(changes: Sequence[Change], observed: Observed, desired: Desired) -> tuple[str, ...]:
    """Say how an API differs from its before-images, a sentence for each difference; nothing if it does not.

    A type that the API has customised since, and that `desired` would now speak of, counts as well.

    Every type the plan speaks of is compared: a NO_OP is a promise, too, that the type is as desired. What an
    uncustomised type shows counts as well: it is inherited, so when it differs, its family was changed. That
    is said once, of the family, when the plan speaks of it.
    """
    said: dict[ResponseType | None, list[str]] = {}
    for change in responses(changes):
        now = shown(change.type, observed)
        follows = change.before.default_response and now.default_response and said.get(change.type.family)
        said[change.type] = [] if follows else list(_differences(change, now))
    for response_type in desired.wherever_customised:
        if response_type not in said and is_customised(response_type, observed):
            said[response_type] = [_CUSTOMISED_SINCE.format(response_type.value)]
    return tuple(sentence for sentences in said.values() for sentence in sentences)


def _differences(change: ResponseChange, now: GatewayResponse) -> Iterator[str]:
    name, before = change.type.value, change.before
    if before.default_response and not now.default_response:
        yield _CUSTOMISED_SINCE.format(name)
    elif now.default_response and not before.default_response:
        yield f"{name} was customised when the plan was made, and is not any more"
    else:
        inherited = "inherited " if now.default_response else ""
        for field in compare(_values(before), _values(now)):
            yield f"{name}: {inherited}{_sentence(field)}"


def _values(response: GatewayResponse) -> Settings:
    return customisation(response) or response.settings


def _sentence(field: FieldChange) -> str:
    match field.mark:
        case Mark.ADDED:
            return f"{field.label} was not there when the plan was made, and is now"
        case Mark.REMOVED:
            return f"{field.label} was there when the plan was made, and is not any more"
        case _ if field.field is Field.TEMPLATE:
            return f"{field.label} is not what it was when the plan was made"
        case _:
            return f"{field.label} was {field.before} when the plan was made, and is {field.after} now"
