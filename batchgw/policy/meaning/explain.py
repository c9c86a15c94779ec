"""Why an API is to be as it is: for each value the line that decided it, and what that line won over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from batchgw.model import Account, Decision, Desired, ResponseType, RestApi, Selector
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.shape import JSON
from batchgw.policy.meaning.exemptions import Exemption
from batchgw.policy.meaning.folding.fold import Folded, FoldedType, fold
from batchgw.policy.meaning.folding.layer import Within
from batchgw.policy.meaning.folding.values import Value
from batchgw.policy.meaning.mismatch import mismatch, mismatch_within
from batchgw.policy.meaning.rulebook import LayeredRulebook
from batchgw.policy.meaning.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A value, and what says it.

    Attributes:
        what: "header", "template", "status", "message", "mode", "default", "unlisted" or "deploy".
        name: the header or content type; else as `what`.
        value: the value, a header's as the service takes it.
        where: the line that decided it: "org.yaml:9:5"; nothing for the default of the format.
        layer: the rule, or the file whose top it is.
        locked: where it is locked; nothing where it is not.
        over: what it won over, the strongest first.
    """

    what: str
    name: str
    value: str
    where: str = ""
    layer: str = ""
    locked: str = ""
    over: tuple[Said, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "what": self.what,
            "name": self.name,
            "value": self.value,
            "where": self.where,
            "layer": self.layer,
            "locked": self.locked,
            "over": [each.to_json() for each in self.over],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedType:
    """What is said of one response type.

    Attributes:
        state: "customised", "default", "reset" (it is not named, and reset for that), "left" (nothing is
            said of it) or "exempt".
        why: why it is exempt.
        mode: how it is combined with what an API has; None where it is not named.
        sets: what it is customised to in every API.
        adds: what is merged into it where an API customised it itself.
    """

    type: ResponseType
    state: str
    why: str = ""
    mode: Said | None = None
    sets: tuple[Said, ...] = ()
    adds: tuple[Said, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "type": self.type.value,
            "state": self.state,
            "why": self.why,
            "mode": None if self.mode is None else self.mode.to_json(),
            "sets": [each.to_json() for each in self.sets],
            "adds": [each.to_json() for each in self.adds],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedDeploy:
    """What is said of stages.

    Attributes:
        state: "live", "none" (nothing is made live) or "exempt".
        why: why it is exempt.
        sets: what is said, by key. Of what is exempt, that is what is locked.
    """

    state: str
    why: str = ""
    sets: tuple[Said, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {"state": self.state, "why": self.why, "sets": [each.to_json() for each in self.sets]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A rule, a file or an exemption, and whether it matches. `why` it does not, if it does not."""

    name: str
    where: str
    matches: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an API is to be as it is. `deploy` is None where nothing is said of stages."""

    api: RestApi
    layers: tuple[Tried, ...]
    exemptions: tuple[Tried, ...]
    notes: tuple[str, ...]
    unlisted: Said
    types: tuple[ExplainedType, ...]
    deploy: ExplainedDeploy | None = None

    def to_json(self) -> dict[str, JSON]:
        """Render for machines."""
        return {
            "api": str(self.api),
            "layers": [asdict(each) for each in self.layers],
            "exemptions": [asdict(each) for each in self.exemptions],
            "notes": list(self.notes),
            "unlisted": self.unlisted.to_json(),
            "types": [each.to_json() for each in self.types],
            "deploy": None if self.deploy is None else self.deploy.to_json(),
        }


def explain(
    rulebook: LayeredRulebook,
    sources: Sequence[Source],
    api: RestApi,
    account: Account | None,
    types: Collection[ResponseType] = (),
) -> Explanation:
    """Explain what an API is to be: of these types, or of all of which anything is said."""
    decision = rulebook.decide(api, account)
    folded = fold(rulebook.matched(api, account))
    places = _Places(rulebook, sources)
    explained = (_type(t, folded, decision, places) for t in ResponseType if not types or t in types)
    return Explanation(
        api=api,
        layers=tuple(
            _tried(layer.name, layer.where, layer.match, layer.within, api, account)
            for layer in rulebook.layers
        ),
        exemptions=tuple(_exemptions(rulebook, api, account)),
        notes=decision.notes,
        unlisted=places.said(folded.unlisted, "unlisted", folded.unlisted_used.value),
        types=tuple(each for each in explained if types or each.state != "left" or each.adds),
        deploy=None if types else _deploy(folded, rulebook.exempting(api, account), decision, places),
    )


class _Places:
    """Turns values into what is shown of them."""

    def __init__(self, rulebook: LayeredRulebook, sources: Sequence[Source]) -> None:
        self._layers = rulebook.layers
        self._sources = sources

    def said(self, value: Value | None, what: str, used: str) -> Said:
        """Show a value. `used` is what is in effect: that of a lock, or of the format, where it differs."""
        if value is None or value.text != used:
            return Said(what=what, name=what, value=used, over=() if value is None else (self.of(value),))
        return self.of(value)

    def of(self, value: Value) -> Said:
        """Show a value with what it won over."""
        over: list[Said] = []
        below = value.over
        while below is not None:
            over.append(self._one(below))
            below = below.over
        return self._one(value, tuple(over))

    def _one(self, value: Value, over: tuple[Said, ...] = ()) -> Said:
        layer, lock = self._layers[value.origin.layer], value.lock
        return Said(
            what=value.kind,
            name=value.name,
            value=value.text,
            where=self._sources[layer.file].where(value.origin.path),
            layer=layer.name,
            locked="" if lock is None else self._sources[lock.file].where(lock.path),
            over=over,
        )


def _deploy(
    folded: Folded, exemption: Exemption | None, decision: Decision, places: _Places
) -> ExplainedDeploy | None:
    values = folded.deploy.values.values()
    if not values:
        return None
    if exemption is not None:
        held = [value for value in values if value.lock is not None and value.lock.file < exemption.file]
        live = STAGE in decision.variant.desired.parts
        why = exemption.message
        return ExplainedDeploy(
            state="live" if live else "exempt", why=why, sets=tuple(map(places.of, held if live else ()))
        )
    state = "live" if STAGE in decision.variant.desired.parts else "none"
    return ExplainedDeploy(state=state, sets=tuple(map(places.of, values)))


def _type(type_: ResponseType, folded: Folded, decision: Decision, places: _Places) -> ExplainedType:
    each, desired = folded.types[type_], decision.variant.desired
    rule = desired.rules.get(type_)
    adds = desired.wherever_customised.get(type_)
    why = next((s.message for s in decision.set_aside if s.target.name == type_.value), "")
    values = [*each.adds.final()] if each.sets is None else [*each.sets.final()]
    sets: list[Value] = []
    if rule is not None and rule.settings is not None and each.sets is not None:
        sets = [*_listed(each.sets.final(), rule.settings.to_json())]
        sets += [
            v for v in each.sets.of("message") if any(s.kind == "template" and not s.written for s in sets)
        ]
    return ExplainedType(
        type=type_,
        state=_state(type_, desired, each),
        why=why,
        mode=None if rule is None else places.said(each.modes.value, "mode", rule.mode.value),
        sets=tuple(map(places.of, sets)),
        adds=() if adds is None else tuple(map(places.of, _listed(values, adds.to_json()))),
    )


def _state(type_: ResponseType, desired: Desired, folded: FoldedType) -> str:
    rule = desired.rules.get(type_)
    if type_ in desired.left_alone:
        return "exempt"
    if rule is None:
        return "reset" if type_ in desired.types else "left"
    if rule.settings is not None:
        return "customised"
    return "reset" if folded.reset is None else "default"


def _listed(values: Iterable[Value], settings: dict[str, JSON]) -> Iterator[Value]:
    """Give the values that settings have: of an exempt type, those are the locked ones alone."""
    texts = {"statusCode": settings.get("statusCode")}
    for key in ("responseParameters", "responseTemplates"):
        found = settings.get(key)
        texts |= found if isinstance(found, dict) else {}
    for value in values:
        name = {"status": "statusCode", "header": f"gatewayresponse.header.{value.name}"}.get(value.kind)
        if texts.get(name or value.name) == value.text:
            yield value


def _exemptions(rulebook: LayeredRulebook, api: RestApi, account: Account | None) -> Iterator[Tried]:
    for each in rulebook.all_exemptions:
        tried = _tried(each.name, each.where, each.match, each.within, api, account)
        if tried.matches and each.expired(rulebook.today):
            yield Tried(name=each.name, where=each.where, matches=False, why=f"it ended on {each.until}")
        else:
            yield tried


def _tried(  # noqa: PLR0917 - what is tried, and on what
    name: str,
    where: str,
    match: Selector | None,
    within: Within | None,
    api: RestApi,
    account: Account | None,
) -> Tried:
    why = None if within is None else mismatch_within(within, api, account)
    if why is None and match is not None:
        why = mismatch(match, api, account)
    return Tried(name=name, where=where, matches=why is None, why=why or "")
