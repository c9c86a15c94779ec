"""A rollout, for real: a response is made live in waves over HTTP and taken back, as callers see it.

Everything is checked: each exit code, and what the stages answer. The demo ends with an error where one is
not as it should be.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from batchgw.model import PlannedApi
from batchgw.planning.plan_file.plan import Plan
from scripts.demo_world import batchgw, environment, expect, opened, simulator, told, where

POLICY = "examples/policies/rollout.yaml"
WORLD = ("--apis", "24", "--accounts", "2", "--regions", "2", "--customised", "0", "--canary", "0")
SCALE = 10  # times AWS's quotas, so that nobody waits: one deployment in 5 s becomes two a second
PROPAGATION = 1.0  # seconds until callers see a change of a stage
PATIENCE = 30.0  # seconds in which callers must see what was taken back
PATH = "/restapis/{api}/{stage}/_user_request_/no-such-path"
CURL = ["curl", "-s", "-w", r" %{http_code}\n"]

Answer = tuple[str, int]
"""Body and status."""

BEFORE: Answer = ('{"message":"Missing Authentication Token"}', 403)
"""What API Gateway says by itself."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage that is made live in a wave. `url` has a path that no route of it matches."""

    wave: int
    url: str


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """The walk: `run` gives the exit code of a command, and `curl` asks a stage before the reader's eyes."""

    endpoint: str
    selection: list[str]
    folder: Path
    run: Callable[[list[str]], int]
    curl: Callable[[str], Answer]

    def show(self) -> int:
        """Go there and back, and give how many stages took part. Ends the demo where anything is wrong."""
        plan = str(self.folder / "rollout.plan")
        self._batchgw("plan", POLICY, *self.selection, "--out", plan, expected=2)
        stages = stages_of(plan, self.endpoint)
        self._see("Before: API Gateway answers as it does by itself", stages)
        self._batchgw("apply", "--plan", plan, "--yes", expected=3)
        self._see("The first wave is live, the rest is not", stages, live={1})
        self._batchgw("promote", "last", "--reason", "it answers as planned", expected=0)
        self._batchgw("resume", "last", "--yes", expected=0)
        self._see("All of it is live", stages, live={1, 2})
        self._batchgw("rollback", "last", "--yes", expected=0)
        self._wait_for_callers(stages)
        self._see("And it is back", stages)
        return len(stages)

    def _batchgw(self, *arguments: str, expected: int) -> None:
        expect(list(arguments), expected, self.run)

    def _see(self, title: str, stages: list[Stage], *, live: frozenset[int] | set[int] = frozenset()) -> None:
        """Ask a stage of each wave with curl, and all others quietly: those of a wave answer alike."""
        print(f"\n{title}:", flush=True)
        for stage in {each.wave: each for each in stages}.values():
            told([*CURL, stage.url])
            if not as_expected(self.curl(stage.url), live=stage.wave in live):
                wanted = "as planned" if stage.wave in live else "as before"
                sys.exit(f"error: this stage should answer {wanted} now")
        wrong = [each.url for each in stages if not as_expected(asked(each.url), live=each.wave in live)]
        if wrong:
            sys.exit(f"error: {len(wrong)} other stages do not answer like these; one is {wrong[0]}")
        count = sum(stage.wave in live for stage in stages)
        print(f"\nOf {len(stages)} stages, {count} answer as planned and {len(stages) - count} as before.")

    def _wait_for_callers(self, stages: list[Stage]) -> None:
        """Wait until callers see what was taken back: a rollback looks at the control plane alone."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and any(asked(each.url) != BEFORE for each in stages):
            time.sleep(0.2)


def stages_of(plan: str, endpoint: str) -> list[Stage]:
    """Read in a plan which stages are made live, in the order of their waves."""
    with Plan.open(Path(plan)) as found:
        waves = {
            (scope, api): number
            for number, _, members in found.waves or ()
            for scope, apis in members.items()
            for api in apis
        }
        stages = [
            Stage(
                wave=waves[item.api.scope, item.api.id],
                url=endpoint + PATH.format(api=item.api.id, stage=change.target.name),
            )
            for item in found.items()
            if isinstance(item, PlannedApi)
            for change in item.pending
            if change.target.kind == "stage"
        ]
    if {stage.wave for stage in stages} != {1, 2}:
        sys.exit("error: the plan does not make stages live in two waves")
    return sorted(stages, key=lambda stage: stage.wave)


def as_expected(answer: Answer, *, live: bool) -> bool:
    """Tell whether it is what the policy says, or what was there before."""
    body, status = answer
    if not live:
        return answer == BEFORE
    return status == HTTPStatus.NOT_FOUND and json.loads(body).get("message") == "no such path"


def asked(url: str) -> Answer:
    """Ask a stage."""
    try:
        with opened(url) as answer:
            return answer.read().decode(), answer.status
    except HTTPError as error:
        with error:
            return error.read().decode(), error.code


def curl(url: str, env: Mapping[str, str]) -> Answer:
    """Ask a stage with curl, and print its answer; without curl, ask in its place."""
    if shutil.which("curl") is None:
        body, status = asked(url)
        said = f"{body} {status}\n"
    else:
        said = subprocess.run([*CURL, url], env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
    print(said, end="", flush=True)
    body, _, code = said.rstrip().rpartition(" ")
    return body, int(code)


def main() -> None:
    """Serve a world, and show the rollout in it."""
    began = time.monotonic()
    if shutil.which("curl") is None:
        print("There is no curl here: Python asks in its place, and prints what curl would have printed.")
    world = [*WORLD, "--quota-scale", str(SCALE), "--propagation", str(PROPAGATION)]
    with tempfile.TemporaryDirectory(prefix="batchgw-demo-") as folder, simulator(*world) as ready:
        env = environment(ready, Path(folder)) | settings(ready, Path(folder))
        stages = Rollout(
            endpoint=ready["endpoint"],
            selection=where(ready),
            folder=Path(folder),
            run=lambda arguments: batchgw(arguments, env),
            curl=lambda url: curl(url, env),
        ).show()
    took = time.monotonic() - began
    print(f"\n{stages} stages were made live in two waves, and taken back, in {took:.0f} s.")


def settings(ready: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Tell batchgw of the world's quotas and of where its stages are, by variables that are shown."""
    quotas = folder / "quotas.yaml"
    quotas.write_text(f"operations: {{CreateDeployment: {{rate: {SCALE}/5, burst: 1}}}}\n")
    variables = {
        "BATCHGW_RATE": str(10 * SCALE),
        "BATCHGW_QUOTA_FILE": str(quotas),
        "BATCHGW_DATA_PLANE_URL": ready["endpoint"] + "/restapis/{api}/{stage}/_user_request_{path}",
    }
    told(["export", *(f"{name}={value}" for name, value in variables.items())])
    return variables


if __name__ == "__main__":
    main()
