"""Gates: what is asked after each wave."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from batchgw.model.rollout.gate import MetricName, OnInconclusive
from batchgw.policy.fields import FEW, MIN_ONE, NOT_EMPTY, Strict, Text
from batchgw.policy.findings import reject
from batchgw.policy.form_rules import SCHEMA
from batchgw.policy.schema.amounts import CountText, DurationText, PercentText, TrueWord

_CHECKS = ("prompt", "probe", "command", "alarm", "metric", "calendar")

_MEANS = {
    "timeout": ("command", "probe"),
    "min_requests": ("metric",),
    "confidence": ("metric",),
    "tolerance": ("metric",),
}
"""To which gates a key means something."""


def _check_argv(argv: list[str]) -> list[str]:
    if not argv[0]:
        raise reject(SCHEMA, "a command begins with the name of a program, and this one is empty")
    return argv


class GateSpec(Strict):
    """What is asked after each wave, by exactly one of prompt, probe, command, alarm, metric or calendar."""

    name: Text | None = Field(
        default=None,
        min_length=1,
        description="Its name, for `--skip-gate` and reports; made of what it asks, when left out.",
    )
    prompt: TrueWord | None = Field(default=None, description="true: a person is asked.")
    probe: TrueWord | None = Field(
        default=None, description="true: the wave's own stages must answer as the policy says."
    )
    command: Annotated[list[Text], FEW, NOT_EMPTY, AfterValidator(_check_argv)] | None = Field(
        default=None,
        description="A program and its arguments, run without a shell: it ends with 0 for pass, 75 where it"
        " cannot tell, and anything else for fail.",
        json_schema_extra=MIN_ONE,
        examples=[["./smoke.sh"]],
    )
    alarm: Text | None = Field(
        default=None,
        min_length=1,
        description="The name or ARN of an alarm of CloudWatch, metric or composite. It must be OK before the"
        " wave and through its bake.",
        examples=["api-errors"],
    )
    metric: MetricName | None = Field(
        default=None, description="A metric of the wave's stages, compared with that of the waves to come."
    )
    calendar: Text | None = Field(
        default=None, min_length=1, description="The name or ARN of an SSM Change Calendar: it must be open."
    )
    timeout: DurationText | None = Field(
        default=None, description="How long a command or a probe may take; 10m, when left out."
    )
    min_requests: CountText | None = Field(
        default=None, description="Requests that a metric needs on each side; 100, when left out."
    )
    confidence: PercentText | None = Field(
        default=None,
        description="How certain it must be that the wave is worse, for a metric to fail; 95% without it.",
    )
    tolerance: PercentText | None = Field(
        default=None,
        description="What of a metric counts as no worse: points of an error rate, a share of a latency; 0%,"
        " when left out.",
    )
    on_inconclusive: OnInconclusive | None = Field(
        default=None, description="As in the rollout, for this gate."
    )
    hold_for: DurationText | None = Field(default=None, description="As in the rollout, for this gate.")

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        asked = [each for each in _CHECKS if getattr(self, each) is not None]
        if len(asked) != 1:
            raise reject(SCHEMA, f"a gate asks exactly one thing: {', '.join(_CHECKS)}")
        allowed = {
            "command": {"timeout"},
            "probe": {"timeout"},
            "metric": {"min_requests", "confidence", "tolerance"},
        }
        for key in ("timeout", "min_requests", "confidence", "tolerance"):
            if getattr(self, key) is not None and key not in allowed.get(asked[0], set()):
                raise reject(SCHEMA, f"`{key}` means nothing to the gate `{asked[0]}`")
        return self


def _gate_tag(value: object) -> str:
    return "mapping" if isinstance(value, dict | GateSpec) else "word"


GateValue = Annotated[
    Annotated[GateSpec, Tag("mapping")] | Annotated[Literal["prompt", "probe"], Tag("word")],
    Discriminator(_gate_tag),
]
"""A gate; `prompt` and `probe` may stand alone."""
