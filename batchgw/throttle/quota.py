"""What the service lets through: documented quotas, and how far they are believed."""

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
"""Operations with a quota of their own beside the total (same source). Every other knows the total only.

CreateRestApi and ImportRestApi are given as for regional and private APIs; for edge ones it is 1 in 30 s.
"""


class Scoping(StrEnum):
    """What has a bucket of its own: documented "per account", reported per account and region."""

    ACCOUNT_REGION = "account-region"
    ACCOUNT = "account"


class Trust(StrEnum):
    """How far a stated quota is believed.

    STRICT: a hard ceiling, never tried. TRUSTED: right until shown otherwise, audited now and then.
    GUESS: where learning starts.
    """

    STRICT = "strict"
    TRUSTED = "trusted"
    GUESS = "guess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotas:
    """All quotas of one scope.

    `total` is None when it is not known. `share` is the part of every rate that is ours, 0 < share <= 1:
    below 1 it is a hard ceiling, like `Trust.STRICT`. `polite` lets others go first.
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
            raise ValueError("of an unknown quota there is no share, and nothing to be strict about")
