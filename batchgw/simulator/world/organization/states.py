"""The states of an account, in the words of Organizations."""

from __future__ import annotations

from typing import Final, Literal, get_args

AccountState = Literal["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"]
"""Where an account is in its life (service model, AccountState)."""

STATES: Final[tuple[AccountState, ...]] = get_args(AccountState)

OPEN: Final[frozenset[AccountState]] = frozenset({"ACTIVE", "PENDING_CLOSURE"})
"""Where roles can be assumed. What AWS answers in the other states is not documented."""

AccountStatus = Literal["ACTIVE", "SUSPENDED", "PENDING_CLOSURE"]
"""The older and coarser word for it (service model, AccountStatus)."""


def status_of(state: AccountState) -> AccountStatus:
    """Say a state in the older word. Which one AWS gives to the two new states is not documented."""
    match state:
        case "ACTIVE" | "SUSPENDED" | "PENDING_CLOSURE":
            return state
        case "PENDING_ACTIVATION" | "CLOSED":
            return "SUSPENDED"
