"""The list of deviations is true for the emulators and for AWS, and the page shows all of it.

A test that fails here says that an emulator has mended something (or broken it otherwise): correct the entry
in `deviations.py`, or take it out there and in `docs/emulators.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from batchgw.simulator.over_http.serve import ReadyInfo, ServeOptions, running
from tests.integration.deviations import MINISTACK, MOTO, Deviation
from tests.integration.emulator import Emulator, Keys

PAGE = Path(__file__).parents[2] / "docs" / "emulators.md"

UNTHROTTLED = ServeOptions(apis=0, accounts=2, regions=1, no_throttle=True, latency=0.0, latency_p99=0.0)


@pytest.fixture(scope="module")
def simulator() -> Iterator[Emulator]:
    """Give the simulator in place of AWS: its answers were compared with recordings of the service."""
    with running(UNTHROTTLED) as ready:
        yield _of(ready)


@pytest.fixture(scope="module")
def throttled_simulator() -> Iterator[Emulator]:
    with running(replace(UNTHROTTLED, no_throttle=False)) as ready:
        yield _of(ready)


def _of(ready: ReadyInfo) -> Emulator:
    account = ready.accounts[0]
    keys = Keys(
        access_key_id=ready.keys[account]["access_key_id"],
        secret_access_key=ready.keys[account]["secret_access_key"],
    )
    return Emulator(name="simulator", url=ready.endpoint, account=account, keys=keys)


@pytest.mark.parametrize("name", MOTO)
def test_moto_deviates(only_moto: Emulator, name: str) -> None:
    assert MOTO[name].ask(only_moto) == MOTO[name].here


@pytest.mark.parametrize("name", MINISTACK)
def test_ministack_deviates(only_ministack: Emulator, name: str) -> None:
    assert MINISTACK[name].ask(only_ministack) == MINISTACK[name].here


@pytest.mark.parametrize("deviation", [pytest.param(d, id=name) for name, d in {**MINISTACK, **MOTO}.items()])
def test_aws_answers_as_the_list_says(deviation: Deviation, request: pytest.FixtureRequest) -> None:
    stand_in = request.getfixturevalue("throttled_simulator" if deviation.throttled else "simulator")
    assert deviation.ask(stand_in) == deviation.aws
    assert deviation.aws != deviation.here


@pytest.mark.parametrize(("title", "deviations"), [("moto", MOTO), ("MiniStack", MINISTACK)])
def test_the_page_tells_of_every_deviation_and_of_no_other(
    title: str, deviations: Mapping[str, Deviation]
) -> None:
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {title}")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", section, re.MULTILINE) == list(deviations)
