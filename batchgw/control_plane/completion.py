"""All 21 gateway responses from an answer that may hold fewer. Pure.

AWS answers every type; some emulators answer the customised ones only. What the answer says is kept as it is;
what it leaves out is not customised, and shows what it inherits.
"""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.model import GatewayResponse, ResponseType
from batchgw.planning.normalize import shown


def complete(observed: Mapping[ResponseType, GatewayResponse]) -> Mapping[ResponseType, GatewayResponse]:
    """Give all types in enum order: as observed, or as an uncustomised one shows beside the observed ones."""
    return {response_type: shown(response_type, observed) for response_type in ResponseType}
