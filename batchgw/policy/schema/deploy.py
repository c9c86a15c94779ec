"""Which stages of an API are made live, and how."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from batchgw.model.deploy import ALL_TRAFFIC, Verify
from batchgw.model.owner import OnManaged
from batchgw.policy.fields import FEW, MIN_ONE, NOT_EMPTY, Strict, Text
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.grammar.amounts import duration_of, percent_of
from batchgw.policy.schema.amounts import DurationText, PercentText

NONE: Final = "none"
"""The word that takes a deployment, or a canary, away again."""


def _word(value: object) -> object:
    return NONE if value in ("none", "false") else value


Nothing = Annotated[Literal["none"], BeforeValidator(_word), WithJsonSchema({"enum": [NONE, False]})]
"""`none`, or false."""


def _check_steps(steps: list[str]) -> list[str]:
    shares = [0.0, *map(percent_of, steps)]
    if shares[-1] != ALL_TRAFFIC or any(a >= b for a, b in pairwise(shares)):
        raise reject(SCHEMA, "the steps of a canary ascend, from more than 0% to 100%, as in [10%, 100%]")
    return steps


def _check_stages(stages: list[str]) -> list[str]:
    if not all(stages):
        raise reject(SCHEMA, "a stage has a name, and this one is empty")
    return stages


def _check_some_time(text: str) -> str:
    if duration_of(text) == 0:
        raise reject(SCHEMA, "a stage is never live at once: give it some time, such as 2m")
    return text


def _is_list(value: object) -> str:
    return "steps" if isinstance(value, list) else "word"


class DeploySpec(Strict):
    """Which stages are made live with what the policy sets, and how. A layer wins over others key by key."""

    stages: Annotated[list[Text], FEW, NOT_EMPTY, AfterValidator(_check_stages)] | None = Field(
        default=None,
        description="Stages, by name or glob; case counts. An API that lacks a stage that is named without a"
        " glob fails there: none is created.",
        json_schema_extra=MIN_ONE,
        examples=[["prod", "blue-*"]],
    )
    canary: (
        Annotated[
            Annotated[
                list[PercentText],
                FEW,
                NOT_EMPTY,
                AfterValidator(_check_steps),
                Tag("steps"),
            ]
            | Annotated[Nothing, Tag("word")],
            Discriminator(_is_list),
        ]
        | None
    ) = Field(
        default=None,
        description="The steps of a canary, shares of the stage's traffic; the last is 100%. `none`: none.",
        examples=[["10%", "50%", "100%"]],
    )
    bake: DurationText | None = Field(
        default=None, description="How long each step of a canary is watched; 0 without it.", examples=["10m"]
    )
    verify: Verify | None = Field(
        default=None,
        description="How it is seen that a stage is live: by its export (when left out), by a request to it,"
        " or by both.",
    )
    verify_within: Annotated[DurationText, AfterValidator(_check_some_time)] | None = Field(
        default=None, description="How long it may take until that is seen; 2m without it.", examples=["5m"]
    )
    on_managed: OnManaged | None = Field(
        default=None,
        description="What becomes of stages that another tool manages: hold (when left out) leaves them as"
        " they are, warn moves them nevertheless, fail makes each a failure.",
    )


def _deploy_tag(value: object) -> str:
    return "mapping" if isinstance(value, dict | DeploySpec) else "word"


DeployValue = Annotated[
    Annotated[DeploySpec, Tag("mapping")] | Annotated[Nothing, Tag("word")], Discriminator(_deploy_tag)
]
"""Stages and how they are made live, or `none`: no stage is."""

DeployField = Annotated[
    DeployValue | None,
    Field(description="Which stages are made live with what the policy sets, and how; `none`: no stage is."),
]
