"""The words that say where to look: accounts, regions, how to get in, and which REST APIs there."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from batchgw.policy.fields import (
    FEW,
    MIN_ONE,
    NOT_EMPTY,
    AccountText,
    ExternalIdText,
    RegionText,
    RoleText,
    SessionNameText,
    SourceIdentityText,
    Strict,
    Text,
)
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.grammar.session_tags import faults_of_tags
from batchgw.policy.schema.selectors import AccountSelectorSpec, SelectorSpec
from batchgw.policy.schema.words import OuText

ORGANIZATION = "organization"
"""Stands for every account of the organisation."""


class ApisSpec(Strict):
    """Which REST APIs: any of `include`, and none of `exclude`."""

    include: Annotated[list[SelectorSpec], NOT_EMPTY] | None = Field(
        default=None,
        description="APIs to target: all, when this is left out.",
        json_schema_extra=MIN_ONE,
    )
    exclude: list[SelectorSpec] = Field(
        default_factory=list, description="APIs to leave alone, even if included."
    )


def _account_item_tag(value: object) -> str:
    if isinstance(value, dict | AccountSelectorSpec):
        return "selector"
    return "path" if isinstance(value, str) and value.startswith(("/", "ou-", "r-")) else "account"


AccountItem = Annotated[
    Annotated[AccountText, Tag("account")]
    | Annotated[OuText, Tag("path")]
    | Annotated[AccountSelectorSpec, Tag("selector")],
    Discriminator(_account_item_tag),
]
"""An account id, `current`, an OU, or a selector of accounts."""


def _include_tag(value: object) -> str:
    return "items" if isinstance(value, list) else "word"


class AccountsSpec(Strict):
    """Accounts of the organisation: any of `include`, and none of `exclude`."""

    include: Annotated[
        Annotated[Literal["organization"], Tag("word")]
        | Annotated[list[AccountItem], NOT_EMPTY, Tag("items")],
        Discriminator(_include_tag),
    ] = Field(
        default="organization",
        description="`organization`: every account; or a list of ids, OUs and selectors of accounts.",
        json_schema_extra=MIN_ONE,
    )
    exclude: list[AccountItem] = Field(
        default_factory=list, description="Accounts to leave out, in the same words."
    )


def _accounts_tag(value: object) -> str:
    if isinstance(value, list):
        return "items"
    return "mapping" if isinstance(value, dict | AccountsSpec) else "word"


def _true(value: object) -> object:
    if value in (True, "true", "True"):
        return True
    raise reject(SCHEMA, "`enabled` is true, or the regions are a list: there is no other choice")


class EnabledRegionsSpec(Strict):
    """The regions that each account has enabled, but for some."""

    enabled: Annotated[Literal[True], BeforeValidator(_true)] = Field(
        description="true: the regions that each account has enabled."
    )
    exclude: Annotated[list[RegionText], FEW] = Field(
        default_factory=list, description="Regions to leave out.", examples=[["us-east-1"]]
    )
    order: Annotated[list[RegionText], FEW] = Field(
        default_factory=list, description="Regions to begin with, in this order.", examples=[["eu-west-1"]]
    )


def _regions_tag(value: object) -> str:
    if isinstance(value, dict | EnabledRegionsSpec):
        return "mapping"
    return "word" if value == "enabled" else "items"


def _session_tags(tags: dict[str, str]) -> dict[str, str]:
    for fault in faults_of_tags(tags):
        raise reject(SCHEMA, fault)
    return tags


class RoleLinkSpec(Strict):
    """A role of a chain."""

    role: RoleText = Field(
        description="The role's name, or its ARN; {account} in it is the account, and * stands for any"
        " partition."
    )
    external_id: ExternalIdText | None = Field(
        default=None, description="The external id that the role's trust policy asks for."
    )
    session_tags: Annotated[dict[Text, Text], AfterValidator(_session_tags)] = Field(
        default_factory=dict,
        description="Tags of the role's sessions, which are passed on to the roles after it.",
        examples=[{"team": "platform"}],
    )
    source_identity: SourceIdentityText | None = Field(
        default=None, description="Who is behind the role's sessions, for CloudTrail."
    )


def _link_tag(value: object) -> str:
    return "link" if isinstance(value, dict | RoleLinkSpec) else "text"


RoleLink = Annotated[
    Annotated[RoleText, Tag("text")] | Annotated[RoleLinkSpec, Tag("link")], Discriminator(_link_tag)
]


def _role_tag(value: object) -> str:
    return "chain" if isinstance(value, list) else _link_tag(value)


Roles = Annotated[
    Annotated[RoleText, Tag("text")]
    | Annotated[RoleLinkSpec, Tag("link")]
    | Annotated[list[RoleLink], NOT_EMPTY, FEW, Tag("chain")],
    Discriminator(_role_tag),
]
"""A role, or a chain of them, each assumed with the keys of the one before."""


def links(roles: str | RoleLinkSpec | list[str | RoleLinkSpec] | None) -> list[RoleLinkSpec]:
    """Give a chain of roles in its long form."""
    if roles is None:
        return []
    listed = roles if isinstance(roles, list) else [roles]
    return [RoleLinkSpec(role=each) if isinstance(each, str) else each for each in listed]


class OrganizationSpec(Strict):
    """How the organisation itself is read."""

    role: Roles | None = Field(
        default=None,
        description="The role, or chain of roles, that may read the organisation; the credentials as they"
        " are, when left out.",
        examples=["arn:aws:iam::111122223333:role/OrganizationReader"],
    )


class TargetsSpec(Strict):
    """Where to look: regions, accounts, how to reach them, and which APIs there."""

    regions: (
        Annotated[
            Annotated[Literal["enabled"], Tag("word")]
            | Annotated[list[RegionText], NOT_EMPTY, FEW, Tag("items")]
            | Annotated[EnabledRegionsSpec, Tag("mapping")],
            Discriminator(_regions_tag),
        ]
        | None
    ) = Field(
        default=None,
        description="Regions to look in, or `enabled`: those that each account has enabled; the default"
        " region of the credentials, when left out.",
        examples=[["eu-west-1", "us-east-1"]],
        json_schema_extra=MIN_ONE,
    )
    accounts: Annotated[
        Annotated[Literal["current", "organization"], Tag("word")]
        | Annotated[list[AccountItem], NOT_EMPTY, Tag("items")]
        | Annotated[AccountsSpec, Tag("mapping")],
        Discriminator(_accounts_tag),
    ] = Field(
        default="current",
        description="`current`: the account of the credentials; `organization`: every account of the"
        " organisation; or a list of ids, OUs (ou-…, r-…, /Prod/**) and selectors of accounts, each reached"
        " through `role`. `current` may stand among ids; the credentials' own account is reached directly.",
        json_schema_extra=MIN_ONE,
    )
    role: Roles | None = Field(
        default=None,
        description="The role to assume in each account: its name, or an ARN with {account} in it"
        " (arn:*:... in any partition); or a chain of roles, the last of which is that one.",
        examples=["OrganizationBatchgw", "arn:aws:iam::{account}:role/ops/Batchgw"],
    )
    external_id: ExternalIdText | None = Field(
        default=None, description="The external id that the role's trust policy asks for."
    )
    session_name: SessionNameText | None = Field(
        default=None, description="The session name that CloudTrail shows; the run's id, when left out."
    )
    apis: ApisSpec = Field(default_factory=ApisSpec, description="Which REST APIs; all, when left out.")

    @model_validator(mode="after")
    def _knows_its_external_id(self) -> Self:
        chain = links(self.role)
        if self.external_id is not None and chain and chain[-1].external_id is not None:
            raise reject(SCHEMA, "the external id of the last role stands in the chain too; keep one of them")
        return self
