"""What a form of output is: one method for each thing that verbs show, and where it writes."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

from batchgw.model.shape import JSON
from batchgw.report.runs.deployments import ShownDeployment
from batchgw.report.views.text import Line

if TYPE_CHECKING:  # SQLAlchemy and pydantic are behind these, and `batchgw --help` does without
    from batchgw.discovery.organization.moves import Moves
    from batchgw.errors import Problem
    from batchgw.journal import Limit, RunRecord
    from batchgw.model import Outcome
    from batchgw.policy.meaning.explain import Explanation
    from batchgw.policy.presets.index import PresetInfo
    from batchgw.report.discovered import Discovered
    from batchgw.report.plan_report import PlanReport
    from batchgw.report.rollout.went import RolloutReport
    from batchgw.report.runs.difference import RunDifference
    from batchgw.report.runs.pruning import Pruning
    from batchgw.report.summary import Summary

Subject = Literal[
    "apis",
    "plan",
    "review",
    "summary",
    "runs",
    "run",
    "difference",
    "pruning",
    "deployments",
    "limits",
    "policies",
    "explanation",
    "presets",
    "schema",
    "version",
]
"""What can be shown: the names of the methods of `View`."""


class Out(Protocol):
    """Where a view writes: data to standard output, remarks for people to standard error."""

    def text(self, text: str) -> None:
        """Print data as it is, and end the line. Foreign text goes through `clean`, or is JSON."""
        ...

    def data(self, lines: Iterable[Line]) -> None:
        """Print lines of data; on a terminal in their styles."""
        ...

    def note(self, *lines: Line) -> None:
        """Print a remark, unless the user wants quiet."""
        ...

    def tell(self, *lines: Line) -> None:
        """Print a remark that the user must see, even one who wants quiet."""
        ...

    def flush(self) -> None:
        """Hand over the data printed so far."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run's end.

    Attributes:
        outcomes: how each target ended. They are read from the journal only when a view asks for them.
        journal: where the journal is, for people.
        moves: which accounts joined, left or moved since the plan; None where that was not asked.
        rollout: how its waves went; None where it has none, or nobody asked.
    """

    summary: Summary
    outcomes: AsyncIterable[Outcome]
    journal: str
    moves: Moves | None = None
    rollout: RolloutReport | None = None

    def summary_to_json(self) -> dict[str, JSON]:
        """Render the summary, and what became of accounts where that was asked."""
        moved = {} if self.moves is None else {"organization": self.moves.to_json()}
        return {**self.summary.to_json(), **moved}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPolicy:
    """A policy that was checked.

    Attributes:
        name: its files.
        problems: errors and warnings, in the order of the files.
        content: what a valid policy is about ("3 response types"); None for one that cannot be used.
        refusal: for people, why it cannot be used; the problems are in it.
    """

    name: str
    problems: Sequence[Problem]
    content: str | None
    refusal: Sequence[Line] = ()


class View:
    """A form of output, such as a table or JSON.

    A form need not show everything: `forms.FORMS` says which of these methods it has. The others are never
    called, since a verb refuses such a form before it does anything.
    """

    names_missing: ClassVar[bool] = False
    """Whether a shown plan names, for people, the scopes that were not read and the selectors that match
    nothing. Else the verb tells them on stderr."""

    one_document: ClassVar[bool] = False
    """Whether all of the output is one document, so that only one thing can be shown in it."""

    def __init__(self, out: Out) -> None:
        self.out = out

    async def apis(self, found: Discovered) -> None:
        """Show REST APIs as they are found, and then the rest (`discover`)."""
        raise NotImplementedError

    async def plan(self, plan: PlanReport) -> None:
        """Show what an apply would change, or what has drifted (`plan`, `check`). Raises Stopped."""
        raise NotImplementedError

    async def review(self, plan: PlanReport) -> None:
        """Show all of a saved plan to the person who approves it (`show`). Raises Stopped."""
        raise NotImplementedError

    async def summary(self, report: RunReport) -> None:
        """Show how a run ended (`apply`, `put`, `resume`)."""
        raise NotImplementedError

    def runs(self, runs: Sequence[RunRecord]) -> None:
        """Show the runs of a journal, the newest first (`runs list`)."""
        raise NotImplementedError

    async def run(self, run: RunRecord, report: RunReport) -> None:
        """Show a run of the journal and how it ended (`runs show`)."""
        raise NotImplementedError

    async def difference(self, found: RunDifference) -> None:
        """Show how one run differs from another (`runs diff`)."""
        raise NotImplementedError

    def pruning(self, found: Pruning) -> None:
        """Show which runs are deleted, and which are kept (`runs prune`)."""
        raise NotImplementedError

    def deployments(self, found: Sequence[ShownDeployment]) -> None:
        """Show which deployments are deleted, and which are kept (`deployments prune`)."""
        raise NotImplementedError

    def limits(self, limits: Sequence[Limit], now: float) -> None:
        """Show what was learned of quotas, as of `now`, in seconds since the epoch (`limits`)."""
        raise NotImplementedError

    def policies(self, checked: Iterable[CheckedPolicy]) -> None:
        """Show what is wrong with policy files, each as soon as it is checked (`validate`)."""
        raise NotImplementedError

    def explanation(self, explanation: Explanation) -> None:
        """Show why an API is to be as it is (`explain`)."""
        raise NotImplementedError

    def presets(self, presets: Sequence[PresetInfo]) -> None:
        """Show what presets set (`presets`)."""
        raise NotImplementedError

    def schema(self, schema: JSON) -> None:
        """Show the JSON Schema of policy files (`schema`)."""
        raise NotImplementedError

    def version(self, version: str) -> None:
        """Show batchgw's version (`version`)."""
        raise NotImplementedError
