"""Which customised types a policy leaves without the headers that it sets for their family. Pure.

Customising a type detaches it from DEFAULT_4XX or DEFAULT_5XX. So an API whose team customised UNAUTHORIZED
answers a 401 without what the policy sets on DEFAULT_4XX, unless the policy covers that type as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.model import HEADER_PREFIX, Desired, Mode, ResponseType, Target, Unlisted
from batchgw.model.inheritance import Observed
from batchgw.model.response_change import TARGETS

Owed = Mapping[ResponseType, frozenset[str]]
"""Parameter keys in lower case that the policy sets for a type's family, and not for the type."""


def owed(desired: Desired) -> Owed:
    """Give what each type lacks where an API customises it itself. Types that lack nothing are not in it."""
    found = {t: _owed(t, desired) for t in ResponseType}
    return {t: keys for t, keys in found.items() if keys}


def uncovered(observed: Observed, by_type: Owed) -> tuple[Target, ...]:
    """Give the types that an API customises itself without the headers owed to them."""
    return tuple(
        [
            TARGETS[t]
            for t, keys in by_type.items()
            if (shown := observed.get(t)) is not None  # most are not customised: no call for each of them
            and not shown.default_response
            and not keys <= _lower(shown.settings.parameters)
        ]
    )


def header_names(response_type: ResponseType, desired: Desired) -> tuple[str, ...]:
    """Give the headers owed to a type by name, as the policy spells them."""
    keys = _owed(response_type, desired)
    return tuple(
        k.removeprefix(HEADER_PREFIX) for k in _of_family(response_type, desired) if k.lower() in keys
    )


def _owed(response_type: ResponseType, desired: Desired) -> frozenset[str]:
    if response_type in desired.left_alone:
        return frozenset()
    rule = desired.rules.get(response_type)
    if rule is not None and rule.mode is not Mode.FILL:
        return frozenset()  # the policy itself says what the type is to be; lint says what it leaves out
    if rule is None and desired.unlisted is Unlisted.RESET:
        return frozenset()
    added = desired.wherever_customised.get(response_type)
    return _lower(_of_family(response_type, desired)) - _lower(added.parameters if added else {})


def _of_family(response_type: ResponseType, desired: Desired) -> Mapping[str, str]:
    """Give the parameters that the policy sets for a type's family; for those of the family itself."""
    rule = desired.rules.get(response_type.family or response_type)
    return {} if rule is None or rule.settings is None else rule.settings.parameters


def _lower(parameters: Mapping[str, str]) -> frozenset[str]:
    return frozenset(key.lower() for key in parameters)
