"""Takes the faulty parts out of a policy, so that the rest can be linted nevertheless."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from batchgw.model import ResponseType
from batchgw.policy.diagnose import meant_type
from batchgw.policy.findings import Path
from batchgw.policy.schema.file import VERSION, PolicyFile
from batchgw.policy.text.document import Entry, Mapping, Node, Scalar, Sequence, nearest, plain, without

_TYPES = frozenset(ResponseType)
_ROUNDS = 10  # more than the format has levels: a mapping that is emptied may be at fault in the next round


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPart:
    """The sound part of a document. `broken` are the keys at the top under which something was taken out."""

    root: Node
    file: PolicyFile
    broken: frozenset[str]


def sound_part(root: Node, error: ValidationError) -> SoundPart | None:
    """Take out what `error` says is faulty. None when nothing is left that can be checked.

    A faulty header, template or value is taken out alone. A preset is taken out whole, because without one of
    its parameters it would mean something else. A misspelt response type counts as the one probably meant.
    """
    if not isinstance(root, Mapping):
        return None
    faulty = _faulty(root, error)
    broken = {str(path[0]) for path in faulty if path}
    rest: Node = _with_version(_with_meant_types(root))
    for _ in range(_ROUNDS):
        rest = without(rest, faulty - {("version",)})
        try:
            file = PolicyFile.model_validate(plain(rest))
        except ValidationError as further:
            faulty = _faulty(rest, further)
        else:
            return SoundPart(root=rest, file=file, broken=frozenset(broken))
    return None


def _faulty(root: Node, error: ValidationError) -> set[Path]:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    paths = {nearest(root, tuple(each["loc"])) for each in details}
    return {_whole(path) for path in paths}


def _whole(path: Path) -> Path:
    """Give the path of the whole preset, where it leads into one."""
    at = 2 if path[:1] == ("rules",) else 0
    return path[: at + 2] if path[at : at + 1] == ("use",) else path


def _with_version(root: Mapping) -> Mapping:
    version = Entry(key=root.position, node=Scalar(position=root.position, text=str(VERSION)))
    return Mapping(position=root.position, entries={**root.entries, "version": version})


def _with_meant_types(root: Mapping) -> Mapping:
    """Rename misspelt response types, at the top and in rules."""
    root = _with_meant_types_here(root)
    rules = root.entries.get("rules")
    if rules is None or not isinstance(rules.node, Sequence):
        return root
    items = [_with_meant_types_here(item) if isinstance(item, Mapping) else item for item in rules.node.items]
    renamed = Entry(key=rules.key, node=Sequence(position=rules.node.position, items=items))
    return Mapping(position=root.position, entries={**root.entries, "rules": renamed})


def _with_meant_types_here(layer: Mapping) -> Mapping:
    responses = layer.entries.get("responses")
    if responses is None or not isinstance(responses.node, Mapping):
        return layer
    entries = dict(responses.node.entries)
    for word in [word for word in entries if word not in _TYPES]:
        meant = meant_type(word)
        if meant is not None and meant not in entries:
            entries[meant] = entries.pop(word)
    renamed = Entry(key=responses.key, node=Mapping(position=responses.node.position, entries=entries))
    return Mapping(position=layer.position, entries={**layer.entries, "responses": renamed})
