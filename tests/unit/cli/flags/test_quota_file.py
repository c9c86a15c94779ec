"""A quota file overrides any entry of the quota table; what is wrong in it is told with line and column."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from batchgw.cli.flags.pace import chosen_pace
from batchgw.cli.flags.pace_flags import PaceFlags
from batchgw.cli.flags.quota_file import KNOWN, load_quota_file
from batchgw.cli.flags.quota_records import QuotaFile
from batchgw.control_plane.stack import Pace
from batchgw.errors import QuotasInvalid, UsageError
from batchgw.throttle.quota import OPERATIONS, SERVICES, Quota, Quotas, Scoping
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

    def test_other_services_are_asked_as_fast_as_it_says(self) -> None:
        """A plan and a run keep that, as they keep the rest of the file."""
        text = "services:\n  organizations: {rate: 3}\n  ec2: {rate: 1/2, burst: 2}\n"
        file = load_quota_file(written(text))
        for kept in (file, QuotaFile.from_json(file.to_json())):
            assert chosen_pace(PaceFlags(quota_file=kept)).services == {
                **SERVICES,
                "organizations": Quota(3, SERVICES["organizations"].burst),
                "ec2": Quota(0.5, 2),
            }

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
    ("total: {rate: unknown, burst: 40}\n", 1, 31, "an unknown quota has no known burst"),
    ("share: 1.5\n", 1, 8, "'1.5' is not a share"),
    ("polite: perhaps\n", 1, 9, "'perhaps' does not say whether others go first: true or false"),
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
    ("operations:\n  CreateDeployment: {rate: unknown}\n", 2, 28, "'unknown' is for the total alone"),
    ("services:\n  organisations: {rate: 1}\n", 2, 3, "did you mean organizations?"),
    ("services:\n  apigateway: {rate: 1}\n", 2, 3, "those are account, cloudformation, cloudwatch, ec2"),
    ("services:\n  ec2: {rate: unknown}\n", 2, 15, "'unknown' is for the total alone"),
    ("services:\n  ec2: {each: 1}\n", 2, 9, "unknown key 'each'; known here are rate, burst"),
    ("total: {rate: unknown}\nshare: 1/2\n", 2, 8, "the rate is unknown, and a share is a part of a quota"),
    ("", 1, 1, "the quota file is empty; it may have total, operations, services, scope, share, polite"),
    ("# total: {rate: 1}\n", 1, 1, "the quota file is empty"),
    ("---\n", 1, 1, "the quota file is empty"),
    ("# nothing\n{}\n", 2, 1, "the quota file is empty"),
    ("total:\noperations:\n", 1, 1, "the quota file is empty"),
    ("total: {}\noperations: {}\n", 1, 1, "the quota file is empty"),
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


def test_what_does_not_go_together_is_told_beside_what_is_wrong_by_itself() -> None:
    """What is there and wrong is not missing, and neither is what a misspelt key may be."""
    text = """\
total: {rate: unknown, burst: 40}
share: 0.5
operations:
  CreateDeployment: {rate: unknown}
  PutGatewayResponse: {rate: 5}
  GetRestApis: {rate: x}
  DeleteGatewayResponse: {rat: 5, burst: 5}
  GetGatewayResponses: {rate: x, burst: 5}
