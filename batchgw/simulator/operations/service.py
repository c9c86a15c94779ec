"""The simulated services: their operations on a world, by name and wire parameters.

They answer at once. Quotas, latency and faults are simulated by the engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from batchgw.simulator.iam.roles import Iam
from batchgw.simulator.operations import (
    account,
    apigateway,
    cloudformation,
    cloudwatch,
    ec2,
    organizations,
    ssm,
    sts,
)
from batchgw.simulator.operations.operation import Input, Operation
from batchgw.simulator.permissions import check
from batchgw.simulator.reply import Reply, ServiceFault
from batchgw.simulator.services import API_GATEWAY, GLOBAL_REGION, AwsService
from batchgw.simulator.world.keys import Key
from batchgw.simulator.world.trust import Trust
from batchgw.simulator.world.world import World

SERVICES: Mapping[AwsService, Mapping[str, Operation]] = {
    API_GATEWAY: apigateway.OPERATIONS,
    sts.STS: sts.OPERATIONS,
    organizations.ORGANIZATIONS: organizations.OPERATIONS,
    account.ACCOUNT: account.OPERATIONS,
    cloudformation.CLOUDFORMATION: cloudformation.OPERATIONS,
    ec2.EC2: ec2.OPERATIONS,
    cloudwatch.CLOUDWATCH: cloudwatch.OPERATIONS,
    ssm.SSM: ssm.OPERATIONS,
}
"""What is simulated. A service more is its module, and its line here."""

OPERATIONS: Mapping[str, Operation] = {
    name: operation for table in SERVICES.values() for name, operation in table.items()
}
"""What is answered, by AWS's names. An operation's row stands in the module that carries it out."""

_SERVICE_OF: Mapping[str, AwsService] = {
    name: service for service, table in SERVICES.items() for name in table
}


def service_of(operation: str) -> AwsService:
    """Give the service of an operation. An unknown operation counts as one of API Gateway."""
    return _SERVICE_OF.get(operation, API_GATEWAY)


class Service:
    """Carries out operations on a world."""

    def __init__(
        self, world: World, *, now: Callable[[], float] = time.time, trust: Trust | None = None
    ) -> None:
        """`now` gives the time in seconds since the epoch, for dates and credentials.

        Raises ValueError for a `trust` with accounts or OUs that the world does not have.
        """
        self.world = world
        self.now = now
        self.trust = trust or Trust()
        check(world, self.trust)

    def identify(self, iam: Iam) -> None:
        """Put other identities in the place of the present ones. Sessions that roles have go on.

        Raises ValueError for accounts or OUs that the world does not have.
        """
        trust = replace(self.trust, iam=iam)
        check(self.world, trust)
        self.trust = trust

    def dispatch(
        self,
        operation: str,
        account: str,
        region: str,
        params: Mapping[str, object],
        *,
        caller: Key | None = None,
    ) -> Reply:
        """Carry out an operation.

        Args:
            operation: AWS's name of it, such as "PutGatewayResponse".
            account: whose credentials signed the call.
            region: the endpoint's.
            params: under botocore's member names ("restApiId", "patchOperations", "RoleArn", ...).
            caller: whose key signed; the account's own when it is not given.

        Raises:
            ServiceFault: the service refuses; UnknownOperationException (404) for what it does not know.
            KeyError: the account is not in the world and no `caller` was given.
        """
        carry_out = OPERATIONS.get(operation)
        if carry_out is None:
            raise ServiceFault(
                "UnknownOperationException", 404, f"Unknown operation: {operation}", modelled=False
            )
        self._require_region(service_of(operation), account, region)
        return carry_out(
            Input(
                world=self.world,
                trust=self.trust,
                account=account,
                region=region,
                params=params,
                caller=caller or self.world.keys.long_term(account),
                now=self.now(),
            )
        )

    def _require_region(self, service: AwsService, account: str, region: str) -> None:
        """Refuse a call to the endpoint of a region that is off. A global endpoint is always there."""
        at_global = service.has_global_endpoint and region == GLOBAL_REGION
        if not at_global and not self.world.organization.is_on(account, region):
            raise service.unknown_token()
