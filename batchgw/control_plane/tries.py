"""The one retry policy: what counts against a bound, how long is waited between tries, and when to give up.

What is retried follows from what an error says of itself (`errors.CallError`). A throttle uses up no attempt
and is waited out by the limiter; whatever else may pass backs off with jitter, bounded; expired credentials
get one more attempt with fresh ones. It has no clock and never waits: tenacity asks it, and does.
"""

from __future__ import annotations

from random import Random

from tenacity import RetryCallState

from batchgw.errors import CallError, CredentialsExpired, ReadingAged
from batchgw.throttle import backoff

ATTEMPTS = 8
"""Attempts of one execution that may fail for another reason than a throttle: about 20 s of backoff."""

EXPIRIES = 1
"""Expired credentials are met with fresh ones this often; then they are given up."""


class Tries:
    """The tries of one execution so far.

    Args:
        attempts: bound on attempts that fail for another reason than a throttle.
        random: the dice of the backoff's jitter.
    """

    def __init__(self, *, attempts: int, random: Random) -> None:
        self._attempts = attempts
        self._random = random
        self._expiries = 0
        self.failures = 0
        self.throttles = 0

    @property
    def ended(self) -> int:
        """How many tries have ended in an error: the number of the last one, counted from 1."""
        return self.failures + self.throttles

    def count(self, error: CallError) -> None:
        """Count a try that ended in an error."""
        self.throttles += error.is_throttle
        self.failures += not error.is_throttle
        self._expiries += isinstance(error, CredentialsExpired)

    def exhausted(self, state: RetryCallState) -> bool:
        """Tell tenacity whether to stop."""
        error = error_of(state)
        if error.is_throttle:
            return False
        if isinstance(error, CredentialsExpired):
            return self._expiries > EXPIRIES
        return self.failures >= self._attempts

    def delay(self, state: RetryCallState) -> float:
        """Tell tenacity how many seconds to wait before the next try.

        None after a throttle, because the limiter waits then, and none after a call that was not sent.
        """
        error = error_of(state)
        if error.is_throttle or isinstance(error, ReadingAged):
            return 0.0
        return backoff.delay(self.failures, retry_after=error.retry_after, random=self._random)


def error_of(state: RetryCallState) -> CallError:
    """The error tenacity asks about. It is a CallError: only those are retried."""
    assert state.outcome is not None  # noqa: S101 - tenacity asks after an attempt has ended
    error = state.outcome.exception()
    assert isinstance(error, CallError)  # noqa: S101 - see above
    return error
