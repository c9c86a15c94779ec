"""A policy, read and checked: which APIs are meant, and what is to be made of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from batchgw.model.desired import Desired
from batchgw.model.fleet.targets import Targets
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rulebook import OneForAll, Rulebook
from batchgw.model.shape import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy.

    Attributes:
        desired: what an API shall be that no rule matches.
        targets: where to look, and for which APIs.
        source: the names of its files, for messages.
        rulebook: decides what each API shall be; None where that is `desired` for all.
        rollout: how it is rolled out; None where it says nothing of that.
    """

    desired: Desired
    targets: Targets = field(default_factory=Targets)
    source: str = "policy"
    rulebook: Rulebook | None = field(default=None, compare=False)
    rollout: Rollout | None = None

    @property
    def rules(self) -> Rulebook:
        """What decides about each API."""
        return OneForAll(self.desired) if self.rulebook is None else self.rulebook

    @property
    def digest(self) -> str:
        """sha256 over the meaning of the policy: comments and layout do not change it.

        A key of a later version is there only if it is used.
        """
        t = self.targets
        meaning: dict[str, JSON] = {
            "desired": self.desired.to_json(),
            "accounts": list(t.accounts),
            "regions": list(t.regions),
            "role": t.role,
            "include": [s.to_json() for s in t.apis.include],
            "exclude": [s.to_json() for s in t.apis.exclude],
        }
        later = {
            "organization": None if t.organization is None else t.organization.to_json(),
            "enabled_regions": None if t.enabled_regions is None else t.enabled_regions.to_json(),
            "roles": [link.to_json() for link in t.roles],
            "rules": self.rules.to_json(),
            "rollout": None if self.rollout is None else self.rollout.to_json(),
        }
        meaning |= {key: value for key, value in later.items() if value}
        text = json.dumps(meaning, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
