"""Policy files whose form is right, and the layers that they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from batchgw.policy.findings import Path
from batchgw.policy.meaning.folding.layer import Layer, Within
from batchgw.policy.meaning.folding.locks import locked_of
from batchgw.policy.meaning.selectors import selector_of
from batchgw.policy.meaning.targets import narrowing_of
from batchgw.policy.schema.file import PolicyFile, RuleSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A policy file whose form is right.

    `name` is that of the file. `where` tells where a path of it stands: "policy.yaml:9:7".
    """

    name: str
    file: PolicyFile
    where: Callable[[Path], str]

    @property
    def has_targets(self) -> bool:
        """Whether it says where to look."""
        return bool(self.file.targets.model_fields_set)


def layers_of(sources: Sequence[Source]) -> tuple[Layer, ...]:
    """Give the layers of files, the weakest first: the top of the first, its rules, the top of the next."""
    layers: list[Layer] = []
    for index, (source, within) in enumerate(zip(sources, narrowings(sources), strict=True)):
        layers += _layers(source, index, len(layers), within)
    return tuple(layers)


def narrowings(sources: Sequence[Source]) -> Iterator[Within | None]:
    """Give to which APIs each file is narrowed: a later file than the one with the targets, by its own."""
    chief = chief_of(sources)
    for index, source in enumerate(sources):
        narrowed = index > chief and source.has_targets
        yield narrowing_of(source.file.targets, source.where) if narrowed else None


def chief_of(sources: Sequence[Source]) -> int:
    """Give the number of the file whose targets are those of all: the first that has any."""
    return next((index for index, source in enumerate(sources) if source.has_targets), 0)


def _layers(source: Source, index: int, number: int, within: Within | None) -> Iterator[Layer]:
    file = source.file
    yield Layer(
        number=number,
        file=index,
        name=source.name,
        where=source.where(("targets",) if within else ()),
        within=within,
        locked=locked_of(file.locked, layer=None),
        mode=file.mode if "mode" in file.model_fields_set else None,
        unlisted=file.unlisted if "unlisted" in file.model_fields_set else None,
        responses=file.responses,
        wherever_customised=file.wherever_customised,
        use=file.use,
        deploy=file.deploy,
    )
    for n, rule in enumerate(file.rules):
        yield _of_rule(rule, source, ("rules", n), index, number + 1 + n, within)


def _of_rule(  # noqa: PLR0917 - what a layer is made of
    rule: RuleSpec, source: Source, path: Path, index: int, number: int, within: Within | None
) -> Layer:
    return Layer(
        number=number,
        file=index,
        path=path,
        name=rule.name,
        where=source.where(path),
        match=selector_of(rule.match, f"{source.where((*path, 'match'))}: rule {rule.name}"),
        within=within,
        locked=locked_of(source.file.locked, layer=rule.name),
        mode=rule.mode,
        unlisted=rule.unlisted,
        responses=rule.responses,
        wherever_customised=rule.wherever_customised,
        use=rule.use,
        deploy=rule.deploy,
    )
