"""Decides what each API shall be: which layers match it, what these say together, and who is exempt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from batchgw.model import (
    Account,
    AccountSelector,
    Decision,
    Desired,
    ResponseType,
    RestApi,
    Selector,
    SetAside,
    Target,
    Unlisted,
    Variant,
)
from batchgw.model.change import EXEMPT
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.deploy import Deploy
from batchgw.model.response_change import TARGETS
from batchgw.model.rulebook import Reach
from batchgw.model.shape import JSON
from batchgw.policy.meaning.digest import layer_json
from batchgw.policy.meaning.exemptions import Exemption
from batchgw.policy.meaning.folding.deploying import names_stages
from batchgw.policy.meaning.folding.desired import unfolded
from batchgw.policy.meaning.folding.fold import Folded, fold
from batchgw.policy.meaning.folding.layer import Layer, Within
from batchgw.policy.meaning.folding.locks import DEPLOY
from batchgw.policy.meaning.tags import TAG, by_tag

Matched = tuple[int, ...]
"""The layers that match an API, by their numbers, other than those that are about every API."""

Levels = tuple[tuple[ResponseType, int], ...]
"""Types that are exempt, and the file whose locks, and those of later files, do not hold for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """What the layers that match say together, nobody being exempt."""

    folded: Folded
    decision: Decision


class LayeredRulebook:
    """The rulebook of policy files. APIs that the same layers match, and that are exempt alike, are one kind.

    `today`, in UTC, decides which exemptions still count.
    """

    def __init__(
        self, layers: Sequence[Layer], exemptions: Sequence[Exemption] = (), *, files: int = 1, today: date
    ) -> None:
        self.layers = tuple(layers)
        """All layers, the weakest first."""
        self.all_exemptions = tuple(exemptions)
        """All exemptions, those that have expired included."""
        self.today = today
        self._files = files
        self._conditional = tuple(layer for layer in layers if not layer.for_all)
        self.counting = tuple(each for each in exemptions if not each.expired(today))
        """The exemptions that have not expired."""
        self._wholes: dict[Matched, _Whole] = {}
        self._variants: dict[tuple[Matched, Levels, int | None], Variant] = {}
        self.desired: Desired = self._whole(()).decision.variant.desired
        """What an API shall be that no rule matches."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of all layers that are not about every API."""
        return tuple(layer.name for layer in self._conditional)

    @property
    def exemptions(self) -> tuple[str, ...]:
        """The names of the exemptions that count."""
        return tuple(each.name for each in self.counting)

    @property
    def places(self) -> Mapping[str, str]:
        """Where each of them stands."""
        rules = {layer.name: layer.where for layer in self._conditional}
        return rules | {each.name: each.where for each in self.counting}

    needs_listing = True
    """Any API may be exempt by a tag of its own, and only a listing tells tags."""

    @property
    def needs_account(self) -> bool:
        """Whether a layer asks where in the organisation an API's account is, or what it is called."""
        return any(each.needs_account for each in self._selectors()) or any(
            within.needs_account for within in self._withins()
        )

    @property
    def account_words(self) -> Mapping[str, tuple[AccountSelector, ...]]:
        """What each of them asks of an API's account that only the organisation knows."""
        matches = [(layer.name, layer.match) for layer in self._conditional]
        matches += [(each.name, each.match) for each in self.counting]
        return {name: match.account_words for name, match in matches if match and match.account_words}

    @property
    def needs_account_tags(self) -> bool:
        """Whether a selector asks for the tags of an API's account."""
        accounts = (within.accounts for within in self._withins())
        return any(each.needs_account_tags for each in self._selectors()) or any(
            each.needs_tags for each in accounts if each is not None
        )

    @property
    def needs_owner(self) -> bool:
        """Whether a selector asks who manages an API."""
        return any(each.needs_owner for each in self._selectors())

    @property
    def reach(self) -> Reach | None:
        """What rules and narrowed files are about, where nothing else says anything."""
        if self.desired.of_responses:
            return None
        saying = (layer for layer in self._conditional if _sets(layer))
        return tuple(selectors for layer in saying for selectors in _reach(layer))

    @property
    def live_reach(self) -> Reach | None:
        """The same of stages that are made live: nothing else may say which."""
        if STAGE in self.desired.parts:
            return None
        saying = (layer for layer in self._conditional if names_stages((layer,)))
        return tuple(selectors for layer in saying for selectors in _reach(layer))

    def decide(self, api: RestApi, account: Account | None) -> Decision:
        """Decide about an API."""
        matched = tuple(layer.number for layer in self._conditional if layer.matches(api, account))
        whole = self._wholes.get(matched) or self._whole(matched)
        exemptions = [each for each in self.counting if each.matches(api, account)]
        if TAG not in api.tags:
            return self._exempted(matched, whole, exemptions, ()) if exemptions else whole.decision
        tagged = by_tag(api, files=self._files, today=self.today)
        if tagged.exemption is not None:
            exemptions.append(tagged.exemption)
        return self._exempted(matched, whole, exemptions, tagged.notes)

    def matched(self, api: RestApi, account: Account | None) -> list[Layer]:
        """Give the layers that match an API, the weakest first."""
        return [layer for layer in self.layers if layer.for_all or layer.matches(api, account)]

    def exempting(self, api: RestApi, account: Account | None) -> Exemption | None:
        """Give the exemption that leaves an API's stages alone, of the first file that has one."""
        found = [each for each in self.counting if each.matches(api, account)]
        if TAG in api.tags and (tagged := by_tag(api, files=self._files, today=self.today).exemption):
            found.append(tagged)
        return _of_stages(found)

    def to_json(self) -> JSON:
        """Render the meaning of all layers. None where one that is about every API says it all."""
        (top, *rest) = self.layers
        if not rest and not self.all_exemptions and not top.locked and top.for_all:
            return None
        return {
            "layers": [layer_json(layer) for layer in self.layers],
            "exemptions": [each.to_json() for each in self.all_exemptions],
        }

    def _whole(self, matched: Matched) -> _Whole:
        layers = [layer for layer in self.layers if layer.for_all or layer.number in matched]
        folded = fold(layers)
        names = tuple(layer.name for layer in layers if not layer.for_all)
        decision = Decision(variant=Variant(rules=names, desired=unfolded(folded)))
        return self._wholes.setdefault(matched, _Whole(folded=folded, decision=decision))

    def _exempted(
        self, matched: Matched, whole: _Whole, exemptions: Sequence[Exemption], notes: tuple[str, ...]
    ) -> Decision:
        by_type = dict[ResponseType, Exemption]()
        for each in sorted(exemptions, key=lambda exemption: exemption.file, reverse=True):
            by_type |= dict.fromkeys(each.types, each)  # of the first file that says so: it lifts most locks
        levels = tuple((t, by_type[t].file) for t in ResponseType if t in by_type)
        expected = whole.decision.variant
        whole_api = _of_stages(exemptions)
        stages = None if whole_api is None else whole_api.file
        variant = self._variant(matched, whole, levels, stages) if levels else expected
        meant = [t for t in expected.desired.types if t in by_type]
        left = [t for t in meant if t not in variant.desired.types]
        held = [t.value for t in meant if t not in left and by_type[t].file == self._files]
        held += [DEPLOY] if stages == self._files and variant.desired.parts else []
        if held:
            notes = (*notes, f"the tag {TAG} does not lift what is locked of {', '.join(held)}")
        return Decision(
            variant=variant,
            set_aside=(
                *(SetAside(target=TARGETS[t], code=EXEMPT, message=by_type[t].message) for t in left),
                *_stages_set_aside(expected.desired, variant.desired, whole_api),
            ),
            exemptions=tuple(each.name for each in exemptions if each.name),
            notes=notes,
        )

    def _variant(self, matched: Matched, whole: _Whole, levels: Levels, stages: int | None) -> Variant:
        key = (matched, levels, stages)
        if key not in self._variants:
            desired = unfolded(whole.folded, dict(levels), stages)
            self._variants[key] = Variant(rules=whole.decision.variant.rules, desired=desired)
        return self._variants[key]

    def _selectors(self) -> Iterator[Selector]:
        matches = [layer.match for layer in self._conditional] + [each.match for each in self.counting]
        yield from (each for each in matches if each is not None)
        for within in self._withins():
            yield from within.apis.include
            yield from within.apis.exclude

    def _withins(self) -> Iterator[Within]:
        withins = [layer.within for layer in self._conditional] + [each.within for each in self.counting]
        return (each for each in withins if each is not None)


