"""Numbers of flags: read within their bounds, and refused in words of ours."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan

import typer


def number_reader(kind: type[int | float], least: float | None, most: float | None) -> Callable[[str], float]:
    """Give what reads a number of a kind. Both bounds are allowed, and None is no bound.

    The reader raises BadParameter for any other text.
    """

    def read(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            raise typer.BadParameter(f"{text!r} is not {meant}") from None
        if isnan(number) or (least is not None and number < least) or (most is not None and number > most):
            raise typer.BadParameter(f"{text!r} is not {meant}")
        return number

    meant = "a whole number" if kind is int else "a number"
    if least is not None:
        meant += f" of at least {least:g}" if most is None else f" from {least:g} to {most:g}"
    return read
