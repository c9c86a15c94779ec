"""A quota file overrides any entry of the quota table; what is wrong in it is told with line and column."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from batchgw.cli.pace import chosen_pace
from batchgw.cli.pace_flags import PaceFlags
from batchgw.cli.quota_file import KNOWN, load_quota_file
from batchgw.cli.quotas import QuotaFile, QuotasInvalid
from batchgw.control_plane.paced import Pace
from batchgw.errors import UsageError
from batchgw.throttle.quota import OPERATIONS, Quota, Scoping
from tests.unit.cli_driver import batchgw, clean_environment

WHOLE = """\
total: {rate: 20, burst: 80}
share: 0.5
scope: account
operations:
  CreateDeployment: {rate: 1/2, burst: 3}
  GetResources: {rate: 4}
  PutRestApi: {burst: 2}
  PutGatewayResponse: {rate: 5, burst: 5}
"""


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean_environment(monkeypatch, tmp_path)


def written(text: str, name: str = "quotas.yaml") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def pace_of(text: str, **flags: Any) -> Pace:
    return chosen_pace(PaceFlags(quota_file=load_quota_file(written(text)), **flags))


class TestWhatItSays:
    def test_every_entry_can_be_overridden(self) -> None:
        pace = pace_of(WHOLE)
        assert (pace.rate, pace.burst, pace.share) == (20.0, 80.0, 0.5)
        assert pace.quota_scope is Scoping.ACCOUNT
        assert pace.operations["CreateDeployment"] == Quota(0.5, 3)
        assert pace.operations["PutGatewayResponse"] == Quota(5, 5)

    def test_half_an_entry_leaves_the_other_half_as_documented(self) -> None:
        pace = pace_of(WHOLE)
        assert pace.operations["GetResources"] == Quota(4, OPERATIONS["GetResources"].burst)
        assert pace.operations["PutRestApi"] == Quota(OPERATIONS["PutRestApi"].rate, 2)
        assert pace_of("total: {rate: 30}") == Pace(rate=30, operations=OPERATIONS)
        assert pace_of("total: {burst: 30}") == Pace(burst=30, operations=OPERATIONS)

    def test_what_it_does_not_name_stays(self) -> None:
        named = {"CreateDeployment", "GetResources", "PutRestApi", "PutGatewayResponse"}
        pace = pace_of(WHOLE)
        assert {n: q for n, q in pace.operations.items() if n not in named} == {
            n: q for n, q in OPERATIONS.items() if n not in named
        }

    @pytest.mark.parametrize("text", ["", "# total: {rate: 1}\n", "total:\noperations:\n", "{}", "---\n"])
    def test_a_file_without_content_changes_nothing(self, text: str) -> None:
        assert pace_of(text) == Pace()

    def test_json_is_yaml(self) -> None:
        name = written('{"total": {"rate": 2.5}}', "quotas.json")
        assert load_quota_file(name).rate == 2.5

    @pytest.mark.parametrize("word", ["unknown", "Unknown"])
    def test_the_total_may_be_unknown(self, word: str) -> None:
        assert pace_of(f"total: {{rate: {word}}}").rate is None

    def test_every_operation_of_the_table_may_stand_in_it(self) -> None:
        lines = "".join(f"  {name}: {{rate: 1, burst: 1}}\n" for name in KNOWN)
        assert pace_of("operations:\n" + lines).operations == dict.fromkeys(KNOWN, Quota(1, 1))


class TestPrecedence:
    @pytest.mark.parametrize(
        ("flags", "expected"),
        [
            ({}, {"rate": 20, "burst": 80, "share": 0.5, "quota_scope": Scoping.ACCOUNT}),
            ({"rate": 5.0}, {"rate": 5, "burst": 80, "share": 0.5, "quota_scope": Scoping.ACCOUNT}),
            ({"burst": 7.0}, {"rate": 20, "burst": 7, "share": 0.5, "quota_scope": Scoping.ACCOUNT}),
            ({"share": 1.0}, {"rate": 20, "burst": 80, "share": 1, "quota_scope": Scoping.ACCOUNT}),
            (
                {"quota_scope": Scoping.ACCOUNT_REGION},
                {"rate": 20, "burst": 80, "share": 0.5, "quota_scope": Scoping.ACCOUNT_REGION},
            ),
        ],
    )
    def test_a_flag_comes_before_the_file(
        self, flags: Mapping[str, Any], expected: Mapping[str, object]
    ) -> None:
        pace = pace_of(WHOLE, **flags)
        assert {name: getattr(pace, name) for name in expected} == expected

    def test_an_unknown_rate_by_flag_takes_the_file_s_burst_with_it(self) -> None:
        assert pace_of("total: {rate: 20, burst: 80}", rate="unknown").quotas.total is None


WRONG = [
    ("totals: {}\n", 1, 1, "unknown key 'totals'; did you mean total?"),
    ("total: {rat: 1}\n", 1, 9, "unknown key 'rat'; did you mean rate?"),
    ("total:\n  rate: fast\n", 2, 9, "'fast' is not a rate"),
    ("total: {rate: 0}\n", 1, 15, "'0' is not a rate"),
    ("total: {rate: 1/0}\n", 1, 15, "'1/0' is not a rate"),
    ("total: {rate: inf}\n", 1, 15, "'inf' is not a rate"),
    ("total: {rate: -.nan}\n", 1, 15, "is not a rate"),
    ("total: {burst: 0.5}\n", 1, 16, "'0.5' is not a burst"),
    ("total: 10\n", 1, 8, "a mapping (key: value) is needed here, not '10'"),
    ("total: [10, 40]\n", 1, 8, "a mapping (key: value) is needed here, not a list"),
    ("total: {rate: {of: 3}}\n", 1, 15, "a mapping is not a rate"),
    ("total: {rate: unknown, burst: 40}\n", 1, 31, "of an unknown quota, no burst is known"),
    ("share: 1.5\n", 1, 8, "'1.5' is not a share"),
    ("share: 0\n", 1, 8, "'0' is not a share"),
    ("scope: region\n", 1, 8, "account-region or account"),
    ("operations:\n  CreateDeploymnt: {rate: 1}\n", 2, 3, "did you mean CreateDeployment?"),
    ("operations:\n  Xyzzy: {rate: 1}\n", 2, 3, "those are CreateApiKey, "),
    ("operations:\n  CreateDeployment: 1\n", 2, 21, "a mapping (key: value) is needed here, not '1'"),
    ("operations:\n  CreateDeployment:\n", 2, 3, "a mapping (key: value) is needed here, not nothing"),
    (
        "operations:\n  CreateDeployment: {every: 5}\n",
        2,
        22,
        "unknown key 'every'; known here are rate, burst",
    ),
    ("operations:\n  CreateDeployment: {rate: unknown}\n", 2, 28, "'unknown' is not a rate"),
    ("operations:\n  PutGatewayResponse: {rate: 5}\n", 2, 23, "give its burst"),
    ("operations:\n  GetRestApis: {}\n", 2, 16, "give its rate and burst"),
    ("share: 1\nshare: 0.5\n", 2, 1, "stands here a second time"),
    ("- total\n", 1, 1, "a mapping (key: value) is needed here, not a list"),
    ("total: {rate: 1\n", 2, 1, "not valid YAML"),
    ("total: !!float 3\n", 1, 8, "a mapping (key: value) is needed here"),
    ("a: 1\n---\nb: 2\n", 2, 1, "a second document"),
]


@pytest.mark.parametrize(("text", "line", "column", "message"), WRONG)
def test_what_is_wrong_is_told_where_it_stands(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(QuotasInvalid) as caught:
        load_quota_file(written(text))
    problem = caught.value.problems[0]
    assert (problem.file, problem.line, problem.column) == ("quotas.yaml", line, column)
    assert message in problem.message


def test_everything_that_is_wrong_is_told_at_once_in_order() -> None:
    done = batchgw("plan", "p.yaml", "--quota-file", written("share: 2\ntotal: {rate: x}\nscoop: account\n"))
    assert (done.code, done.out) == (64, "")
    assert done.err.splitlines() == [
        "quotas.yaml:1:8: error: '2' is not a share: from 0.01 to 1 [schema]",
        "quotas.yaml:2:15: error: 'x' is not a rate: calls per second, such as 10 or 1/5 [schema]",
        "quotas.yaml:3:1: error: unknown key 'scoop'; did you mean scope? [schema]",
        "error: the quota file cannot be used: 3 errors to correct at the places named above.",
    ]


def test_its_variable_names_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHGW_QUOTA_FILE", written("share: 2\n"))
    for verb in (["plan", "p"], ["check", "p"], ["discover"], ["apply", "p"], ["put", "--type", "X"]):
        done = batchgw(*verb)
        assert done.code == 64
        assert "quotas.yaml:1:8" in done.err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.yaml", "cannot read --quota-file missing.yaml: No such file or directory."),
        (".", "cannot read --quota-file .: Is a directory."),
    ],
)
def test_a_file_that_cannot_be_read(name: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_quota_file(name)
    assert str(caught.value) == message


def test_a_file_that_is_no_text() -> None:
    Path("quotas.yaml").write_bytes(b"total: {rate: \xff}\n")
    with pytest.raises(QuotasInvalid, match=r"quotas.yaml:1:15: .*not UTF-8"):
        load_quota_file("quotas.yaml")


def test_it_is_kept_as_it_was_read() -> None:
    """A plan is applied with the quotas it was made with, whatever has become of the file."""
    file = load_quota_file(written(WHOLE))
    assert file.file == str(Path("quotas.yaml").absolute())
    assert QuotaFile.from_json(file.to_json()) == file
    bare = load_quota_file(written(""))
    assert bare.to_json() == {"file": bare.file}
    assert QuotaFile.from_json(bare.to_json()) == bare
