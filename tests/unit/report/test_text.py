"""Lines, tables and amounts."""

from __future__ import annotations

import pytest

from batchgw.report.views.text import Span, clean, line, plain, shorten, table, width
from batchgw.times import duration
from batchgw.wording import amount


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("orders-api", "orders-api"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\x0ab\\x09c\\x0d"),
        ("\u202eevil", "\\u202eevil"),  # right-to-left override
        ("\u2066a\u2069", "\\u2066a\\u2069"),  # isolates
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("c1 \x9b31m", "c1 \\x9b31m"),  # an 8-bit CSI
        ("tag \U000e0041", "tag \\U000e0041"),
        ("überpünktlich 注文 🚀", "überpünktlich 注文 🚀"),
        ("lone \ud800", "lone \\ud800"),
    ],
)
def test_what_would_steer_a_terminal_is_shown_as_its_escape(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
    assert clean(cleaned) == cleaned


def test_width_counts_cells() -> None:
    assert [width(t) for t in ("abc", "注文", "e\u0301")] == [3, 4, 1]


@pytest.mark.parametrize(
    ("text", "cells", "short"),
    [("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("注文書です", 6, "注文…")],
)
def test_shortening_counts_cells(text: str, cells: int, short: str) -> None:
    assert shorten(text, cells) == short


def test_a_table_is_as_wide_as_its_cells() -> None:
    rows: list[list[str | Span]] = [["eu-west-1", Span("5", "add")], ["注文", "12,000"]]
    assert [plain(each) for each in table(["scope", "n"], rows, right=[1])] == [
        "  scope           n",
        "  eu-west-1       5",
        "  注文       12,000",
    ]


def test_a_table_measures_what_is_shown() -> None:
    assert [plain(each) for each in table(["a", "b"], [["\x1b", "x"]], indent="")] == ["a     b", "\\x1b  x"]


def test_styles_do_not_show_in_plain_text() -> None:
    assert plain(line("a ", Span("b", "error"))) == "a b"


@pytest.mark.parametrize(("n", "said"), [(0, "0 APIs"), (1, "1 API"), (1200, "1,200 APIs")])
def test_amounts(n: int, said: str) -> None:
    assert amount(n, "API") == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (42.4, "42 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h 00 min"),
        (3000 + 3600, "1 h 50 min"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said
