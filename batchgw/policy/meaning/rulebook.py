"""Decides what each API shall be: which layers match it, and what these say together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from batchgw.model import Account, Decision, Desired, RestApi, Selector, Variant
from batchgw.model.shape import JSON
from batchgw.policy.meaning.desired import desired_of
from batchgw.policy.meaning.digest import layer_json
from batchgw.policy.meaning.layer import Layer


class LayeredRulebook:
    """The rulebook of policy files: APIs that the same layers match are of one variant."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = tuple(layers)
        self._conditional = tuple(layer for layer in layers if not layer.for_all)
        self._decisions: dict[tuple[int, ...], Decision] = {}
        self.desired: Desired = self._decision(()).variant.desired
        """What an API shall be that no rule matches."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of all layers that are not about every API."""
        return tuple(layer.name for layer in self._conditional)

    @property
    def exemptions(self) -> tuple[str, ...]:
        """A name for each exemption."""
        return ()

    @property
    def places(self) -> Mapping[str, str]:
        """Where each of them stands."""
        return {layer.name: layer.where for layer in self._conditional}

    @property
    def needs_listing(self) -> bool:
        """Whether a selector asks for what only a listing says of an API."""
        return any(map(_needs_listing, self._selectors()))

    @property
    def needs_account(self) -> bool:
        """Whether a layer asks where in the organisation an API's account is, or what it is called."""
        return any(each.needs_account for each in self._selectors()) or any(
            layer.within is not None and layer.within.needs_account for layer in self._conditional
        )

    @property
    def needs_owner(self) -> bool:
        """Whether a selector asks who manages an API."""
        return any(each.needs_owner for each in self._selectors())

    def decide(self, api: RestApi, account: Account | None) -> Decision:
        """Decide about an API."""
        matched = tuple(layer.number for layer in self._conditional if layer.matches(api, account))
        found = self._decisions.get(matched)
        return self._decision(matched) if found is None else found

    def to_json(self) -> JSON:
        """Render all layers. None where there is one that is about every API, and nothing else."""
        if len(self._layers) == 1 and not self._conditional:
            return None
        return [layer_json(layer) for layer in self._layers]

    def _decision(self, matched: tuple[int, ...]) -> Decision:
        layers = [layer for layer in self._layers if layer.for_all or layer.number in matched]
        names = tuple(layer.name for layer in layers if not layer.for_all)
        variant = Variant(rules=names, desired=desired_of(layers))
        return self._decisions.setdefault(matched, Decision(variant=variant))

    def _selectors(self) -> Iterator[Selector]:
        for layer in self._conditional:
            if layer.match is not None:
                yield layer.match
            if layer.within is not None:
                yield from layer.within.apis.include
                yield from layer.within.apis.exclude


def _needs_listing(selector: Selector) -> bool:
    words = (selector.name, selector.endpoint, selector.created, selector.owner, selector.expression)
    return bool(selector.tags) or any(word is not None for word in words)
