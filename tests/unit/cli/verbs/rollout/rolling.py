"""A small world that is rolled out to by the command line, as often as a test likes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from batchgw.simulator.over_http.options import ReadyInfo
from tests.unit.cli_driver import Result, batchgw, clean_environment, served
from tests.unit.cli_terminal import Screen, at_terminal

POLICY = """\
version: 1
targets: {{regions: [eu-west-1]}}
responses: {{THROTTLED: {{status: {status}}}}}
deploy: {{stages: ['prod*']}}
rollout: {{waves: [{{size: 1}}, {{rest: true}}], {rollout}}}
"""


class World:
    """Four APIs, of which each policy that is written wants something new."""

    def __init__(self, ready: ReadyInfo, folder: Path) -> None:
        self._ready = ready
        self._path = folder / "p.yaml"
        self._statuses = count(430)
        self._status = 0

    def policy(self, rollout: str = "", *, deploys: bool = False, again: bool = False) -> str:
        """Write the policy of a rollout, and give its file's name. `again`: with the last one's responses."""
        self._status = self._status if again else next(self._statuses)
        text = POLICY.format(status=self._status, rollout=rollout)
        lines = [each for each in text.splitlines() if deploys or not each.startswith("deploy")]
        self._path.write_text("\n".join(lines).replace(", }", "}") + "\n")
        return self._path.name

    def tell(self, what: str, script: object) -> None:
        """Replace the world's `signals` or `faults`."""
        data = json.dumps(script).encode()
        with urlopen(Request(f"{self._ready.endpoint}/_batchgw/{what}", data=data)) as answer:  # noqa: S310 - our own server
            assert answer.status == 200

    def apply(self, rollout: str = "", *more: str, deploys: bool = False) -> Result:
        """Apply a policy without a terminal, and without a question before the first write."""
        return batchgw("apply", self.policy(rollout, deploys=deploys), "--yes", *more)

    def watched(self, rollout: str = "", *more: str, answers: tuple[str, ...] = ()) -> Screen:
        """Do the same at a terminal."""
        return at_terminal("apply", self.policy(rollout), "--yes", *more, answers=answers)


@contextmanager
def rolling(monkeypatch: pytest.MonkeyPatch, folder: Path, **options: object) -> Iterator[World]:
    """Serve the world, at a pace that keeps nobody waiting."""
    clean_environment(monkeypatch, folder)
    (folder / "quotas.yaml").write_text("operations: {CreateDeployment: {rate: 1000, burst: 1000}}\n")
    for name, value in {
        "RATE": "1000",
        "BURST": "1000",
        "NO_MEMORY": "1",
        "QUOTA_FILE": "quotas.yaml",
    }.items():
        monkeypatch.setenv(f"BATCHGW_{name}", value)
    with served(monkeypatch, **{"apis": 4, "accounts": 1, "regions": 1, **options}) as ready:
        yield World(ready, folder)
