"""Reads a policy from files, or reports every problem in them with line and column."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from batchgw.errors import PolicyInvalid, Problem
from batchgw.model import Account, Policy, ResponseType, RestApi
from batchgw.policy.document_check import Checked, PlacedFinding, check
from batchgw.policy.findings import Finding
from batchgw.policy.form_rules import EMPTY_POLICY, LOCKED
from batchgw.policy.lint.rules.layers.idle_rule import idle_rule
from batchgw.policy.lint.rules.targets.accounts_without_role import accounts_without_role
from batchgw.policy.meaning.explain import Explanation, explain
from batchgw.policy.meaning.lacking import lacking
from batchgw.policy.meaning.policy import policy_of, rulebook_of
from batchgw.policy.text.document import Mapping, locate
from batchgw.policy.text.parse import Document, parse
from batchgw.policy.text.source import file_name, read_text
from batchgw.policy.together import FileFinding, findings_together


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPolicy:
    """A policy that can be used, the warnings about it, and the texts of its files as they were read."""

    policy: Policy
    warnings: tuple[Problem, ...]
    texts: tuple[str, ...]
    _explain: Callable[[RestApi, Account | None, Collection[ResponseType]], Explanation] = field(repr=False)
    _lacking: Callable[[RestApi, Account | None], tuple[str, ...]] = field(repr=False)

    def explain(
        self, api: RestApi, account: Account | None = None, types: Collection[ResponseType] = ()
    ) -> Explanation:
        """Say why an API is to be as it is: of these types, or of all of which anything is said.

        `account` is what the organisation says of its account, where it was asked.
        """
        return self._explain(api, account, types)

    def lacking(self, api: RestApi, account: Account | None = None) -> tuple[str, ...]:
        """Name what rules ask of an API that is not known, and which of them; nothing where it cannot matter.

        Unless there is nothing, `explain` takes those rules for rules that do not match.
        """
        return self._lacking(api, account)

    @property
    def text(self) -> str:
        """The text of the file, where it is one; else those of all files, one after the other."""
        return "".join(self.texts)


def load_policy(path: Path | str, *, text: str | None = None, today: date | None = None) -> LoadedPolicy:
    """Read and check a policy: a YAML or JSON file, or standard input for "-".

    With `text`, the policy is that text, and `path` is only its name. `today`, in UTC, decides which
    exemptions still count; None is the day of the clock. Raises PolicyInvalid with every error and warning
    found, in the order of the file.
    """
    return load_policies([path], texts=None if text is None else [text], today=today)


def load_policies(
    paths: Sequence[Path | str], *, texts: Sequence[str] | None = None, today: date | None = None
) -> LoadedPolicy:
    """Read and check a policy of several files, of which later ones refine earlier ones.

    As `load_policy` for each of them. Problems are in the order of the files. One of them may be standard
    input. Raises ValueError when there is none.
    """
    names = [file_name(path) for path in paths]
    if not names:
        raise ValueError("a policy has at least one file")
    _refuse_twice(names)
    read = [read_text(path) for path in paths] if texts is None else list(texts)
    files: list[_File] = []
    for name, text in zip(names, read, strict=True):
        narrows = any(file.has_targets for file in files)
        files.append(_File(name, text, alone=len(names) == 1, narrows=narrows))
    sources = [file.checked.source for file in files if file.checked.source is not None]
    problems = [problem for file in files for problem in file.problems()]
    if len(sources) < len(files) or _has_error(problems):
        raise PolicyInvalid(tuple(problems))
    rulebook = rulebook_of(sources, today=today or datetime.now(UTC).date())
    together = list(findings_together(sources, rulebook))
    problems = [problem for n, file in enumerate(files) for problem in file.problems(_of(together, n))]
    if _has_error(problems):
        raise PolicyInvalid(tuple(problems))
    return LoadedPolicy(
        policy=policy_of(sources, rulebook),
        warnings=tuple(problems),
        texts=tuple(read),
        _explain=partial(explain, rulebook, sources),
        _lacking=partial(lacking, rulebook),
    )


class _File:
    """A file that was read, and what was found in it."""

    def __init__(self, name: str, text: str, *, alone: bool, narrows: bool) -> None:
        """Read a text. Beside others, a file need not ask for anything by itself.

        Where an earlier file has targets, those of this one narrow it, and have no role.
        """
        self._name = name
        self._document: Document = parse(text, name)
        checked = check(self._document.root, name)
        spared = {*(() if alone else (EMPTY_POLICY,)), *((accounts_without_role.rule,) if narrows else ())}
        kept = [each for each in checked.findings if each.finding.rule not in spared]
        self.checked: Checked = replace(checked, findings=tuple(kept))

    @property
    def has_targets(self) -> bool:
        """Whether it says where to look, rightly or wrongly."""
        root = self._document.root
        return isinstance(root, Mapping) and "targets" in root.entries

    def problems(self, more: Iterable[FileFinding] = ()) -> list[Problem]:
        """Give the problems of the file in its order, with those that were found of it beside others."""
        placed = [PlacedFinding(finding=each.finding, root=self._document.root) for each in more]
        contradicting = [each.finding for each in placed if each.finding.rule is LOCKED]
        kept = [each for each in self.checked.findings if not _is_idle_among(each.finding, contradicting)]
        found = (_problem(self._name, each) for each in (*kept, *placed))
        return sorted(dict.fromkeys((*self._document.problems, *found)), key=lambda p: (p.line, p.column))


def _of(findings: Iterable[FileFinding], file: int) -> Iterable[FileFinding]:
    return (each for each in findings if each.file == file)


def _is_idle_among(finding: Finding, contradicting: Iterable[Finding]) -> bool:
    """Tell whether a rule was found idle only since a lock wins over what it says."""
    rule = finding.path
    return finding.rule is idle_rule.rule and any(each.path[: len(rule)] == rule for each in contradicting)


def _has_error(problems: Iterable[Problem]) -> bool:
    return any(problem.severity == "error" for problem in problems)


def _refuse_twice(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            message = "this file is named twice: a policy is made of different files"
            raise PolicyInvalid((Problem(file=name, line=0, column=0, message=message, rule="file"),))


def _problem(name: str, placed: PlacedFinding) -> Problem:
    finding = placed.finding
    position = locate(placed.root, finding.path, at_key=finding.at_key)
    return Problem(
        file=name,
        line=position.line,
        column=position.column,
        message=finding.message,
        severity=finding.rule.severity,
        rule=finding.rule.name,
    )
