"""What `scripts/demo --rollout` shows, in this process: the same walk through a smaller world."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts import demo_rollout
from scripts.demo_rollout import Answer, Rollout, curl, settings
from tests.unit.cli_driver import batchgw, clean_environment, served


def test_the_rollout_of_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It goes there and back, and ends with an error where an answer or an exit code is wrong."""
    policy = str(Path(demo_rollout.POLICY).resolve())
    clean_environment(monkeypatch, tmp_path)
    monkeypatch.setattr(demo_rollout, "POLICY", policy)
    world = {"accounts": 1, "regions": 1, "customised": 0, "canary": 0, "exempt": 0}
    with served(monkeypatch, **world) as ready:
        for name, value in settings(ready.to_json(), tmp_path).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("BATCHGW_NO_MEMORY", "1")
        (tmp_path / "quotas.yaml").write_text("operations: {CreateDeployment: {rate: 1000, burst: 1000}}\n")

        def walk(code: int | None = None, answer: Answer | None = None) -> int:
            """Walk with curl where it is; `code` and `answer` stand for whatever comes instead."""
            return Rollout(
                endpoint=ready.endpoint,
                selection=["--region", ready.regions[0]],
                folder=tmp_path,
                run=lambda arguments: batchgw(*arguments).code if code is None else code,
                curl=lambda url: answer or curl(url, {}),
            ).show()

        capfd.readouterr()
        assert walk() > 2
        shown = capfd.readouterr().out
        monkeypatch.setattr(shutil, "which", lambda _: None)
        one = curl(next(each for each in shown.split() if each.startswith("http")), {})
        assert f"{one[0]} {one[1]}\n" in shown
        assert capfd.readouterr().out == f"{one[0]} {one[1]}\n"
        with pytest.raises(SystemExit, match="batchgw plan exited 64, not 2"):
            walk(code=64)
        with pytest.raises(SystemExit, match="this stage should answer as before now"):
            walk(answer=("{}", 500))
    assert shown.count('{"message":"Missing Authentication Token"} 403') == 5
    assert shown.count('{"message":"no such path"') == 3