def _of_stages(exemptions: Iterable[Exemption]) -> Exemption | None:
    """Give the exemption that leaves stages alone, of the first file that says so: it lifts most locks."""
    return min((each for each in exemptions if each.of_stages), key=lambda each: each.file, default=None)


def _stages_set_aside(expected: Desired, kept: Desired, exemption: Exemption | None) -> Iterator[SetAside]:
    """Give the stages that every API must have, and that are left alone since the whole API is exempt."""
    deploy, of_kept = expected.parts.get(STAGE), kept.parts.get(STAGE)
    if exemption is None or not isinstance(deploy, Deploy):
        return
    still = of_kept.literal_names if isinstance(of_kept, Deploy) else ()
    for name in deploy.literal_names:
        if name not in still:
            yield SetAside(target=Target(kind=STAGE, name=name), code=EXEMPT, message=exemption.message)


def _sets(layer: Layer) -> bool:
    """Tell whether a layer sets something by itself: a mode only says how, and `leave` leaves it."""
    named = layer.responses or layer.wherever_customised or layer.use
    return bool(named) or layer.unlisted is Unlisted.RESET


def _reach(layer: Layer) -> Reach:
    """Give the APIs that a layer is about, or more: exclude selectors and accounts are left out."""
    own = () if layer.match is None else (layer.match,)
    include = () if layer.within is None else layer.within.apis.include
    return tuple((*own, each) for each in include) or (own,)
