"""Counts the failures of a run against the budgets of its rollout, and says which is exceeded, in figures.

It is told each outcome, and whoever asks it decides what to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from batchgw.model import Scope
from batchgw.model.kinds import KINDS
from batchgw.model.rollout.amount import Amount
from batchgw.model.rollout.limits import MaxFailures

Targets = Mapping[str, int]
"""How many targets there are of each kind of change."""


@dataclass(slots=True, kw_only=True)
class Budgets:
    """The budgets of one run.

    A share is one of the targets of the failures' kind, rounded down: `per_wave` of the wave's, `run` of the
    run's, `per_scope` of the account-region's, and `scopes` of the run's account-regions. A number bounds the
    failures of all kinds together.

    Attributes:
        max_failures: the budgets.
        scopes: the targets of each of the run's account-regions.
    """

    max_failures: MaxFailures
    scopes: Mapping[Scope, Targets]
    _wave: int = 0
    _of_wave: Targets = field(default_factory=dict)
    _in_wave: Counter[str] = field(default_factory=Counter)
    _in_run: Counter[str] = field(default_factory=Counter)
    _in_scopes: dict[Scope, Counter[str]] = field(default_factory=dict)
    _given_up: set[Scope] = field(default_factory=set)
    _of_run: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self._of_run = Counter()
        for targets in self.scopes.values():
            self._of_run.update(targets)

    def begin_wave(self, number: int, targets: Targets) -> None:
        """Begin a wave, and say what its targets are."""
        self._wave = number
        self._of_wave = targets
        self._in_wave = Counter()

    def failed(self, scope: Scope, kind: str) -> None:
        """Count a target that ended failed. In an account-region that was given up, none counts any more."""
        if scope in self._given_up:
            return
        self._in_wave[kind] += 1
        self._in_run[kind] += 1
        self._in_scopes.setdefault(scope, Counter())[kind] += 1

    def gave_up(self, scope: Scope) -> None:
        """Count an account-region that was given up: once, whatever is left in it."""
        self._given_up.add(scope)

    def exceeded(self) -> str | None:
        """Say which budget is exceeded, such as `6 failures in wave 2 > 2 % of 290 = 5`, or None."""
        most = self.max_failures
        given_up = len(self._given_up)
        if most.scopes is not None and given_up > most.scopes.down(len(self.scopes)):
            what = "account-region given up" if given_up == 1 else "account-regions given up"
            return f"{given_up:,} {what} > {_worked_out(most.scopes, len(self.scopes), 'account-regions')}"
        return (
            _over(most.run, self._in_run, self._of_run, "in the run")
            or _over(most.per_wave, self._in_wave, self._of_wave, f"in wave {self._wave}")
            or next(filter(None, map(self._over_scope, self._in_scopes)), None)
        )

    def _over_scope(self, scope: Scope) -> str | None:
        counts, targets = self._in_scopes[scope], self.scopes.get(scope, {})
        return _over(self.max_failures.per_scope, counts, targets, f"in {scope}")


def _over(budget: Amount | None, failures: Counter[str], targets: Targets, where: str) -> str | None:
    """Compare failures with a budget. A number bounds all kinds together, a share each kind by itself."""
    if budget is None:
        return None
    if budget.percent is None:
        counted = failures.total()
        return _sentence(counted, where, str(budget)) if counted > budget.down(0) else None
    for kind, counted in failures.items():
        whole = targets.get(kind, 0)
        if counted > budget.down(whole):
            of = KINDS[kind].counted + "s" if len(targets) > 1 and kind in KINDS else ""
            return _sentence(counted, where, _worked_out(budget, whole, of))
    return None


def _sentence(counted: int, where: str, bound: str) -> str:
    return f"{counted:,} {'failure' if counted == 1 else 'failures'} {where} > {bound}"


def _worked_out(budget: Amount, whole: int, of: str) -> str:
    if budget.percent is None:
        return str(budget)
    return f"{budget.percent:g} % of {whole:,}{' ' + of if of else ''} = {budget.down(whole):,}"
