"""What people name by an ARN or by a plain name: where it is, and its name there. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from batchgw.control_plane.operations.checks import is_account
from batchgw.model import AccountId, Region, Scope
from batchgw.model.scope import is_region

_PARTS = 6
"""Parts of an ARN: arn, partition, service, region, account, and the resource (IAM reference, ARNs)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is, and what it is called there. `arn` is None where it was given by its plain name."""

    scope: Scope
    name: str
    arn: str | None = None


def place(text: str, here: Scope, *, service: str, kind: str) -> Place:
    """Find what is named. An ARN says account and region itself; a plain name means one that is `here`.

    `service` and `kind` are those of its ARN, such as cloudwatch, and `alarm:` or `document/` in front of the
    name. Raises ValueError for an ARN of anything else.
    """
    if not text.startswith("arn:"):
        return Place(scope=here, name=text)
    parts = text.split(":", _PARTS - 1)
    if len(parts) == _PARTS:
        _, _, of_service, region, account, resource = parts
        name = resource.removeprefix(kind)
        sound = is_account(account) and is_region(region) and name not in ("", resource)
        if of_service == service and sound:
            return Place(scope=Scope(account=AccountId(account), region=Region(region)), name=name, arn=text)
    raise ValueError(f"{text} is not an ARN of the form arn:aws:{service}:REGION:ACCOUNT:{kind}NAME")
