"""The forms of output: the one place where a form's name leads to its view.

To add a form, write a subclass of `View` in a file of its own and give it a line in `FORMS`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Final, get_args

from batchgw.errors import UsageError
from batchgw.report.views.interface import Out, Subject, View

EVERYTHING: Final = frozenset[Subject](get_args(Subject))
REVIEW: Final = frozenset[Subject]({"review"})


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its view, as `module:class`, loaded when it is used; and which methods of `View` it has."""

    view: str
    shows: Collection[Subject] = EVERYTHING


FORMS: Final[dict[str, Form]] = {
    "table": Form("batchgw.report.views.as_table:TableView", EVERYTHING - REVIEW),
    "text": Form("batchgw.report.views.as_text:TextView", REVIEW),
    "json": Form("batchgw.report.views.as_json:JsonView"),
    "jsonl": Form("batchgw.report.views.as_jsonl:JsonLinesView"),
    "markdown": Form("batchgw.report.views.as_markdown:MarkdownView", REVIEW),
}
"""Every form by the name that `--output` takes."""


def forms_of(subject: Subject) -> tuple[str, ...]:
    """Name the forms in which something can be shown."""
    return tuple(name for name, form in FORMS.items() if subject in form.shows)


def view_of(form: str, subject: Subject, out: Out) -> View:
    """Give the view of a form. Raises UsageError for a form that cannot show the subject."""
    if subject not in FORMS[form].shows:
        raise UsageError(
            f"--output {form} is for other commands: here it is {' or '.join(forms_of(subject))}."
        )
    found = resolve_name(FORMS[form].view)(out)
    if not isinstance(found, View):
        raise TypeError(f"{FORMS[form].view} is no View")
    return found
