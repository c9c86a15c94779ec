"""What is left of a faulty policy without its faults, so that the rest can be looked into all the same."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from batchgw.model import ResponseType
from batchgw.policy.diagnose import meant_type
from batchgw.policy.findings import Path
from batchgw.policy.schema import VERSION, PolicyFile
from batchgw.policy.text.document import Entry, Mapping, Node, Scalar, nearest, plain, without

_TYPES = frozenset(ResponseType)
_ROUNDS = 10  # more than the format has levels: what loses all it holds is at fault in the next round


@dataclass(frozen=True, slots=True, kw_only=True)
class Salvage:
    """The sound part of a document. `broken` are the keys at the top that lost something."""

    root: Node
    file: PolicyFile
    broken: frozenset[str]


def salvage(root: Node, error: ValidationError) -> Salvage | None:
    """Take out what is at fault, as `error` says; None when nothing that can be checked is left.

    A header, a template or a value goes alone, a preset whole: without a parameter it would mean another.
    A response type that is misspelt counts as the one that was probably meant.
    """
    if not isinstance(root, Mapping):
        return None
    doomed = _doomed(root, error)
    broken = {str(path[0]) for path in doomed if path}
    rest: Node = _with_version(_with_meant_types(root))
    for _ in range(_ROUNDS):
        rest = without(rest, doomed - {("version",)})
        try:
            file = PolicyFile.model_validate(plain(rest))
        except ValidationError as further:
            doomed = _doomed(rest, further)
        else:
            return Salvage(root=rest, file=file, broken=frozenset(broken))
    return None


def _doomed(root: Node, error: ValidationError) -> set[Path]:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    paths = {nearest(root, tuple(each["loc"])) for each in details}
    return {path[:2] if path[:1] == ("use",) else path for path in paths}


def _with_version(root: Mapping) -> Mapping:
    version = Entry(key=root.mark, node=Scalar(mark=root.mark, text=str(VERSION)))
    return Mapping(mark=root.mark, entries={**root.entries, "version": version})


def _with_meant_types(root: Mapping) -> Mapping:
    responses = root.entries.get("responses")
    if responses is None or not isinstance(responses.node, Mapping):
        return root
    entries = dict(responses.node.entries)
    for word in [word for word in entries if word not in _TYPES]:
        meant = meant_type(word)
        if meant is not None and meant not in entries:
            entries[meant] = entries.pop(word)
    renamed = Entry(key=responses.key, node=Mapping(mark=responses.node.mark, entries=entries))
    return Mapping(mark=root.mark, entries={**root.entries, "responses": renamed})
