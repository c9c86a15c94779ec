"""A plan as a screenful: each different change once, its APIs, the totals, and how long an apply takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

from batchgw.discovery.regions import LIST_REGIONS
from batchgw.model import Action, RestApi, Scope
from batchgw.model.kinds import KINDS, PLANNED, title
from batchgw.model.owner import UNKNOWN
from batchgw.planning import change_view
from batchgw.planning.estimate import Estimate
from batchgw.planning.totals import PlanTotals, ScopeTotals, added_up
from batchgw.report.extent import Extent, who_said_regions
from batchgw.report.naming import scope_name
from batchgw.report.plan_fold import Group, PlanFold, ScopeApis
from batchgw.report.plan_report import PlanReport
from batchgw.report.rollout.plan_waves import PlanWaves
from batchgw.report.views.lines.customised import customised_lines
from batchgw.report.views.lines.left_alone import left_alone_lines, skipped_lines
from batchgw.report.views.lines.rules import rule_lines
from batchgw.report.views.lines.selection import selection_lines
from batchgw.report.views.lines.unread import unread_api_lines, unread_scope_lines
from batchgw.report.views.lines.waves import wave_lines
from batchgw.report.views.text import Line, Span, Style, line, shorten, table
from batchgw.times import duration
from batchgw.wording import amount

CHANGES = 30
"""Different changes shown. The rest is counted; `--output json` has all."""

NAMED_SCOPES = 6
"""Scopes named per change."""

SCOPES = 20
"""Scopes in the table of totals."""

LINES = 40
"""Lines of one change; a template may have thousands."""

CELLS = 200
"""Cells of one line of a change, as long as a terminal line or two."""

NAME_CELLS = 40
"""Cells of an API's name."""

_SIGNS: Mapping[Action, tuple[str, Style]] = {
    Action.CREATE: ("+", "add"),
    Action.UPDATE: ("~", "change"),
    Action.RESET: ("-", "remove"),
    Action.NO_OP: (" ", "dim"),
}

