"""The job of a contestant (JSON on its standard input), and its report (JSON on its standard output)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """A long-term access key."""

    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The REST APIs to write in one account and region."""

    account: str
    region: str
    apis: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One put on each API of each target.

    Attributes:
        endpoint: where API Gateway, STS and Organizations answer.
        targets: the REST APIs to write.
        keys: those of the account itself, or with `role` those of the management account.
        role: the name of the role to assume in each account; None to sign with `keys`.
        response_type: the gateway response to put.
        put: the other arguments of boto3's put_gateway_response.
        rate: the quota as the contestant knows it, calls/second per account and region.
        burst: calls at once.
        folder: a folder of the contestant's own.
        options: the contestant's options.
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
        """The number of puts to make."""
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
    """What a contestant says: the puts that it gave up, counted by error, and a note."""

    given_up: Counter[str] = field(default_factory=Counter)
    note: str = ""

    def give_up(self, error: BaseException) -> None:
        """Count a put that is not retried any more."""
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
    """AWS's error code of a ClientError, or the name of the error's type."""
    answer = getattr(error, "response", None)
    if isinstance(answer, dict):
        return str(answer.get("Error", {}).get("Code", type(error).__name__))
    return type(error).__name__
