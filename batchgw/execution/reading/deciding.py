"""What each API shall be by a policy's rules, and how that is compared. It reads nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from batchgw.errors import ExpressionFailed
from batchgw.execution.kinds import MAKERS, Maker
from batchgw.execution.looking import Comparer
from batchgw.model import Account, AccountId, Decision, Desired, RestApi, Rulebook, SetAside, Target, Variant
from batchgw.planning.kinds import expected
from batchgw.planning.managed import Held
from batchgw.planning.variants import VariantNumbers, Variants


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What all APIs of one variant shall be.

    Attributes:
        variant: its number.
        expected: the targets that are expected of an API.
        kinds: how an API is read and compared, for each kind of change; empty where nothing is to be read.
    """

    variant: int
    expected: tuple[Target, ...]
    kinds: Sequence[tuple[Maker, Comparer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What one API shall be, and which of its targets are left alone on purpose.

    `held` says why nothing is to be written to it at all, whatever it shall be.
    """

    wanted: Wanted
    set_aside: tuple[SetAside, ...]
    decision: Decision = field(repr=False)
    held: Held | None = None

    @property
    def reads(self) -> bool:
        """Whether the API has to be read."""
        return bool(self.wanted.kinds) and self.held is None


class Deciding:
    """Decides about APIs, and makes what compares them once for each variant.

    Args:
        rulebook: the policy's.
        base: what the policy says of an API that no rule matches.
        accounts: what is known of the accounts of an organisation. It may grow.
        hold: says why nothing is written to an API, if that is so.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        base: Desired,
        *,
        accounts: Mapping[AccountId, Account],
        hold: Callable[[RestApi], Held | None] | None = None,
    ) -> None:
        self._rulebook = rulebook
        self._numbers = VariantNumbers(rulebook, base)
        self._accounts = accounts
        self._hold = hold
        self._wanted: dict[int, Wanted] = {}
        self.base = _wanted(base, 0)
        """What an API shall be that no rule matches."""
        variant = Variant(rules=(), desired=base)
        self._without_rules = Decided(wanted=self.base, set_aside=(), decision=Decision(variant=variant))

    def of(self, api: RestApi) -> Decided:
        """Decide about an API. Raises ExpressionFailed."""
        decision = self._rulebook.decide(api, self._accounts.get(api.scope.account))
        number = self._numbers.number(decision.variant)
        wanted = self._wanted.get(number)
        if wanted is None:
            wanted = self.base if number == 0 else _wanted(decision.variant.desired, number)
            self._wanted[number] = wanted
        held = None if self._hold is None else self._hold(api)
        return Decided(wanted=wanted, set_aside=decision.set_aside, decision=decision, held=held)

    def of_unread(self, api: RestApi) -> Decided:
        """Decide about an API that is not read: where its rules cannot be told, as if it had none."""
        try:
            return self.of(api)
        except ExpressionFailed:
            return self._without_rules

    def count(self, decided: Decided) -> None:
        """Count an API that was decided about, for the rules and exemptions that match it."""
        self._numbers.count(decided.decision)

    def total(self) -> Variants:
        """Give the variants that were used, and what has matched."""
        return self._numbers.total()


def _wanted(desired: Desired, number: int) -> Wanted:
    return Wanted(
        variant=number,
        expected=expected(desired),
        kinds=[
            (maker, compare) for maker in MAKERS.values() if (compare := maker.comparer(desired)) is not None
        ],
    )
