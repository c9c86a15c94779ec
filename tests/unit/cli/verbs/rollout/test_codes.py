"""Every exit code of the page comes from a rollout's verbs: what has to happen for it, and the verb."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from batchgw import exit_codes
from batchgw.errors import ScopeLocked
from batchgw.journal.sql.run import SqlRun
from tests.unit.cli.output.test_stopped import enters, interrupted
from tests.unit.cli.verbs.rollout.rolling import World, rolling
from tests.unit.cli_driver import batchgw

Patch = pytest.MonkeyPatch
BAD = [{"match": {"operation": "PutGatewayResponse"}, "fault": "bad_request"}]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all: each rollout wants something new of it."""
    folder = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patched, rolling(patched, folder) as found:
        yield found


def done(world: World, _patch: Patch) -> list[tuple[str, int]]:
    """Runs are held. A person lets one go on, from elsewhere, and ends the other."""
    assert world.apply("gates: [prompt]").code == exit_codes.HELD_BACK
    found = [
        ("promote", batchgw("promote", "last").code),
        ("resume", batchgw("resume", "last", "--yes").code),
    ]
    found += [("apply", world.apply().code), ("deploy", live(world))]
    assert world.apply("gates: [prompt]").code == exit_codes.HELD_BACK
    return [*found, ("abort", batchgw("abort", "last").code)]


def live(world: World) -> int:
    """Deploy what an apply has just configured."""
    name = world.policy(deploys=True, again=True)
    return batchgw("deploy", name, "--yes").code


def failed(world: World, _patch: Patch) -> list[tuple[str, int]]:
    world.tell("faults", BAD)
    try:
        return [("apply", world.apply().code)]
    finally:
        world.tell("faults", [])


def pending(world: World, _patch: Patch) -> list[tuple[str, int]]:
    """Stages are held back, since their APIs are not configured as the policy says."""
    return [("deploy", batchgw("deploy", world.policy(deploys=True), "--yes").code)]


def held_back(world: World, _patch: Patch) -> list[tuple[str, int]]:
    found = [("apply", world.apply("gates: [prompt]").code)]
    return [*found, ("resume", batchgw("resume", "last", "--yes").code)]


def incomplete(world: World, _patch: Patch) -> list[tuple[str, int]]:
    nothing = ("--name", "nothing-*", "--yes")
    name = world.policy(deploys=True)
    return [(verb, batchgw(verb, name, *nothing).code) for verb in ("apply", "deploy")]


def stale(world: World, _patch: Patch) -> list[tuple[str, int]]:
    """The policy is another one by the time that its plan is applied."""
    assert batchgw("plan", world.policy(), "--out", "p.plan").code == exit_codes.PENDING
    return [("apply", batchgw("apply", "--plan", "p.plan", world.policy(), "--yes").code)]


def usage(world: World, _patch: Patch) -> list[tuple[str, int]]:
    """Nobody can be asked; there is no such run, or nothing to decide about."""
    name = world.policy(deploys=True)
    found = [(verb, batchgw(verb, name).code) for verb in ("apply", "deploy")]
    return found + [(verb, batchgw(verb, "1999").code) for verb in ("resume", "promote", "abort")]


def locked(world: World, patch: Patch) -> list[tuple[str, int]]:
    assert world.apply("", "--stop-after", "1").code == exit_codes.HELD_BACK

    async def held(*_: object, **__: object) -> frozenset[object]:
        raise ScopeLocked("account-region x is held by run y")

    patch.setattr(SqlRun, "acquire", held)
    return [("resume", batchgw("resume", "last", "--yes").code), ("apply", world.apply().code)]


def stopped(world: World, patch: Patch) -> list[tuple[str, int]]:
    ended = interrupted(patch, enters("apply"), "apply", world.policy(), "--yes")
    return [("apply", ended.code)]


CAUSES: dict[int, tuple[Callable[[World, Patch], list[tuple[str, int]]], str]] = {
    exit_codes.OK: (done, "promote resume apply deploy abort"),
    exit_codes.FAILED: (failed, "apply"),
    exit_codes.PENDING: (pending, "deploy"),
    exit_codes.HELD_BACK: (held_back, "apply resume"),
    exit_codes.INCOMPLETE: (incomplete, "apply deploy"),
    exit_codes.STALE: (stale, "apply"),
    exit_codes.USAGE: (usage, "apply deploy resume promote abort"),
    exit_codes.LOCKED: (locked, "resume apply"),
    exit_codes.INTERRUPTED: (stopped, "apply"),
}
"""What brings each code about, and which verbs end with it then."""


def test_the_table_has_every_exit_code() -> None:
    assert set(CAUSES) == {value for name, value in vars(exit_codes).items() if name.isupper()}


@pytest.mark.parametrize("code", CAUSES)
def test_a_verb_ends_with_the_code_of_what_has_happened(
    world: World, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    cause, verbs = CAUSES[code]
    assert cause(world, monkeypatch) == [(verb, code) for verb in verbs.split()]
