"""The exit codes of the command line, each with what it promises. docs/usage.md shows them to users."""

from typing import Final

OK: Final = 0
"""All is well: what was asked for is done, or is as desired."""

FAILED: Final = 1
"""Some targets failed, or batchgw itself did."""

PENDING: Final = 2
"""`plan` and `check` found drift or pending changes; two runs differ; a run has held a target back."""

HELD_BACK: Final = 3
"""Stopped by a guard: a no to a question, a journal that cannot be written, a schedule; resumable."""

INCOMPLETE: Final = 4
"""Coverage is incomplete: something was not read or not attempted, or a selection matches nothing."""

STALE: Final = 5
"""The plan is stale: the policy or an API is no longer what was planned; nothing was written."""

USAGE: Final = 64
"""A flag, a policy, a plan or a journal cannot be used."""

LOCKED: Final = 75
"""Another run holds an account-region that this one needs: try again later."""

INTERRUPTED: Final = 130
"""Interrupted, after a clean flush; what was begun can be resumed."""
