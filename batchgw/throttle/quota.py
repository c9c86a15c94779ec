"""The quotas of the service: what is documented, and how far that is trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Quota:
    """`rate` calls/second on average, `burst` calls at once."""

    rate: float
    burst: float

    def __post_init__(self) -> None:
        if not (isfinite(self.rate) and isfinite(self.burst) and self.rate > 0 and self.burst >= 1):
            raise ValueError(f"a quota is a rate above 0 and a burst of at least 1: not {self}")


TOTAL = Quota(10, 40)
"""All API Gateway management operations together (developer guide, API Gateway quotas)."""

OPERATIONS: Mapping[str, Quota] = MappingProxyType(
    {
        "CreateApiKey": Quota(5, 5),
        "CreateDeployment": Quota(1 / 5, 1),
        "CreateDocumentationVersion": Quota(1 / 20, 1),
        "CreateDomainName": Quota(1 / 30, 1),
        "CreateResource": Quota(5, 5),
        "CreateRestApi": Quota(1 / 3, 1),
        "DeleteApiKey": Quota(5, 5),
        "DeleteDomainName": Quota(1 / 30, 1),
        "DeleteResource": Quota(5, 5),
        "DeleteRestApi": Quota(1 / 30, 1),
        "GetResources": Quota(5 / 2, 5),
        "ImportDocumentationParts": Quota(1 / 30, 1),
        "ImportRestApi": Quota(1 / 3, 1),
        "PutRestApi": Quota(1, 1),
        "UpdateAccount": Quota(1 / 20, 1),
        "UpdateDomainName": Quota(1 / 30, 1),
        "UpdateUsagePlan": Quota(1 / 20, 1),
    }
)
"""Operations that have a quota of their own in addition to the total (same source). The others have none.

The rates of CreateRestApi and ImportRestApi are those for regional and private APIs. For edge-optimised APIs
it is one call in 30 seconds.
"""


STS = Quota(50, 10)
"""Calls to STS, all accounts together: a thousand roles in 20 s, and a run of a few accounts at once.

AWS documents 600 calls/second for an account in a region, for AssumeRole, GetCallerIdentity and four more
together, and no burst (IAM user guide, "IAM and AWS STS quotas"). This is a twelfth of it, because everybody
in the account shares the quota.
"""


SERVICES: Mapping[str, Quota] = MappingProxyType(
    {
        "account": Quota(5, 5),
        "cloudformation": Quota(2, 5),
        "cloudwatch": Quota(3, 5),
        "ec2": Quota(5, 5),
        "organizations": Quota(1.5, 1),
        "ssm": Quota(1, 2),
        "sts": Quota(5, 5),
    }
)
"""How fast other services are asked, at most, by botocore's names: by one caller, and in one region where the
service is regional.

- account: ListRegions may be called 5 times a second by one account (Account Management reference, quotas).
- organizations: AWS publishes no rate. Its quota is one for the whole organisation, and whoever reads a large
  one too fast is throttled together with everybody else there. So this is chosen with care.
- ec2: 20/s for reads, and 10/s for those without a filter (EC2 developer guide, request throttling). Others
  share it: a half.
- cloudformation: AWS publishes no rate, and deployments share it. So this is chosen with care.
- cloudwatch: 9/s for DescribeAlarms, and more for GetMetricData (CloudWatch user guide, service quotas).
  Dashboards and other gates share it: a third.
- ssm: AWS publishes no rate for GetCalendarState. A calendar is asked about now and then.
- sts: for the question whether a region is on, which is asked once there. `STS` is for all other calls.
"""

ANY_SERVICE = Quota(1, 1)
"""The same for a service that is not in the table: an operation that a program has added."""


class Scoping(StrEnum):
    """What has a bucket of its own. AWS documents "per account"; users report one per account and region."""

    ACCOUNT_REGION = "account-region"
    ACCOUNT = "account"


class Trust(StrEnum):
    """How far a stated quota is trusted.

    STRICT: it is a hard ceiling, and nothing above it is ever tried. TRUSTED: it is right until refusals or
    an occasional test show another rate. GUESS: learning starts from it.
    """

    STRICT = "strict"
    TRUSTED = "trusted"
    GUESS = "guess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """All quotas of one scope.

    `total` is None when it is not known. `share` is the part of every rate that this run may use, 0 < share
    <= 1. Below 1 it is a hard ceiling, like `Trust.STRICT`. `polite` leaves the quota to other callers first.
    """

    total: Quota | None = TOTAL
    operations: Mapping[str, Quota] = field(default_factory=lambda: OPERATIONS)
    scoping: Scoping = Scoping.ACCOUNT_REGION
    share: float = 1.0
    trust: Trust = Trust.TRUSTED
    polite: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"a share is above 0 and at most 1: not {self.share}")
        if self.total is None and (self.share < 1 or self.trust is Trust.STRICT):
            raise ValueError("an unknown quota has no share, and nothing to be strict about")
