"""IAM's decision: an explicit deny wins, and every kind of policy that applies must allow.

The texts are those by which AWS ends a denial (IAM user guide, access denied error messages).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batchgw.simulator.iam.documents import Effect, Policy
from batchgw.simulator.iam.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Policies of one kind, of which one must allow.

    Attributes:
        kind: AWS's words for it, such as "a session policy".
        policies: the documents.
        allows_all: no document needs to allow, as with a role without a policy here; a deny still denies.
    """

    kind: str
    policies: Sequence[Policy] = ()
    allows_all: bool = False


def denial(request: Request, layers: Iterable[Layer]) -> str | None:
    """Say why a request is denied, as the end of AWS's sentence; None when it is allowed.

    A deny of any layer is told before what a layer does not allow.
    """
    missing: Layer | None = None
    for layer in layers:
        effects = _effects(layer, request)
        if "Deny" in effects:
            return f"with an explicit deny in {layer.kind}"
        if missing is None and not layer.allows_all and "Allow" not in effects:
            missing = layer
    if missing is None:
        return None
    return f"because no {missing.kind.partition(' ')[2]} allows the {request.action} action"


def _effects(layer: Layer, request: Request) -> set[Effect]:
    return set().union(*(policy.effects(request) for policy in layer.policies))
