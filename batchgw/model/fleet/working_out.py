"""Works JMESPath expressions out, and gives up on one that makes far more of an API than there is of it.

A few letters double a value (`[@, @]`), so a short expression could otherwise hang, or fill the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jmespath.visitor import TreeInterpreter

MOST_STEPS = 200_000
"""Steps of one expression on one API, at most 0.1 s. The tags of an API and of its account have 40,000
characters at most (developer guide, tags), and each takes a step when a text is made of them."""


class TooManySteps(ValueError):
    """An expression takes more than `MOST_STEPS` on one API."""

    def __init__(self) -> None:
        super().__init__(f"it takes more than {MOST_STEPS:,} steps")


Visit = Callable[["Bounded", Any, Any], Any]


def _counted(visit: Visit) -> Visit:
    """Count what a part of an expression makes. The parts that pick, compare or decide make nothing."""

    def counted(interpreter: Bounded, node: Any, value: Any) -> Any:
        made = visit(interpreter, node, value)
        interpreter.count(made)
        return made

    return counted


def _call(interpreter: Bounded, node: Any, value: Any) -> Any:
    """Call a function. `join` alone can make a text that is too long of values that are not."""
    given = [interpreter.visit(child, value) for child in node["children"]]
    if node["value"] == "join" and isinstance(given[0], str) and isinstance(given[1], list):
        interpreter.take(len(given[0]) * len(given[1]))
    return interpreter._functions.call_function(node["value"], given)  # noqa: SLF001 - it is its own


class Bounded(TreeInterpreter):  # type: ignore[misc] # jmespath has no types
    """Takes a step for each character and element of each value that is made. Raises TooManySteps.

    An element counts as often as it is reached, because whatever is done with the value goes there as often.
    So every loop of an expression is over elements that were counted, or over the tags of an API.
    """

    def __init__(self) -> None:
        super().__init__()
        self._left = MOST_STEPS

    visit_filter_projection = _counted(TreeInterpreter.visit_filter_projection)
    visit_flatten = _counted(TreeInterpreter.visit_flatten)
    visit_function_expression = _counted(_call)
    visit_literal = _counted(TreeInterpreter.visit_literal)
    visit_multi_select_dict = _counted(TreeInterpreter.visit_multi_select_dict)
    visit_multi_select_list = _counted(TreeInterpreter.visit_multi_select_list)
    visit_projection = _counted(TreeInterpreter.visit_projection)
    visit_value_projection = _counted(TreeInterpreter.visit_value_projection)

    def count(self, value: Any) -> None:
        """Take the steps of a value."""
        waiting = [value]
        for each in waiting:  # it grows meanwhile, by what was taken
            if isinstance(each, str):
                self.take(len(each))
            elif isinstance(each, list | dict):
                self.take(len(each))
                waiting.extend(each)
                if isinstance(each, dict):
                    waiting.extend(each.values())

    def take(self, steps: int) -> None:
        """Take some steps."""
        self._left -= steps
        if self._left < 0:
            raise TooManySteps
