"""All 21 gateway responses, with what they inherit, from an emulator's answer that may hold less. Pure.

AWS answers every type, and an uncustomised one shows what its family is customised to: its answers need no
completion. Some emulators answer the customised types only, or show the service's default for the others.
What an answer says of customised types is kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.model import GatewayResponse, ResponseType, Settings
from batchgw.model.inheritance import effective, shown

_BARE: Mapping[ResponseType, Settings] = {kind: effective(kind, None) for kind in ResponseType}
"""What an uncustomised type shows when it inherits nothing."""


def complete(observed: Mapping[ResponseType, GatewayResponse]) -> Mapping[ResponseType, GatewayResponse]:
    """Give all types in enum order: as observed, or as AWS would show an uncustomised one beside them."""
    passing = {
        kind: family
        for kind in (ResponseType.DEFAULT_4XX, ResponseType.DEFAULT_5XX)
        if (family := observed.get(kind)) is not None and not family.default_response
    }
    if not passing:
        return {kind: shown(kind, observed) for kind in ResponseType}
    return {kind: _shown(kind, observed, passing) for kind in ResponseType}


def _shown(
    kind: ResponseType,
    observed: Mapping[ResponseType, GatewayResponse],
    passing: Mapping[ResponseType, GatewayResponse],
) -> GatewayResponse:
    """Give a type as observed; or what it inherits, if it shows the service's default in place of that."""
    own = observed.get(kind)
    if own is not None and own.default_response and kind.family in passing and own.settings == _BARE[kind]:
        return shown(kind, passing)
    return shown(kind, observed)
