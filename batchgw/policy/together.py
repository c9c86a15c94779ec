"""What is wrong with policy files as they are used together, on a certain day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from batchgw.model import Unlisted
from batchgw.model.fleet.targets import CURRENT
from batchgw.policy.findings import Finding, Path, Rule
from batchgw.policy.form_rules import (
    DEPLOY_WITHOUT_STAGES,
    EMPTY,
    EMPTY_POLICY,
    EXEMPTION_EXPIRED,
    EXEMPTION_OF_LOCKED,
    LOCKED,
    ROLLOUT_TWICE,
    RULE_NAME,
    TARGETS_TWICE,
)
from batchgw.policy.meaning.disjoint import never_together
from batchgw.policy.meaning.exemptions import Exemption
from batchgw.policy.meaning.folding.covering import widest
from batchgw.policy.meaning.folding.deploying import names_stages
from batchgw.policy.meaning.folding.fold import folded_as, type_order
from batchgw.policy.meaning.folding.layer import Layer
from batchgw.policy.meaning.folding.locks import Conflict
from batchgw.policy.meaning.rulebook import LayeredRulebook
from batchgw.policy.meaning.source import Source, chief_of
from batchgw.policy.quoting import shown
from batchgw.policy.schema.deploy import DeploySpec
from batchgw.policy.schema.selectors import AccountSelectorSpec
from batchgw.policy.schema.targets import AccountsSpec

MAY_NARROW = ("apis", "accounts")
"""What a later file may say under `targets`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFinding:
    """A finding, and the number of the file in which it is."""

    file: int
    finding: Finding


def findings_together(sources: Sequence[Source], rulebook: LayeredRulebook) -> Iterator[FileFinding]:
    """Give what is wrong with files together. Each of them by itself has been checked."""
    yield from _nothing(rulebook)
    yield from _no_stages(rulebook)
    yield from _targets(sources)
    yield from _organizations(sources)
    yield from _rollouts(sources)
    yield from _names(sources)
    yield from _locked(sources, rulebook.layers)
    yield from _exemptions(sources, rulebook)


def _found(rule: Rule, file: int, path: Path, message: str, *, at_key: bool = False) -> FileFinding:
    return FileFinding(file=file, finding=Finding(rule=rule, path=path, message=message, at_key=at_key))


def _nothing(rulebook: LayeredRulebook) -> Iterator[FileFinding]:
    """Look whether anything at all can change."""
    folded = folded_as(rulebook.layers, widest(rulebook.layers))
    types = folded.types.values()
    asks = any(each.sets is not None or each.reset is not None or each.adds.values for each in types)
    resets = any(
        layer.unlisted is Unlisted.RESET or "default" in layer.responses.values() for layer in rulebook.layers
    )
    if not asks and not resets and not names_stages(rulebook.layers):
        yield _found(EMPTY_POLICY, 0, (), EMPTY)


def _no_stages(rulebook: LayeredRulebook) -> Iterator[FileFinding]:
    """Look for a deployment that is described, and of no stage."""
    said = [layer for layer in rulebook.layers if isinstance(layer.deploy, DeploySpec)]
    if said and not names_stages(said):
        message = "no layer says which stages are made live, so none is: name them under `deploy.stages`"
        path: Path = (*said[0].path, "deploy")
        yield _found(DEPLOY_WITHOUT_STAGES, said[0].file, path, message, at_key=True)


def _targets(sources: Sequence[Source]) -> Iterator[FileFinding]:
    chief = chief_of(sources)
    for index, source in enumerate(sources):
        if index <= chief or not source.has_targets:
            continue
        for key in source.file.targets.model_fields_set - set(MAY_NARROW):
            yield _found(
                TARGETS_TWICE,
                index,
                ("targets", key),
                f"the targets of all files are those of {sources[chief].where(('targets',))}: a later file"
                f" may narrow itself by `apis` and `accounts`, and not say `{key}`; move it there",
                at_key=True,
            )
        yield from _narrowing_accounts(source, index)


def _narrowing_accounts(source: Source, index: int) -> Iterator[FileFinding]:
    if "accounts" not in source.file.targets.model_fields_set:
        return
    path: Path = ("targets", "accounts")
    for step, item in _account_items(source):
        if item == CURRENT:
            message = "a later file is narrowed to accounts by their ids, OUs or names: write the id here"
            yield _found(TARGETS_TWICE, index, (*path, *step), message)
        elif isinstance(item, AccountSelectorSpec) and item.tags:
            message = "a later file cannot be narrowed by tags of accounts: name an id, an ou or a name"
            yield _found(TARGETS_TWICE, index, (*path, *step, "tags"), message, at_key=True)


