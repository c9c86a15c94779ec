"""From an exception to what the user sees: one paragraph on stderr, and the exit code."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from batchgw.cli.flags.flag import variable_read
from batchgw.cli.output.console import Console
from batchgw.errors import BatchgwError, ExplainedStop, PolicyInvalid, QuotasInvalid, Stopped
from batchgw.exit_codes import FAILED, USAGE
from batchgw.report.views.lines.problems import problem_line
from batchgw.report.views.text import Line, Span, line
from batchgw.wording import amount

_ERROR = Span("error:", "error")


def report(error: BaseException, console: Console, *, debug: bool = False) -> int:
    """Say what went wrong and return the exit code. With `debug`, the traceback comes first."""
    if debug:
        console.raw("".join(traceback.format_exception(error)).rstrip())
    console.flush()
    chosen = most_telling(error)
    console.tell(*explained(chosen))
    said = str(chosen)
    console.tell(*(line(n) for n in dict.fromkeys((*_notes(chosen), *_notes(error))) if n not in said))
    return code_of(error)


def code_of(error: BaseException) -> int:
    """Give the exit code an error ends in."""
    chosen = most_telling(error)
    if isinstance(chosen, BatchgwError):
        return chosen.exit_code
    return USAGE if _is_usage(chosen) or _names_a_file(chosen) else FAILED


def _is_usage(error: BaseException) -> bool:
    """Tell an error of the command line's parser. Across Typer's versions they share no public base class."""
    return hasattr(error, "format_message")


def _names_a_file(error: BaseException) -> bool:
    return isinstance(error, OSError) and bool(error.filename)


def most_telling(error: BaseException) -> BaseException:
    """Choose one exception of a group: batchgw's own errors first, then other errors, then stops."""
    leaves = list(_leaves(error))
    ours = [e for e in leaves if isinstance(e, BatchgwError)]
    foreign = [e for e in leaves if not isinstance(e, BatchgwError)]
    errors = [e for e in ours if not isinstance(e, Stopped)]
    return (errors or foreign or ours)[0]


def is_unexplained_stop(error: BaseException) -> bool:
    """Tell whether an error is a stop whose message does not say what was done until then."""
    chosen = most_telling(error)
    return isinstance(chosen, Stopped) and not isinstance(chosen, ExplainedStop)


def add_resume_hint(error: BaseException, hint: str) -> None:
    """Add to an error how to finish the run, unless it says so itself."""
    if not any("batchgw resume" in str(leaf) for leaf in _leaves(error)):
        error.add_note(hint)


def _notes(error: BaseException) -> list[str]:
    return getattr(error, "__notes__", [])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def explained(error: BaseException) -> Iterator[Line]:
    """Render one error: the problems of a file first, then a paragraph."""
    if isinstance(error, PolicyInvalid | QuotasInvalid):
        for problem in error.problems:
            yield problem_line(problem)
        wrong = sum(p.severity == "error" for p in error.problems)
        what = "policy" if isinstance(error, PolicyInvalid) else "quota file"
        if isinstance(error, QuotasInvalid) and error.beside_flags:
            what += " and the flags contradict each other, so it"
        yield _headed(
            f"the {what} cannot be used: {amount(wrong, 'error')} to correct at the places named above."
        )
    elif isinstance(error, BatchgwError):
        head = Span("stopped:", "warning") if isinstance(error, Stopped) else _ERROR
        first, *more = str(error).strip().splitlines() or [type(error).__name__]
        yield line(head, " " + first)
        yield from (line(text) for text in more)
    elif _is_usage(error):
        if text := _usage(error):
            yield _headed(text)
    elif isinstance(error, OSError) and _names_a_file(error):
        yield _headed(f"{error.filename}: {error.strerror or error}.")
    else:
        text = _one_paragraph(str(error))
        yield _headed(
            f"unexpected {type(error).__name__}{': ' + text if text else ''}. This is a defect of batchgw. "
            "Run the same command with --debug to see where it happened. What is in the journal is safe."
        )


def _usage(error: BaseException) -> str:
    """Render what the parser says. It says nothing when it has just shown the help."""
    message = _one_paragraph(error.format_message()).rstrip(".")  # type: ignore[attr-defined]
    message = message.replace("?.", "?").replace(": Value error, ", ": ")
    context = getattr(error, "ctx", None)
    if name := _variable(error):
        message = f"{message}. The value comes from the environment variable {name}"
    if not message:
        return ""
    end = "" if message.endswith("?") else "."
    return f"{message}{end} See '{context.command_path} --help'." if context else f"{message}{end}"


def _variable(error: BaseException) -> str | None:
    """Name the variable that a value came from, if it came from one."""
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    return None if parameter is None or context is None else variable_read(context, parameter)


def _one_paragraph(text: str) -> str:
    return " ".join(text.split())


def _headed(text: str) -> Line:
    return line(_ERROR, " " + text)
