"""Compares the simulator's answers with answers that were recorded from AWS.

The recordings are the data of localstack/localstack's validated tests (Apache-2.0). Values that differ
between two recordings are replaced by placeholders: `<id:1>`, `datetime`, account 111111111111.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

Answer = Mapping[str, Any]
"""What a boto3 method returns, or what its ClientError carries."""

_BESIDE = Path(__file__).parents[3] / "shared" / "recordings"
_PLACEHOLDER = re.compile(r"<[a-z-]+(?::\d+)?>")


def folder() -> Path:
    """The folder of the recordings. Skips the test if there is none."""
    place = Path(os.environ.get("BATCHGW_RECORDINGS", _BESIDE))
    if not place.is_dir():
        pytest.skip("no recordings: set BATCHGW_RECORDINGS to their folder")
    return place


def load(file: str) -> dict[str, dict[str, Any]]:
    """The recorded steps of each test in a file, by the test's short name."""
    recorded = json.loads((folder() / file).read_text())
    return {name.partition("::")[2]: test["recorded-content"] for name, test in recorded.items()}


class Recording:
    """The steps of one recorded test. Each of them must be matched exactly once."""

    def __init__(self, steps: Mapping[str, Any]) -> None:
        self._steps = steps
        self._met: set[str] = set()
        self._names: dict[str, str] = {}  # whole values here, and their placeholders
        self._told: dict[str, str] = {}

    def name(self, actual: str, placeholder: str) -> None:
        """Say which placeholder stands for a value inside longer texts, where `match` cannot find it out."""
        self._told[actual] = placeholder

    def match(self, step: str, answer: Answer) -> None:
        """Compare an answer with the recorded one of a step."""
        recorded = self._steps[step]
        ours = {k: v for k, v in answer.items() if k != "ResponseMetadata"}
        if "ResponseMetadata" in recorded:
            status = answer["ResponseMetadata"]["HTTPStatusCode"]
            ours["ResponseMetadata"] = {"HTTPHeaders": {}, "HTTPStatusCode": status}
        self._learn(ours, recorded)
        assert self._normal(ours, recorded) == recorded, step
        assert step not in self._met, f"{step} was met twice"
        self._met.add(step)

    def refused(self, step: str, call: Callable[[], object]) -> None:
        """Make a call that must be refused, and compare the refusal with the recorded one."""
        with pytest.raises(ClientError) as caught:
            call()
        self.match(step, caught.value.response)

    def finish(self) -> int:
        """Check that every step was matched. Returns how many there are."""
        assert self._met == set(self._steps)
        return len(self._met)

    def _learn(self, ours: object, recorded: object) -> None:
        """Note our values where the recording has only a placeholder."""
        if isinstance(ours, Mapping) and isinstance(recorded, Mapping):
            for key in ours.keys() & recorded.keys():
                self._learn(ours[key], recorded[key])
        elif isinstance(ours, list) and isinstance(recorded, list):
            for one, other in zip(ours, recorded, strict=False):
                self._learn(one, other)
        elif (
            isinstance(ours, str)
            and isinstance(recorded, str)
            and _PLACEHOLDER.fullmatch(recorded)
            and recorded not in self._names.values()
        ):
            self._names.setdefault(ours, recorded)

    def _normal(self, ours: object, recorded: object) -> object:
        """Our answer, with the recording's placeholders."""
        if isinstance(ours, datetime):
            return "datetime"
        if isinstance(ours, str):
            # The recordings hold templates that are valid JSON in parsed form.
            return json.loads(ours) if isinstance(recorded, dict) else self._named(ours)
        if isinstance(ours, Mapping):
            theirs = recorded if isinstance(recorded, Mapping) else {}
            return {key: self._normal(value, theirs.get(key)) for key, value in ours.items()}
        if isinstance(ours, list):
            theirs_too = recorded if isinstance(recorded, list) else []
            padded = [*theirs_too, *[None] * len(ours)]
            return [self._normal(one, other) for one, other in zip(ours, padded, strict=False)]
        return ours

    def _named(self, text: str) -> str:
        if text in self._names:
            return self._names[text]
        for actual, placeholder in self._told.items():
            text = text.replace(actual, placeholder)
        return text
