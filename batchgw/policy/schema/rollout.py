"""How a policy is rolled out: in waves, behind gates, within budgets, guard rails and windows."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from batchgw.model.rollout.gate import OnInconclusive
from batchgw.model.rollout.limits import OnFailure
from batchgw.model.rollout.wave import WaveOrder
from batchgw.policy.fields import FEW, MIN_ONE, NOT_EMPTY, RegionText, Strict, Text
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.grammar.amounts import percent_of
from batchgw.policy.schema.amounts import AmountText, CountText, DurationText, TrueWord
from batchgw.policy.schema.gates import GateValue
from batchgw.policy.schema.windows import WindowSpec
from batchgw.policy.schema.words import AccountGlob, OuText

_UNITS = ("size", "accounts", "ou", "tags", "stages", "rest")


def _check_size(text: str) -> str:
    if text.rstrip("%").strip("0.") == "":
        raise reject(SCHEMA, "a wave has at least one API: write 1, or a share such as 1%")
    return text


class WaveSpec(Strict):
    """APIs that go before the next ones, by exactly one of size, accounts, ou, tags, stages or rest."""

    size: Annotated[AmountText, AfterValidator(_check_size)] | None = Field(
        default=None,
        description="How many APIs waves of a size have taken when this one has: a number, or a share of all"
        " APIs that have something to change or to make live.",
        examples=["5%"],
    )
    accounts: Annotated[list[AccountGlob], NOT_EMPTY] | None = Field(
        default=None,
        description="Ids of accounts, and globs over their names.",
        json_schema_extra=MIN_ONE,
    )
    ou: OuText | None = Field(
        default=None, description="An OU, with all that is in it.", examples=["/Staging/**"]
    )
    tags: dict[Text, Text] | None = Field(
        default=None,
        description="Tags that an API carries, each a glob.",
        examples=[{"tier": "test"}],
    )
    stages: Annotated[list[Text], FEW, NOT_EMPTY] | None = Field(
        default=None,
        description="Stages, by name or glob: APIs all of whose stages that are moved are among them.",
        json_schema_extra=MIN_ONE,
        examples=[["test"]],
    )
    rest: TrueWord | None = Field(default=None, description="true: all APIs that are left.")
    allow_empty: bool = Field(
        default=False, description="Whether it may have no API; else nothing is written then."
    )

    @model_validator(mode="after")
    def _has_one_unit(self) -> Self:
        if sum(getattr(self, unit) not in (None, {}) for unit in _UNITS) != 1:
            raise reject(SCHEMA, f"a wave has exactly one of {', '.join(_UNITS)}")
        return self


def _check_waves(waves: list[WaveSpec]) -> list[WaveSpec]:
    if any(wave.rest for wave in waves[:-1]):
        raise reject(SCHEMA, "no wave takes anything after the one with `rest`: let that be the last")
    if not waves[-1].rest and (waves[-1].size or "") != "100%":
        raise reject(SCHEMA, "the last wave takes what the others leave: add {rest: true}")
    for shares in (True, False):
        sizes = [wave.size for wave in waves if wave.size and wave.size.endswith("%") is shares]
        numbers = [percent_of(size) if shares else int(size) for size in sizes]
        if any(a >= b for a, b in pairwise(numbers)):
            raise reject(SCHEMA, "sizes count the waves before as well, so each is larger than the last")
    return waves


class MaxFailuresSpec(Strict):
    """How many failures are borne: numbers, or shares of the targets of their kind, rounded down."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    per_scope: AmountText | None = Field(default=None, description="In one account-region.", examples=[5])
    per_wave: AmountText | None = Field(default=None, description="In one wave.", examples=["2%"])
    run: AmountText | None = Field(default=None, description="In the whole run.", examples=[10])
    scopes: AmountText | None = Field(
        default=None, description="Account-regions that are given up, such as those that are denied."
    )


def _check_percent(text: str) -> str:
    try:
        percent_of(text if text.endswith("%") else f"{text}%")
    except ValueError:
        raise reject(SCHEMA, "a share of all APIs is from 0 to 100, such as 30") from None
    return text


class LimitsSpec(Strict):
    """How much a plan may do. What is beyond is refused before the first write, unless `--allow` names it."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    apis: CountText | None = Field(
        default=None, description="REST APIs that are changed or made live.", examples=[2000]
    )
    percent: Annotated[Text, AfterValidator(_check_percent)] | None = Field(
        default=None, description="The same, in per cent of all REST APIs of the plan.", examples=[30]
    )
    resets: CountText | None = Field(
        default=None, description="Response types that are reset to the service's default.", examples=[0]
    )
    status_changes: CountText | None = Field(
        default=None, description="Response types whose status code changes.", examples=[50]
    )
    stages: CountText | None = Field(default=None, description="Stages that are moved.", examples=[200])


class RegionOrderSpec(Strict):
    """Which regions come first."""

    order: Annotated[list[RegionText], FEW, NOT_EMPTY] = Field(
        description="Regions to begin with in each wave, in this order; the others come after them.",
        json_schema_extra=MIN_ONE,
    )


def _check_some(text: str) -> str:
    if int(text) == 0:
        raise reject(SCHEMA, "at least one account-region is worked on at a time")
    return text


def _window_tag(value: object) -> str:
    return "windows" if isinstance(value, list) else "window"


class RolloutSpec(Strict):
    """How the policy is rolled out: in waves, each of which is watched before the next begins."""

    waves: Annotated[list[WaveSpec], FEW, NOT_EMPTY, AfterValidator(_check_waves)] | None = Field(
        default=None,
        description="Who goes first, and who after that; an API is in the first wave that takes it. All at"
        " once, when left out.",
        json_schema_extra=MIN_ONE,
    )
    order: WaveOrder = Field(
        default=WaveOrder.SPREAD,
        description="How waves of a size choose: spread over accounts and regions, or one account or region"
        " after the other.",
    )
    seed: Text = Field(default="0", description="Another seed chooses others; the same one chooses the same.")
    bake: DurationText | None = Field(
        default=None,
        description="How long each wave is watched before the next.",
        examples=["10m"],
    )
    gates: Annotated[list[GateValue], FEW] = Field(
        default_factory=list, description="What must be good before the next wave begins."
    )
    on_inconclusive: OnInconclusive = Field(
        default=OnInconclusive.HOLD,
        description="What happens where a gate cannot tell: hold (a person decides), pass, or fail.",
    )
    hold_for: DurationText | None = Field(
        default=None, description="How long a hold waits for a person; 1h, when left out."
    )
    max_failures: MaxFailuresSpec = Field(
        default_factory=MaxFailuresSpec, description="How many failures are borne; any number, when left out."
    )
    limits: LimitsSpec = Field(
        default_factory=LimitsSpec, description="How much a plan may do; anything, when left out."
    )
    on_failure: OnFailure = Field(
        default=OnFailure.STOP,
        description="What happens when a gate fails or too much has failed: stop, and perhaps take back the"
        " wave or the run.",
    )
    window: (
        Annotated[
            Annotated[WindowSpec, Tag("window")]
            | Annotated[list[WindowSpec], FEW, NOT_EMPTY, Tag("windows")],
            Discriminator(_window_tag),
        ]
        | None
    ) = Field(
        default=None,
        description="When calls may be made: a window, or a list of which all must be open. Always, when left"
        " out.",
    )
    max_parallel_scopes: Annotated[CountText, AfterValidator(_check_some)] | None = Field(
        default=None,
        description="Account-regions that are worked on side by side; all of a wave, when left out.",
        examples=[20],
    )
    regions: RegionOrderSpec | None = Field(default=None, description="Which regions come first.")
