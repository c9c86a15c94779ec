"""Findings in files that people write, as compilers show them."""

from __future__ import annotations

from batchgw.errors import Problem
from batchgw.report.views.text import Line, line


def problem_line(problem: Problem) -> Line:
    """Show a finding; one about a whole file has no line and column."""
    if problem.line:
        return line(str(problem))
    return line(f"{problem.file}: {problem.severity}: {problem.message} [{problem.rule}]")
