"""The words that say which REST APIs are meant, and which accounts."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from batchgw.policy.fields import AccountIdText, ApiIdText, Strict, Text
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import EMPTY_SELECTOR
from batchgw.policy.schema.words import (
    AccountGlob,
    ExpressionText,
    MomentText,
    OuText,
    OwnerText,
    RegionGlob,
)


class CreatedSpec(Strict):
    """When an API was created. A date counts as its midnight in UTC."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    before: MomentText | None = Field(
        default=None, description="Created before this moment.", examples=["2024-01-31"]
    )
    after: MomentText | None = Field(
        default=None, description="Created at this moment or later.", examples=["2023-01-01"]
    )

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.before is None and self.after is None:
            raise reject(EMPTY_SELECTOR, "say `before`, `after`, or both")
        return self


class SelectorSpec(Strict):
    """Matches a REST API when every given field does."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    id: ApiIdText | None = Field(default=None, description="The API's id.", examples=["a1b2c3d4e5"])
    name: Text | None = Field(
        default=None, description="A glob over the API's name; case counts.", examples=["orders-*"]
    )
    tags: dict[Text, Text] = Field(
        default_factory=dict,
        description="Tags the API must carry; each value is a glob.",
        examples=[{"tier": "public"}],
    )
    account: AccountGlob | None = Field(
        default=None,
        description="The id of the API's account, or a glob over the account's name.",
        examples=["payments-*"],
    )
    region: RegionGlob | None = Field(
        default=None, description="A glob over the API's region.", examples=["eu-*"]
    )
    ou: OuText | None = Field(
        default=None,
        description="An OU that the API's account is in, or below which: ou-…, r-…, or a path of names with"
        " globs.",
        examples=["/Prod/**"],
    )
    endpoint: Literal["EDGE", "REGIONAL", "PRIVATE"] | None = Field(
        default=None, description="The API's endpoint type."
    )
    created: CreatedSpec | None = Field(default=None, description="When the API was created.")
    owner: OwnerText | None = Field(
        default=None,
        description="Who manages the API: cloudformation, cdk, sam, serverless, terraform or unknown; or"
        " kind:NAME, where the name is a glob.",
        examples=["cloudformation:payments-*"],
    )
    expression: ExpressionText | None = Field(
        default=None,
        description="A JMESPath expression that must be true, for what the other words do not reach.",
        examples=["starts_with(name, 'orders-') && !tags.legacy"],
    )

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if all(getattr(self, word) in (None, {}) for word in type(self).model_fields):
            raise reject(
                EMPTY_SELECTOR,
                'a selector needs an id, a name, tags or another word; every API is {"name": "*"}',
            )
        return self


class AccountSelectorSpec(Strict):
    """Matches an account of the organisation when every given field does."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    id: AccountIdText | None = Field(default=None, description="The account's id.", examples=["111122223333"])
    ou: OuText | None = Field(
        default=None,
        description="An OU that the account is in, or below which: ou-…, r-…, or a path of names with globs.",
        examples=["/Prod/**"],
    )
    name: Text | None = Field(
        default=None, description="A glob over the account's name; case counts.", examples=["payments-*"]
    )
    tags: dict[Text, Text] = Field(
        default_factory=dict,
        description="Tags the account must carry in the organisation; each value is a glob.",
        examples=[{"tier": "prod"}],
    )

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.id is None and self.ou is None and self.name is None and not self.tags:
            raise reject(
                EMPTY_SELECTOR,
                "an account selector needs an id, an ou, a name or tags; or write `organization`",
            )
        return self
