"""The meaning of a layer as JSON, for the digest: without comments, layout and spelling."""

from __future__ import annotations

from batchgw.model.shape import JSON
from batchgw.policy.meaning.folding.desired import desired_of
from batchgw.policy.meaning.folding.layer import Layer, Origin
from batchgw.policy.meaning.folding.locks import DEPLOY
from batchgw.policy.meaning.folding.values import Stack
from batchgw.policy.schema.deploy import DeploySpec
from batchgw.policy.schema.responses import BodySpec, ResponseSpec


def layer_json(layer: Layer) -> dict[str, JSON]:
    """Render a layer: which APIs it is about, what it says, and what presets make of it by itself."""
    out: dict[str, JSON] = {
        "name": None if layer.match is None else layer.name,
        "match": None if layer.match is None else layer.match.to_json(),
        "within": None if layer.within is None else layer.within.to_json(),
        "locked": sorted(_locks(layer)),
        "mode": None if layer.mode is None else layer.mode.value,
        "unlisted": None if layer.unlisted is None else layer.unlisted.value,
        "responses": {type_.value: _response(spec) for type_, spec in sorted(layer.responses.items())},
        "wherever_customised": None
        if layer.wherever_customised is None
        else _body(layer.wherever_customised),
        "use": [
            use.model_dump(mode="json", by_alias=True, exclude_defaults=True) | {"preset": use.name}
            for use in layer.use
        ],
        "deploy": _deploy(layer.deploy),
        "alone": desired_of([layer]).to_json(),
    }
    return {key: value for key, value in out.items() if value}


def _deploy(said: DeploySpec | str | None) -> JSON:
    return said.model_dump(mode="json", exclude_none=True) if isinstance(said, DeploySpec) else said


def _locks(layer: Layer) -> list[str]:
    locked = layer.locked
    words = [*locked.presets, *(t.value for t in locked.types)]
    return [*words, *(["*"] if locked.whole else []), *([DEPLOY] if locked.stages else [])]


def _response(spec: ResponseSpec | str) -> JSON:
    if isinstance(spec, str):
        return spec
    own: dict[str, JSON] = {
        "status": spec.status or spec.status_code,
        "mode": None if spec.mode is None else spec.mode.value,
    }
    return _body(spec) | own


def _body(spec: BodySpec) -> dict[str, JSON]:
    stack = Stack()
    stack.add_body(spec, Origin(layer=0, path=()))
    return stack.settings().to_json()
