"""Effects of calls under way happen in the order of their times, once each, as soon as somebody looks."""

from __future__ import annotations

from functools import partial

import pytest

from batchgw.simulator.traffic.effects import Effects


class Scene:
    """A clock set by hand, and a list of what was done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.done: list[str] = []
        self.effects = Effects(self.clock)

    def clock(self) -> float:
        self.asked += 1
        return self.now

    def act(self, name: str) -> str:
        self.done.append(name)
        return name


def test_each_is_done_when_its_moment_has_come_and_not_before() -> None:
    scene = Scene()
    late = scene.effects.add(2.0, lambda: scene.act("late"))
    soon = scene.effects.add(1.0, lambda: scene.act("soon"))
    scene.now = 0.99
    scene.effects.run_due()
    assert scene.done == []
    scene.now = 5.0
    scene.effects.run_due()
    scene.effects.run_due()
    assert scene.done == ["soon", "late"]
    assert (soon.result(), late.result()) == ("soon", "late")


def test_those_of_one_moment_are_done_in_the_order_they_came() -> None:
    scene = Scene()
    for name in "abc":
        scene.effects.add(1.0, partial(scene.act, name))
    scene.now = 1.0
    scene.effects.run_due()
    assert scene.done == ["a", "b", "c"]


def test_one_that_was_dropped_is_never_done_and_one_that_was_done_stays_so() -> None:
    scene = Scene()
    gone = scene.effects.add(1.0, lambda: scene.act("gone"))
    done = scene.effects.add(1.0, lambda: scene.act("done"))
    gone.drop()
    scene.now = 1.0
    scene.effects.run_due()
    done.drop()
    assert (scene.done, done.result()) == (["done"], "done")


def test_what_it_raises_is_its_callers_alone() -> None:
    scene = Scene()
    bad = scene.effects.add(1.0, lambda: 1 // 0)
    good = scene.effects.add(1.0, lambda: scene.act("good"))
    scene.now = 1.0
    scene.effects.run_due()
    assert good.result() == "good"
    with pytest.raises(ZeroDivisionError):
        bad.result()


def test_the_clock_is_asked_only_while_something_is_to_come() -> None:
    """Outside of an event loop there is no clock; and nothing under way but what was given up."""
    scene = Scene()
    scene.effects.run_due()
    scene.effects.add(9.0, lambda: None).drop()
    scene.effects.run_due()
    assert scene.asked == 0