"""
    with pytest.raises(QuotasInvalid) as caught:
        load_quota_file(written(text))
    assert [(p.line, p.column, p.message) for p in caught.value.problems] == [
        (1, 31, "an unknown quota has no known burst: leave it out, or give a rate"),
        (
            2,
            8,
            "the rate is unknown, and a share is a part of a quota: state the rate, or leave the share out",
        ),
        (4, 28, "'unknown' is for the total alone: give calls per second, such as 10 or 1/5"),
        (
            5,
            23,
            "PutGatewayResponse has no documented quota of its own to fill in: give its burst",
        ),
        (6, 16, "GetRestApis has no documented quota of its own to fill in: give its burst"),
        (6, 23, "'x' is not a rate: calls per second, such as 10 or 1/5"),
        (7, 27, "unknown key 'rat'; did you mean rate?"),
        (8, 31, "'x' is not a rate: calls per second, such as 10 or 1/5"),
    ]


SCALARS = ["", "1", "-1", "unknown", "1/2", "fast", "[1]", "{a: 1}", "~", ".nan", "1e400", "!!int 3", '"\\0"']
PLACES = ["total: ", "share: ", "scope: ", "total:\n  rate: ", "total:\n  burst: ", "operations: "]
PLACES += [f"operations:\n  {name}: " for name in ("GetRestApis", "CreateDeployment", "1", "? [a]")]
PLACES += ["services: ", "services:\n  ec2: ", "services:\n  ec2:\n    rate: "]
PLACES += ["operations:\n  GetRestApis:\n    rate: ", "operations:\n  GetRestApis:\n    burst: "]


@pytest.mark.parametrize("value", SCALARS)
@pytest.mark.parametrize("place", PLACES)
def test_whatever_is_wrong_is_said_in_our_words(place: str, value: str) -> None:
    said = batchgw("plan", "no.yaml", "--quota-file", written(f"{place}{value}\n")).err
    assert not re.search(r"value error|assertion|input should|pydantic|unexpected", said, re.IGNORECASE)


class TestBesideFlags:
    """The file is sound, and so are the flags; together they are not."""

    @pytest.mark.parametrize(
        ("text", "flags", "places", "words"),
        [
            ("total:\n  rate: unknown\n", "--strict", ["2:9"], "--strict never exceeds a quota"),
            ("total:\n  rate: unknown\n", "--share 0.5", ["2:9"], "--share is a part of a quota"),
            ("total:\n  rate: unknown\n", "--burst 9", ["2:9"], "--burst says what a known quota holds"),
            ("total: {rate: 20}\nshare: 1/2\n", "--rate unknown", ["2:8"], "--rate is unknown, and a share"),
            ("total: {rate: unknown}\n", "--strict --share 0.5 --burst 9", ["1:15"] * 3, "--burst"),
        ],
    )
    def test_it_is_told_where_the_file_says_so(
        self, text: str, flags: str, places: list[str], words: str
    ) -> None:
        done = batchgw("discover", "--region", "eu-west-1", "--quota-file", written(text), *flags.split())
        assert (done.code, done.out) == (64, "")
        *told, last = done.err.splitlines()
        assert [line.partition(" ")[0] for line in told] == [f"quotas.yaml:{place}:" for place in places]
        assert words in told[-1]
        assert last.startswith(
            "error: the quota file and the flags contradict each other, so it cannot be used: "
        )

    def test_one_that_a_run_recorded_is_named_whole(self) -> None:
        file = QuotaFile.from_json(load_quota_file(written("total: {rate: unknown}\n")).to_json())
        with pytest.raises(QuotasInvalid) as caught:
            chosen_pace(PaceFlags(quota_file=file, strict=True))
        (problem,) = caught.value.problems
        assert (problem.file, problem.line) == (str(Path("quotas.yaml").absolute()), 0)

    @pytest.mark.parametrize(
        ("text", "flags"),
        [
            ("total: {rate: unknown}\n", {"rate": 5.0, "strict": True}),
            ("total: {rate: unknown}\n", {"share": 1.0}),
            ("total: {rate: 20}\nshare: 0.5\n", {"rate": "unknown", "share": 1.0}),
        ],
    )
    def test_what_a_flag_puts_right_is_no_contradiction(self, text: str, flags: Mapping[str, Any]) -> None:
        assert isinstance(pace_of(text, **flags).quotas, Quotas)


class TestStandardInput:
    def test_it_is_read_as_a_policy_is(self) -> None:
        done = batchgw("discover", "--quota-file", "-", stdin="total:\n  rat: 1\n")
        assert done.code == 64
        assert done.err.startswith("<stdin>:2:3: error: unknown key 'rat'; did you mean rate? [schema]\n")

    def test_what_it_says_is_used_and_kept(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"total: {rate: 2}\n")))
        file = load_quota_file("-")
        assert (file.rate, file.to_json()) == (2, {"file": "<stdin>", "total": {"rate": 2}})

    @pytest.mark.parametrize(
        ("verb", "readers"),
        [
            (["plan", "-"], "the policy and --quota-file"),
            (["check", "-"], "the policy and --quota-file"),
            (["apply", "-", "--yes"], "the policy and --quota-file"),
            (["discover", "-", "--targets", "-"], "the policy and --targets and --quota-file"),
            (["put", "--type", "THROTTLED", "--default", "--targets", "-"], "--targets and --quota-file"),
        ],
    )
    def test_it_is_read_once(self, verb: list[str], readers: str) -> None:
        done = batchgw(*verb, "--quota-file", "-", stdin="share: 0.5\n")
        assert (done.code, done.out) == (64, "")
        assert done.err.startswith(f"error: {readers} cannot all be standard input")


def test_a_file_without_end_is_not_read_whole() -> None:
    Path("large.yaml").write_bytes(b"#" * 2_000_001)
    with pytest.raises(UsageError, match=r"^cannot read --quota-file large.yaml: it is larger than 2 MB.$"):
        load_quota_file("large.yaml")


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
    bare = QuotaFile(file="/quotas.yaml")
    assert bare.to_json() == {"file": bare.file}
    assert QuotaFile.from_json(bare.to_json()) == bare