def _account_items(source: Source) -> Iterator[tuple[Path, str | AccountSelectorSpec]]:
    accounts = source.file.targets.accounts
    if isinstance(accounts, str):
        yield (), accounts
    elif isinstance(accounts, AccountsSpec):
        include = accounts.include if isinstance(accounts.include, list) else []
        yield from ((("include", n), item) for n, item in enumerate(include))
        yield from ((("exclude", n), item) for n, item in enumerate(accounts.exclude))
    else:
        yield from (((n,), item) for n, item in enumerate(accounts))


def _organizations(sources: Sequence[Source]) -> Iterator[FileFinding]:
    having = [n for n, source in enumerate(sources) if source.file.organization.model_fields_set]
    for index in having[1:]:
        message = (
            f"how the organisation is read stands at {sources[having[0]].where(('organization',))} already"
        )
        yield _found(TARGETS_TWICE, index, ("organization",), message, at_key=True)


def _rollouts(sources: Sequence[Source]) -> Iterator[FileFinding]:
    having = [n for n, source in enumerate(sources) if source.file.rollout is not None]
    for index in having[1:]:
        first = sources[having[0]].where(("rollout",))
        message = f"how the policy is rolled out stands at {first} already: say it in one file"
        yield _found(ROLLOUT_TWICE, index, ("rollout",), message, at_key=True)


def _names(sources: Sequence[Source]) -> Iterator[FileFinding]:
    first: dict[str, str] = {}
    for index, source in enumerate(sources):
        for n, rule in enumerate(source.file.rules):
            path: Path = ("rules", n, "name")
            if rule.name in first:
                message = (
                    f"the rule at {first[rule.name]} is called {shown(rule.name)} already: plans and reports"
                    " tell rules apart by their names"
                )
                yield _found(RULE_NAME, index, path, message)
            first.setdefault(rule.name, source.where(path))


def _locked(sources: Sequence[Source], layers: Sequence[Layer]) -> Iterator[FileFinding]:
    """Look for what layers that may match together say against each other's locks."""
    if not any(layer.locked for layer in layers):
        return
    by_place: dict[tuple[int, Path, int, Path], list[Conflict]] = {}
    for each in folded_as(layers, widest(layers)).conflicts:
        if not never_together(layers[each.lock.layer], layers[each.layer]):
            by_place.setdefault((each.layer, each.path, each.lock.layer, each.lock.path), []).append(each)
    for (layer, path, _, _), conflicts in by_place.items():
        lock, kept = conflicts[0].lock, conflicts[0].kept
        message = (
            f"{sources[lock.file].where(lock.path)} has locked this: {_in_words(conflicts)}. Say the same as"
            f" {sources[lock.file].where(kept)}, or leave it out"
        )
        yield _found(LOCKED, layers[layer].file, path, message)


def _in_words(conflicts: Iterable[Conflict]) -> str:
    by_what: dict[str, list[str]] = {}
    for each in conflicts:
        types = by_what.setdefault(each.what, [])
        if each.type not in types:
            types.append(each.type)
    ordered = {what: sorted(types, key=type_order) for what, types in by_what.items()}
    return "; ".join(f"{what} of {', '.join(types)}" for what, types in ordered.items())


def _exemptions(sources: Sequence[Source], rulebook: LayeredRulebook) -> Iterator[FileFinding]:
    paths = [(n, i) for n, source in enumerate(sources) for i in range(len(source.file.exemptions))]
    for (index, number), exemption in zip(paths, rulebook.all_exemptions, strict=True):
        path: Path = ("exemptions", number)
        if exemption.expired(rulebook.today):
            message = (
                f"this exemption ended on {exemption.until}: it no longer counts; prolong it, or remove it"
            )
            yield _found(EXEMPTION_EXPIRED, index, (*path, "until"), message)
        elif held := _held(sources, rulebook.layers, exemption):
            message = (
                f"this exemption does not lift what an earlier file has locked ({', '.join(held)}): only that"
                " file may exempt from it"
            )
            yield _found(EXEMPTION_OF_LOCKED, index, path, message)


def _held(sources: Sequence[Source], layers: Sequence[Layer], exemption: Exemption) -> list[str]:
    """Give where the locks stand that an exemption meets and does not lift."""
    folded = folded_as(layers, widest(layers))
    locks = [
        lock
        for type_ in exemption.types
        for stack in (folded.types[type_].sets, folded.types[type_].adds)
        if stack is not None
        for values in stack.locked.values()
        for value in values
        if (lock := value.lock) is not None
    ]
    locks += [pin.lock for type_ in exemption.types for pin in folded.types[type_].pins]
    if exemption.of_stages:
        locks += [value.lock for value in folded.deploy.values.values() if value.lock is not None]
    places = [sources[lock.file].where(lock.path) for lock in locks if lock.file < exemption.file]
    return sorted(dict.fromkeys(places))
