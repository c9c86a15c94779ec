"""Sends calls to STS: paced, repeated if that may help, and in another region if one is switched off.

Calls are limited by rate, not by how many are under way: a thousand accounts ask within 20 s. If an STS
cannot be connected to, it is given up for all accounts after seconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from batchgw.concurrency.clock import current_time
from batchgw.concurrency.stop import StopSignal
from batchgw.control_plane.aws.client import Target, TargetedClient
from batchgw.control_plane.aws.credentials.base_keys import BaseCredentials
from batchgw.control_plane.aws.keys import Keys, Signer
from batchgw.control_plane.endpoints import Endpoints
from batchgw.control_plane.tries import ATTEMPTS, Tries, error_of
from batchgw.errors import (
    AccessDenied,
    CallError,
    ConnectionFailed,
    CredentialsExpired,
    CredentialsRejected,
    Throttled,
)
from batchgw.events import CallRetried, NullObserver, Observer
from batchgw.model import Region, Scope
from batchgw.throttle.bucket.model import BucketModel
from batchgw.throttle.flow import Bucket, Flow
from batchgw.throttle.limiter import Limiter
from batchgw.throttle.quota import STS, Quota, Trust

_OFF = re.compile(r"InvalidClientTokenId|UnrecognizedClient|OptIn|RegionDisabled")
"""Codes that STS answers in a region that is switched off. The first two may also mean an unknown key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A call to STS.

    Attributes:
        method: its name in boto3.
        operation: its name at AWS.
        region: the region whose STS is asked.
        scope: the scope that the answer is for.
        params: boto3's parameters.
        keys: sign the call, as they are: they are being proved. None: those of `signer` sign.
        signer: who signs; None for the base credentials.
    """

    method: str
    operation: str
    region: Region
    scope: Scope
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    keys: Keys | None = None
    signer: Signer | None = None

    def worth_repeating(self, error: BaseException) -> bool:
        """Whether to ask again after `error`. Not with given keys that have expired: nobody renews them."""
        expired = self.keys is not None and isinstance(error, CredentialsExpired)
        return isinstance(error, CallError) and error.retry_safe and not expired


class StsClient:
    """Asks STS with the keys of whoever signs.

    Args:
        client: sends one attempt.
        base: signs where the question names nobody else.
        always_on: gives for a region the one to ask instead, which no account can have switched off; None if
            none is known.
        observer: is told before each repeated attempt.
        stop: after it no attempt is made or waited for; Stopped is raised.
        attempts: bound on attempts that fail for another reason than a throttle.
        pace: calls/second, and calls at once after a rest. Refusals lower it.
        random: draws the backoff's jitter.
    """

    def __init__(
        self,
        client: TargetedClient,
        base: BaseCredentials,
        *,
        always_on: Callable[[Region], Region | None],
        observer: Observer | None = None,
        stop: StopSignal | None = None,
        attempts: int = ATTEMPTS,
        pace: Quota = STS,
        random: Random | None = None,
    ) -> None:
        self._client = client
        self._base = base
        self._always_on = always_on
        self._off: set[Region] = set()  # regions that have turned out to be switched off
        self._observer = observer or NullObserver()
        self._stop = stop or StopSignal()
        pacer = BucketModel(pace, trust=Trust.STRICT)
        self._endpoints = Endpoints()
        self._limiter = Limiter(Flow(Bucket(pacer)), sleep=self._stop.sleep)
        self._attempts = attempts
        self._random = random or Random()  # noqa: S311 - jitter needs no secrecy

    async def answer(self, question: Question) -> Mapping[str, Any]:
        """Ask in the question's region. If the account has switched that off, ask in an `always_on` one.

        Raises a CallError, or Stopped.
        """
        elsewhere = self._always_on(question.region)
        if elsewhere is None or elsewhere == question.region:
            return await self._attempted(question)
        there = replace(question, region=elsewhere)
        if question.region in self._off:
            return await self._attempted(there)
        try:
            return await self._attempted(question)
        except (CredentialsRejected, AccessDenied) as error:
            if not _OFF.search(error.code):
                raise
            return await self._answer_of(there, question.region, error)

    async def _answer_of(self, there: Question, region: Region, error: CallError) -> Mapping[str, Any]:
        """Ask the other region after `region` has rejected the keys.

        If it rejects them as well, the keys are at fault, and the first error is raised.
        """
        try:
            answer = await self._attempted(there)
        except AccessDenied:  # the role refuses, so the keys are good
            self._off.add(region)
            raise
        except CallError:
            raise error from None
        self._off.add(region)
        return answer

    async def _attempted(self, question: Question) -> Mapping[str, Any]:
        """Repeat the question while that may help."""
        tries = Tries(attempts=self._attempts, random=self._random)

        def delay(state: RetryCallState) -> float:
            return self._endpoints.wait(tries.delay(state), question.region)

        def tell(state: RetryCallState) -> None:
            self._tell_retried(question, state, tries.ended)

        async for attempt in AsyncRetrying(
            retry=retry_if_exception(question.worth_repeating),
            stop=tries.exhausted,
            wait=delay,
            before_sleep=tell,
            sleep=self._stop.sleep,
            reraise=True,
        ):
            with attempt:
                try:
                    return await self._send(question)
                except CallError as error:
                    tries.count(error)
                    raise
        raise AssertionError("tenacity ends with an answer or an error")

    def _tell_retried(self, question: Question, state: RetryCallState, number: int) -> None:
        error = error_of(state)
        self._observer.notify(
            CallRetried(
                scope=question.scope,
                service="sts",
                operation=question.operation,
                api=None,
                target=None,
                attempt=number,
                delay=state.upcoming_sleep,
                code=error.code,
                message=error.message,
                request_id=error.request_id,
            )
        )

    async def _send(self, question: Question) -> Mapping[str, Any]:
        """Make one attempt. Raises a CallError, or Stopped."""
        if question.keys is not None:
            return await self._sent(question, question.keys)
        signer = question.signer or self._base
        keys = await signer.keys(question.region)  # before our permit: to get keys takes one, too
        try:
            return await self._sent(question, keys)
        except CredentialsExpired as error:
            if await signer.renew(keys, question.region):
                raise
            raise CredentialsRejected(
                error.message, code=error.code, status=error.status, request_id=error.request_id
            ) from error

    async def _sent(self, question: Question, keys: Keys) -> Mapping[str, Any]:
        def check() -> None:
            self._stop.check()
            self._endpoints.check(question.region, current_time())

        permit = await self._limiter.acquire(check)
        target = Target(keys=keys, region=question.region)
        try:
            answer = await self._stop.heeded(
                lambda: self._client.call(question.method, target, question.params)
            )
        except Throttled as error:
            self._limiter.refused(permit, error.retry_after)
            raise
        except ConnectionFailed as error:
            self._limiter.unanswered(permit)
            for_all = question.keys is not None  # given keys are being proved, on which all scopes depend
            verdict = self._endpoints.failed(
                error, question.scope, question.region, current_time(), for_all=for_all
            )
            raise verdict or error from error.__cause__
        except CallError as error:
            (self._limiter.accepted if error.status else self._limiter.unanswered)(permit)
            raise
        except BaseException:
            self._limiter.unanswered(permit)
            raise
        self._limiter.accepted(permit)
        self._endpoints.answered(question.region)
        return answer
