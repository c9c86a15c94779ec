"""An operation is a function from its input to a reply. Each module of this folder has a table of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from batchgw.simulator.operations.params import text
from batchgw.simulator.reply import Body, Params, Reply
from batchgw.simulator.world.keys import Key
from batchgw.simulator.world.scope_apis import ScopeApis
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The parameters of an operation, and everything that may be needed to answer it.

    Attributes:
        world: the simulated accounts, regions and APIs.
        trust: which roles can be assumed.
        account: whose credentials signed the call.
        region: the endpoint's.
        params: under botocore's member names.
        caller: whose key signed.
        now: seconds since the epoch.
    """

    world: World
    trust: Trust
    account: str
    region: str
    params: Params
    caller: Key
    now: float

    @property
    def apis(self) -> ScopeApis:
        """Give the REST APIs of the account in the region. Raises ServiceFault if it is not enabled."""
        return self.world.scope(self.account, self.region)

    @property
    def api(self) -> str:
        """Give the id of the REST API that the call names."""
        return text(self.params, "restApiId")


Operation = Callable[[Input], Reply]
"""Carries an operation out. Raises ServiceFault when the service refuses."""


def answers(body: Callable[[Input], Body], status: int = 200) -> Operation:
    """Make an operation that answers with a JSON body."""
    return lambda given: Reply(status=status, body=body(given))


def accepts(act: Callable[[Input], None]) -> Operation:
    """Make an operation that answers 202 without a body, as deletions do."""

    def answer(given: Input) -> Reply:
        act(given)
        return Reply(status=202)

    return answer
