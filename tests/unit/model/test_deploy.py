"""The record of what a policy says of stages."""

from __future__ import annotations

import json

import pytest

from batchgw.model.deploy import Deploy, Verify
from batchgw.model.owner import OnManaged

FULL = Deploy(
    stages=("prod", "blue-*", "prod"),
    canary=(10.0, 50.0, 100.0),
    bake=600.0,
    verify=Verify.BOTH,
    verify_within=300.0,
    on_managed=OnManaged.WARN,
)


@pytest.mark.parametrize("deploy", [FULL, Deploy(stages=("*",))])
def test_json_brings_the_same_record_back(deploy: Deploy) -> None:
    assert Deploy.from_json(json.loads(json.dumps(deploy.to_json()))) == deploy


@pytest.mark.parametrize(
    ("stage", "chosen"),
    [("prod", True), ("Prod", False), ("blue-1", True), ("blue-", True), ("blue", False), ("test", False)],
)
def test_stages_are_chosen_by_name_and_by_glob(stage: str, *, chosen: bool) -> None:
    assert FULL.chooses(stage) is chosen


def test_only_names_without_a_glob_must_be_there() -> None:
    assert FULL.literal_names == ("prod",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stages": []},
        {"stages": [""]},
        {"canary": [10]},
        {"canary": [0, 100]},
        {"canary": [50, 50, 100]},
        {"canary": [50, 100, 10]},
        {"canary": [10, 110]},
        {"bake": -1},
        {"verify_within": 0},
        {"verify": "look"},
        {"on_managed": "maybe"},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Deploy.from_json({**FULL.to_json(), **wrong})  # type: ignore[dict-item]
