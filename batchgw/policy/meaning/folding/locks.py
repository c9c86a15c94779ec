"""What of a layer is locked: later layers may not set it otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from batchgw.model import ResponseType
from batchgw.policy.findings import Path
from batchgw.policy.presets.contribution import PresetSpec
from batchgw.policy.presets.index import PRESETS

DEPLOY = "deploy"
"""The word of `locked` for what a file says of stages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock on one value.

    Attributes:
        layer: number of the layer that is locked.
        file: number of the file that locks it.
        path: where the lock stands there.
        merges: whether the value holds where an API customised the type itself, too. It does not where the
            layers up to this one say mode fill.
    """

    layer: int
    file: int
    path: Path
    merges: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What of a layer is locked, each with the path of its lock: presets, types, stages, or all it says."""

    presets: Mapping[str, Path] = field(default_factory=dict)
    types: Mapping[ResponseType, Path] = field(default_factory=dict)
    whole: Path | None = None
    stages: Path | None = None

    def __bool__(self) -> bool:
        """Tell whether anything is."""
        return bool(self.presets or self.types or self.whole is not None or self.stages is not None)

    def preset(self, use: PresetSpec) -> Path | None:
        """Give the path of the lock on a preset."""
        return self.presets.get(use.name, self.whole)

    def type(self, type_: ResponseType) -> Path | None:
        """Give the path of the lock on a type."""
        return self.types.get(type_, self.whole)

    @property
    def deploy(self) -> Path | None:
        """The path of the lock on what it says of stages."""
        return self.whole if self.stages is None else self.stages


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Something that a later layer says against a lock.

    Attributes:
        what: what it is about, in words, such as "the header Vary".
        type: the type, `types that an API customised itself`, or the deployment.
        lock: the lock.
        layer: number of the later layer.
        path: where it says that.
        kept: where what is locked is set, in the file of the lock.
    """

    what: str
    type: str
    lock: Lock
    layer: int
    path: Path
    kept: Path


def locked_of(words: Iterable[str], *, layer: str | None) -> Locked:
    """Give what of a layer the words of `locked` mean. `layer` is the name of a rule; None for the top."""
    paths: dict[str, Path] = {}
    for index, word in enumerate(words):
        paths.setdefault(word, ("locked", index))
    return Locked(
        presets={word: path for word, path in paths.items() if word in PRESETS},
        types={t: paths[t.value] for t in ResponseType if t.value in paths},
        whole=None if layer is None else paths.get(layer),
        stages=paths.get(DEPLOY),
    )
