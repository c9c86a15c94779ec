"""What a contestant is asked to do, and what it says of it: JSON through its standard input and output."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A long-term key."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The REST APIs of one account and region that are to be written."""

    account: str
    region: str
    apis: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One put on each API of each target.

    Attributes:
        endpoint: where API Gateway, STS and Organizations answer.
        targets: what is to be written.
        keys: of the account itself, where there is one account; else of the management account.
        role: the name of the role to assume in each account; None to sign with `keys`.
        response_type: the gateway response to put.
        put: the other arguments of boto3's put_gateway_response.
        rate: the quota as the contestant knows it, calls/second per account and region.
        burst: calls at once.
        folder: the contestant's own, to work in.
        options: of this contestant.
    """

    endpoint: str
    targets: tuple[Target, ...]
    keys: Keys
    role: str | None
    response_type: str
    put: Mapping[str, Any]
    rate: float
    burst: float
    folder: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def puts(self) -> int:
        """How many puts there are to make."""
        return sum(len(target.apis) for target in self.targets)

    def dumps(self) -> str:
        """Write as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Self:
        """Read what `dumps` wrote."""
        data = json.loads(text)
        data["targets"] = tuple(
            Target(account=t["account"], region=t["region"], apis=tuple(t["apis"])) for t in data["targets"]
        )
        data["keys"] = Keys(**data["keys"])
        return cls(**data)


@dataclass(slots=True, kw_only=True)
class Report:
    """What a contestant says: puts it gave up, counted by error. `note` is for the table."""

    given_up: Counter[str] = field(default_factory=Counter)
    note: str = ""

    def give_up(self, error: BaseException) -> None:
        """Count a put that will not be tried again."""
        self.given_up[code_of(error)] += 1

    def dumps(self) -> str:
        """Write as JSON."""
        return json.dumps({"given_up": dict(self.given_up), "note": self.note})

    @classmethod
    def loads(cls, text: str) -> Self:
        """Read what `dumps` wrote."""
        data = json.loads(text)
        return cls(given_up=Counter(data["given_up"]), note=data["note"])


def code_of(error: BaseException) -> str:
    """AWS's code of a ClientError, else the error's type."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        return str(answer.get("Error", {}).get("Code", type(error).__name__))
    return type(error).__name__
