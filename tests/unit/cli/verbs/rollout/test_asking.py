"""Every question of a rollout: without a terminal, and at one with a yes, a no and Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.verbs.rollout.rolling import World, rolling
from tests.unit.cli_driver import batchgw
from tests.unit.cli_terminal import CTRL_C, at_terminal


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    with rolling(monkeypatch, tmp_path) as found:
        yield found


def asks(question: str, *arguments: str, answers: tuple[str, ...]) -> None:
    """Look at what a verb does without a terminal, and with each answer at one."""
    nobody = batchgw(*arguments)
    assert (nobody.code, nobody.out) == (64, "")
    assert "nobody can be asked, since this is not a terminal: nothing was written. Give --yes" in nobody.err
    for answer in answers:
        code, said = {
            CTRL_C: (130, "stopped: nothing was written."),
            "no": (3, "stopped: not confirmed, nothing was written."),
            "yes": (0, "every target accounted for"),
        }[answer]
        done = at_terminal(*arguments, answers=[answer])
        assert (done.code, done.asked) == (code, 1), done.text
        assert question in done.text
        assert said in done.text + done.out


def test_the_question_before_the_first_write(world: World) -> None:
    """Without a terminal: 64, and how to go on. At one: Ctrl-C 130, a no 3, and nothing is written; yes 0.

    For `apply`, and a no to `deploy`, that is tested with processes of their own, see `test_terminal`.
    """
    put = ("put", "--type", "THROTTLED", "--status", "431", "--name", "*", "--region", "eu-west-1")
    asks("Make 4 changes to 4 REST APIs in 1 account-region?", *put, answers=("no",))
    assert world.apply("", "--stop-after", "1").code == 3
    left = "Read what is left, and make up to 3 changes in 1 account-region?"
    asks(left, "resume", "last", answers=(CTRL_C, "no", "yes"))
    Path("live.yaml").write_text(Path("p.yaml").read_text() + "deploy: {stages: ['prod*']}\n")
    question = "Make 3 API-stages of 3 REST APIs live, in 1 account-region?"
    asks(question, "deploy", "live.yaml", answers=(CTRL_C, "yes"))


def test_the_questions_on_the_way_back(world: World) -> None:
    """A rollback asks, also the one of `abort --rollback`; and a retry asks about what has failed."""
    back = "Make 4 changes to 4 REST APIs in 1 account-region?"
    assert world.apply().code == 0
    asks(back, "rollback", "last", answers=(CTRL_C, "no", "yes"))
    world.tell("faults", [{"match": {"operation": "PutGatewayResponse", "first": 1}, "fault": "bad_request"}])
    assert world.apply("gates: [prompt]").code == 3
    assert batchgw("resume", "last", "--yes", "--skip-gate", "prompt", "--reason", "seen").code == 1
    failed = "Read what has failed or is left, and make up to 1 change in 1 account-region?"
    asks(failed, "retry", "last", "--failed", answers=("no", "yes"))
    assert world.apply("gates: [prompt]").code == 3
    asks("Make 1 change to 1 REST API in 1 account-region?", "abort", "last", "--rollback", answers=("yes",))


def test_the_question_after_a_wave(world: World) -> None:
    """Without a terminal nobody answers, and the run is held at once. At one Ctrl-C ends it with a summary.

    It is asked again then. A no leaves the run held, and a yes lets it go on.
    """
    nobody = world.apply("gates: [prompt]")
    assert nobody.code == 3  # --yes is about the first write alone
    assert "wave 1 is held at gate prompt (a person decides), and nobody has decided" in nobody.out
    assert "`batchgw promote " in nobody.out
    assert "is held. `batchgw promote" in nobody.err
    stopped = world.watched("gates: [prompt]", answers=(CTRL_C,))
    assert (stopped.code, stopped.asked) == (130, 1), stopped.text
    assert "Wave 1 of 2 has ended. Go on with the next one?" in stopped.text
    assert "1 applied + 0 unchanged + 0 failed + 0 skipped + 3 not attempted" in stopped.out
    assert "To finish it: batchgw resume" in stopped.text
    refused = at_terminal("resume", "last", "--yes", answers=["no"])
    assert (refused.code, refused.asked) == (3, 1), refused.text
    assert "wave 1 is held at gate prompt" in refused.out
    agreed = at_terminal("resume", "last", "--yes", answers=["yes"])
    assert (agreed.code, agreed.asked) == (0, 1), agreed.text
    assert "Wave 1 of 2: gate prompt: pass. promoted by" in agreed.text
    assert "Wave 2 of 2 (rest) has passed." in agreed.text


def test_a_gate_that_cannot_tell_is_a_question_where_somebody_sits(world: World) -> None:
    """The command ends with 75. Elsewhere the hold has a deadline, and ends with exit code 3."""
    gate = '{command: [sh, -c, "echo no data yet; exit 75"], hold_for: 1s}'
    agreed = world.watched(f"gates: [{gate.replace('1s', '1h')}]", answers=("yes", "yes"))
    assert (agreed.code, agreed.asked) == (0, 2), agreed.text  # the last wave is asked about as well
    assert "inconclusive. the command sh ended with exit code 75: no data yet" in agreed.text
    held = world.apply(f"gates: [{gate}]")
    assert (held.code, "wave 1 is held at gate sh" in held.out) == (3, True), held.out
    assert "is held for 1.0 s at most. `batchgw promote" in held.err
