"""The policy file as a whole: its layers, what is locked, and who is exempt."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from batchgw.model import Mode, ResponseType, Unlisted
from batchgw.policy.fields import FEW, MIN_ONE, NOT_EMPTY, Strict, Text
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.presets.index import PresetUse
from batchgw.policy.quoting import shown
from batchgw.policy.schema.deploy import DeployField
from batchgw.policy.schema.responses import CustomisedSpec, ResponseValue
from batchgw.policy.schema.rollout import RolloutSpec
from batchgw.policy.schema.selectors import SelectorSpec
from batchgw.policy.schema.targets import OrganizationSpec, TargetsSpec
from batchgw.policy.schema.words import DayText

VERSION = 1
"""The version of the format that this module reads."""


def _check_version(value: object) -> object:
    if str(value) == str(VERSION):
        return VERSION
    raise reject(
        SCHEMA, f"this batchgw reads policies of version {VERSION}; this policy says {shown(str(value))}"
    )


Responses = Annotated[
    dict[ResponseType, ResponseValue], Field(description="What each gateway response type shall be.")
]
WhereverCustomised = Annotated[
    CustomisedSpec | None,
    Field(
        description="Headers and templates to merge into the types that an API customised itself; what is"
        " not customised stays so."
    ),
]
Uses = Annotated[
    list[PresetUse],
    FEW,
    Field(
        description="Presets to start from (see `batchgw presets`); `responses` win over them, later ones"
        " over earlier ones."
    ),
]

MAX_RULES = 1000
"""Rules that a policy may have."""


class RuleSpec(Strict):
    """What differs for the APIs that it matches. What it says wins over the layers before it, key by key."""

    name: Text = Field(
        min_length=1,
        max_length=200,
        description="The rule's name, in plans and messages.",
        examples=["internal"],
    )
    match: SelectorSpec = Field(description="Which APIs it is about.")
    mode: Mode | None = Field(
        default=None, description="As at the top of the file; what holds already, when left out."
    )
    unlisted: Unlisted | None = Field(
        default=None, description="As at the top of the file; what holds already, when left out."
    )
    responses: Responses = Field(default_factory=dict)
    wherever_customised: WhereverCustomised = None
    use: Uses = Field(default_factory=list)
    deploy: DeployField = None


class ExemptionSpec(Strict):
    """APIs that are left alone, for some types or all, and why."""

    match: SelectorSpec = Field(description="Which APIs it is about.")
    types: Annotated[list[ResponseType], NOT_EMPTY] | None = Field(
        default=None,
        description="The response types that are left alone; all, when left out.",
        json_schema_extra=MIN_ONE,
    )
    reason: Text | None = Field(default=None, description="Why, for reports.", examples=["see CHG-1"])
    owner: Text | None = Field(default=None, description="Who answers for it.", examples=["team-x"])
    until: DayText | None = Field(
        default=None, description="The last day on which it counts, in UTC.", examples=["2027-01-31"]
    )


class PolicyFile(Strict):
    """A batchgw policy: which REST APIs, and what their gateway responses shall be."""

    version: Annotated[Literal[1], BeforeValidator(_check_version)] = Field(
        description="The version of the policy format: 1."
    )
    targets: TargetsSpec = Field(
        default_factory=TargetsSpec, description="Where to look, and for which APIs."
    )
    organization: OrganizationSpec = Field(
        default_factory=OrganizationSpec,
        description="Who asks the organisation, where `accounts` mean accounts of it.",
    )
    mode: Mode = Field(
        default=Mode.REPLACE,
        description="replace: exactly this; merge: listed keys win, the rest stays; fill: only where nothing"
        " is customised.",
    )
    unlisted: Unlisted = Field(
        default=Unlisted.LEAVE,
        description="Customised types that the policy does not name: leave or reset them.",
    )
    responses: Responses = Field(default_factory=dict)
    wherever_customised: WhereverCustomised = None
    use: Uses = Field(default_factory=list)
    deploy: DeployField = None
    rules: list[RuleSpec] = Field(
        default_factory=list,
        description="What differs for some APIs: every rule that matches an API counts, and later ones win,"
        " key by key.",
    )
    rollout: RolloutSpec | None = Field(
        default=None,
        description="How the policy is rolled out: in waves, behind gates, within budgets, guard rails and"
        " windows.",
    )
    locked: list[Text] = Field(
        default_factory=list,
        description="What neither later rules nor later files may weaken: presets that this file uses,"
        " response types that it names, names of its rules, or `deploy`.",
        examples=[["security-headers", "WAF_FILTERED"]],
    )
    exemptions: list[ExemptionSpec] = Field(
        default_factory=list, description="APIs that are left alone, for some types or all, and why."
    )