_MARKS: Mapping[change_view.Mark, Style] = {
    change_view.Mark.ADDED: "add",
    change_view.Mark.CHANGED: "change",
    change_view.Mark.REMOVED: "remove",
    change_view.Mark.KEPT: "dim",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanScreen:
    """A plan as a screenful. `drift` says the same things in the words of `check`."""

    fold: PlanFold
    totals: PlanTotals
    estimate: Estimate
    drift: bool = False
    waves: PlanWaves | None = None

    @classmethod
    def of(cls, plan: PlanReport) -> Self:
        """Give the screen of a plan that was read to its end."""
        return cls(
            fold=plan.fold,
            totals=plan.plan.totals,
            estimate=plan.estimate,
            drift=plan.drift,
            waves=plan.waves,
        )

    def lines(self) -> Iterator[Line]:
        """Render everything."""
        yield from self._changes()
        yield from self._scopes()
        if self.waves is not None and not self.drift:
            yield from wave_lines(self.waves)
        yield from self._unread()
        yield from skipped_lines(self.fold.skipped_scopes)
        yield from left_alone_lines(self.fold.left_alone)
        yield from customised_lines(self.fold.customised)
        yield from rule_lines(self.totals)
        yield from self._extent()
        yield from selection_lines(self.totals.selected, unread=len(self.totals.unread_scopes))
        yield line()
        yield from self.conclusion()

    def conclusion(self) -> Iterator[Line]:
        """The verdict and the estimate. The user has seen the rest when the plan was saved."""
        yield self.verdict()
        if self.totals.total.writes:
            yield from kind_lines(self.fold)
        if self.totals.total.writes:
            yield self._estimate()

    def verdict(self) -> Line:
        """Give the verdict in one line."""
        total = self.totals.total
        counts = (
            f"{total.creates:,} to create, {total.updates:,} to update, {total.resets:,} to reset, "
            f"{total.no_ops:,} as desired" + (f", {total.set_aside:,} left alone" if total.set_aside else "")
        )
        apis = f"{amount(total.changed_apis, 'API')} of {total.apis:,}"
        if total.writes:
            word = "Drift" if self.drift else "Plan"
            said = f"{apis} to change." if self.fold.figures() else f"{counts}, in {apis}."
            return line(Span(f"{word}: ", "bold"), said)
        if not self.totals.readable:
            return line(Span("No changes found, but not everything could be read.", "warning"))
        if total.managed_apis:
            apis = amount(total.managed_apis, "API is", "APIs are")
            said = f"No changes found, but {apis} managed by another tool: that is a failure here."
            return line(Span(said, "warning"))
        if not total.apis and not total.set_aside_apis:
            return line(Span("No REST API is selected: there is nothing to compare.", "warning"))
        if self.totals.nothing:
            return line(Span("No changes found, but not everything that was selected is there.", "warning"))
        word = "No drift" if self.drift else "No changes"
        alone = f", {amount(total.set_aside, 'target')} left alone" if total.set_aside else ""
        return line(Span(f"{word}. ", "good"), f"{amount(total.apis, 'API')} as desired{alone}.")

    def _estimate(self) -> Line:
        found = self.estimate
        scopes = sum(e.writes > 0 for e in found.scopes.values())
        beside = f", {scopes:,} scopes side by side" if scopes > 1 else ""
        return line(
            f"An apply makes {amount(found.calls, 'call')}{_kinds(found)}: {_about(found.seconds)} at the"
            f" quota{beside}."
        )

    def _changes(self) -> Iterator[Line]:
        groups = list(self.fold.groups())
        for group in islice(groups, CHANGES):
            yield from _group(group)
            yield line()
        rest = groups[CHANGES:]
        if rest:
            yield line(f"  and {amount(len(rest), 'more change')}; all of them: --output json")
            yield line()

    def _extent(self) -> Iterator[Line]:
        """Say how many accounts and regions there are, unless one look at the table tells."""
        if self.fold.skipped_scopes or self.totals.frozen.accounts or len(self.totals.scopes) > SCOPES:
            yield line()
            yield line(f"{Extent.of(self.totals, self.fold.skipped_scopes)}.")
            if {*self.totals.frozen.regions.values()} - {LIST_REGIONS}:  # others know less of regions
                yield line(f"Regions: {who_said_regions(self.totals)}.")

    def _scopes(self) -> Iterator[Line]:
        """Give a table of the scopes in which there is something, and count the others."""
        looked_into = {s: t for s, t in self.totals.scopes.items() if not t.skipped_scopes}
        found = {scope: totals for scope, totals in looked_into.items() if not totals.empty}
        if found:
            yield from self._table(found)
        if empty := sorted(looked_into.keys() - found.keys()):
            have = "has" if len(empty) == 1 else "have"
            names = f": {', '.join(map(str, empty))}" if len(empty) <= NAMED_SCOPES else ""
            said = f"{amount(len(empty), 'account-region')} {have} {self._no_api}"
            yield line(f"  {said}", Span(names, "dim"))

    def _table(self, scopes: Mapping[Scope, ScopeTotals]) -> Iterator[Line]:
        ranked = sorted(scopes.items(), key=lambda s: (-s[1].unread_scopes, -s[1].writes, s[0]))
        shown, hidden = sorted(ranked[:SCOPES], key=lambda s: s[0]), ranked[SCOPES:]
        rows = [self._row(scope_name(scope), counts, [scope]) for scope, counts in shown]
        if hidden:
            rest = added_up(counts for _, counts in hidden)
            of_rest = [scope for scope, _ in hidden]
            rows.append(self._row(amount(len(hidden), "more scope"), rest, of_rest))
        if len(scopes) > 1:
            rows.append(self._row("total", self.totals.total, list(scopes)))
        total = self.totals.total
        aside = ["left alone"] if total.set_aside else []
        aside += ["managed"] if total.managed_apis else []
        own = [KINDS[kind].planned[Action.UPDATE].removeprefix("to ") for kind in self._own]
        head = ["scope", "APIs", "to change", "create", "update", "reset", *own, "as desired", *aside]
        head += ["unread", "time"]
        yield from table(head, rows, right=range(1, len(head)))

    @property
    def _no_api(self) -> str:
        selected = self.totals.selected
        if selected is None or selected.found == selected.selected:
            return "no REST API"
        return "no REST API that is selected"

    @property
    def _own(self) -> list[str]:
        """The kinds whose changes have a column of their own."""
        return [kind for kind in self.fold.kinds if KINDS[kind].planned is not PLANNED]

    def _row(self, name: str, counts: ScopeTotals, scopes: Sequence[Scope]) -> Sequence[str | Span]:
        estimate = self.estimate.scopes.get(scopes[0]) if len(scopes) == 1 else None
        own = [self.fold.counted(kind, Action.UPDATE, scopes) for kind in self._own]
        seconds = estimate.seconds if estimate else self.estimate.seconds if name == "total" else None
        unread = f"{counts.unread_apis - counts.managed_apis:,}" + ("+?" if counts.unread_scopes else "")
        return (
            name,
            f"{counts.apis + counts.set_aside_apis:,}",
            _figure(counts.changed_apis, "bold"),
            _figure(counts.creates, "add"),
            _figure(counts.updates - sum(own), "change"),
            _figure(counts.resets, "remove"),
            *(_figure(n, "change") for n in own),
            _figure(counts.no_ops, ""),
            *([_figure(counts.set_aside, "warning")] if self.totals.total.set_aside else []),
            *([_figure(counts.managed_apis, "error")] if self.totals.total.managed_apis else []),
            Span(unread, "error" if unread != "0" else "dim"),
            _about(seconds) if seconds is not None and counts.writes else "",
        )

    def _unread(self) -> Iterator[Line]:
        yield from unread_scope_lines(self.fold.unread_scopes)
        yield from unread_api_lines(self.fold.unread_apis.reasons())


def kind_lines(fold: PlanFold) -> Iterator[Line]:
    """Count the targets of each kind, a line each, where there are several kinds."""
    for kind, counts in fold.figures().items():
        said = ", ".join(f"{count:,} {word}" for word, count in counts.items())
        yield line(f"  {KINDS[kind].counted}s: {said}")


def _kinds(estimate: Estimate) -> str:
    """Count the calls by kind, unless all are writes."""
    total = estimate.scopes.values()
    kinds = {
        "to list": sum(e.listings for e in total),
        "to read": sum(e.reads for e in total),
        "to write": sum(e.writes for e in total),
    }
    counts = [f"{count:,} {what}" for what, count in kinds.items() if count]
    return f" ({', '.join(counts)})" if kinds["to list"] or kinds["to read"] else ""


def _about(seconds: float) -> str:
    return "under 1 s" if seconds < 1 else f"about {duration(seconds)}"


def _figure(n: int, style: Style) -> Span:
    return Span(f"{n:,}", style if n else "dim")


def _group(group: Group) -> Iterator[Line]:
    sign, style = _SIGNS[group.action]
    scopes = len(group.scopes)
    where = f" in {amount(scopes, 'scope')}" if scopes > 1 else ""
    word = "rule" if len(group.rules) == 1 else "rules"
    rules = f"   by {word} {', '.join(group.rules)}" if group.rules else ""
    yield line(
        "  ",
        Span(f"{sign} {title(group.action, group.target)}", style),
        f"   {amount(group.apis, 'API')}{where}",
        Span(shorten(rules, CELLS), "dim"),
    )
    if group.view is None:
        yield line(Span("        various changes, too many to tell apart here", "dim"))
    else:
        yield from _fields(group.view)
    yield from _named_scopes(group.scopes)


def _fields(view: change_view.ChangeView) -> Iterator[Line]:
    found = list(islice(change_view.lines(view), LINES + 1))
    for each in found[:LINES]:
        text = f"{each.mark.value} {each.text}".rstrip()
        yield line("      " + "  " * each.depth, Span(shorten(text, CELLS), _MARKS[each.mark]))
    if len(found) > LINES:
        yield line(Span("        ... more lines: --output json", "dim"))


def _named_scopes(apis_of: Mapping[Scope, ScopeApis]) -> Iterator[Line]:
    ordered = sorted(apis_of.items())
    for scope, found in ordered[:NAMED_SCOPES]:
        names = ", ".join(map(_name, found.first))
        more = found.apis - len(found.first)
        yield line(Span(f"      {scope}: {names}" + (f" and {more:,} more" if more else ""), "dim"))
    hidden = ordered[NAMED_SCOPES:]
    if hidden:
        apis = sum(found.apis for _, found in hidden)
        yield line(Span(f"      and {amount(apis, 'API')} in {amount(len(hidden), 'more scope')}", "dim"))


def _name(api: RestApi) -> str:
    known = api.owner is not None and api.owner != UNKNOWN  # the table of owners counts the others
    owner = f" [{shorten(str(api.owner), NAME_CELLS)}]" if known else ""
    return (f"{shorten(api.name, NAME_CELLS)} ({api.id})" if api.name else api.id) + owner
