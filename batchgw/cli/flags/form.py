"""The flag that chooses the form of the data on stdout. Its choices are those of `report.views.forms`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from batchgw.cli.flags.flag import flag
from batchgw.report.views.forms import FORMS, forms_of
from batchgw.report.views.interface import Subject


def form_flag(subject: Subject, **settings: Any) -> Any:
    """Declare `--output`, with the forms of a subject as its help. `settings` as in `flag`.

    Every form is accepted here. `view_of` refuses one that has no way to show the subject, and says so.
    """
    offered = forms_of(subject)

    def form(text: str) -> str:
        if text not in FORMS:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(map(repr, offered))}")
        return text

    def beginning(incomplete: str) -> list[str]:
        return [each for each in offered if each.startswith(incomplete)]

    return flag(
        "--output",
        f"{_either(offered)}.",
        "-o",
        parser=form,
        autocompletion=beginning,
        metavar="FORM",
        **settings,
    )


def _either(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
