"""What IAM is asked: may this be done to that? With everything that conditions can look at."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchgw.simulator.iam.wildcards import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One action on one resource.

    Attributes:
        action: such as "apigateway:GET".
        resource: its ARN, or "*" where the action is about no resource.
        values: what conditions see, by key in lower case.
    """

    action: str
    resource: str
    values: Values = field(default_factory=dict)
