"""A lock on something that the file does not say locks nothing, and its author believes that it does."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.model import ResponseType
from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView
from batchgw.policy.meaning.folding.covering import named_by
from batchgw.policy.meaning.folding.locks import DEPLOY
from batchgw.policy.presets.index import PRESETS
from batchgw.policy.quoting import did_you_mean, shown


@checks(
    Rule(
        name="locked-name",
        severity="error",
        summary="what is locked is no preset, response type or rule of this file",
        holds_despite=frozenset({"targets", "organization", "version", "mode", "unlisted", "exemptions"}),
    )
)
def locked_name(policy: PolicyView) -> Iterator[Remark]:
    """Look for words under `locked` that this file does not use."""
    if not policy.is_top:
        return
    known = [*dict.fromkeys(_known(policy))]
    for index, word in enumerate(policy.file.locked):
        if word not in known:
            kind = "the preset" if word in PRESETS else "the type" if word in set(ResponseType) else ""
            why = (
                f"this file does not use {kind} {word}"
                if kind
                else f"{shown(word)} is no preset that this file uses, no response type that it names, and no"
                " name of its rules"
            )
            yield Remark(path=("locked", index), message=why + did_you_mean(word, known))


def _known(policy: PolicyView) -> Iterator[str]:
    file = policy.file
    for use in (*file.use, *(use for rule in file.rules for use in rule.use)):
        yield use.name
        yield from (t.value for t in named_by(use))
    yield from (t.value for t in file.responses)
    if any(said is not None for said in (file.deploy, *(rule.deploy for rule in file.rules))):
        yield DEPLOY
    for rule in file.rules:
        yield rule.name
        yield from (t.value for t in rule.responses)
