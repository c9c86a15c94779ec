"""From selection flags to targets."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from batchgw.cli.flags.options import ConnectionFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.errors import UsageError
from batchgw.model import AccountId, ExplicitApi, Region, RestApiId, Selection, Selector, Targets

POLICY = Targets(
    accounts=(AccountId("111111111111"),),
    regions=(Region("eu-west-1"),),
    role="InPolicy",
    external_id="in-policy",
    apis=Selection(include=(Selector(name="in-*"),), exclude=(Selector(tags={"exempt": "true"}),)),
)


@pytest.fixture(autouse=True)
def _no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_API_GATEWAY"):
        monkeypatch.delenv(name, raising=False)


def chosen(
    flags: SelectionFlags, *ids: str, policy: Targets = POLICY, endpoint: str | None = None
) -> Targets:
    return chosen_targets(policy, flags, ConnectionFlags(endpoint_url=endpoint), ids=ids)


def test_without_flags_the_policy_stands() -> None:
    assert chosen(SelectionFlags()) == POLICY


def test_each_flag_replaces_its_own_part_only() -> None:
    flags = SelectionFlags(region=["us-east-1"], role_name="Other")
    found = chosen(flags)
    assert (found.regions, found.role) == (("us-east-1",), "Other")
    assert (found.accounts, found.external_id, found.apis) == (
        POLICY.accounts,
        POLICY.external_id,
        POLICY.apis,
    )


def test_names_are_alternatives_and_tags_must_all_match() -> None:
    found = chosen(SelectionFlags(name=["a-*", "b-*"], tag=["tier=public", "team"]))
    tags = {"tier": "public", "team": "*"}
    assert found.apis.include == (Selector(name="a-*", tags=tags), Selector(name="b-*", tags=tags))


def test_what_the_policy_exempts_stays_exempt() -> None:
    assert chosen(SelectionFlags(name=["*"])).apis.exclude == POLICY.apis.exclude
    assert chosen(SelectionFlags(api_id=["abc"])).apis.exclude == POLICY.apis.exclude


def test_ids_with_account_and_region_say_where_to_look() -> None:
    found = chosen(SelectionFlags(), "222222222222/us-east-1/aaa", "333333333333/us-west-2/bbb")
    assert found.accounts == ("222222222222", "333333333333")
    assert found.regions == ("us-east-1", "us-west-2")
    assert found.apis.include == ()
    assert found.apis.explicit == (
        ExplicitApi(id=RestApiId("aaa"), account=AccountId("222222222222"), region=Region("us-east-1")),
        ExplicitApi(id=RestApiId("bbb"), account=AccountId("333333333333"), region=Region("us-west-2")),
    )


def test_one_id_without_a_region_leaves_the_policys_regions() -> None:
    found = chosen(SelectionFlags(), "us-east-1/aaa", "bbb")
    assert (found.accounts, found.regions) == (POLICY.accounts, POLICY.regions)


def test_the_current_account() -> None:
    assert chosen(SelectionFlags(account=["current"])).accounts == ()


def test_a_targets_file_has_comments_blanks_and_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "targets"
    file.write_text(
        "\ufeff# the orders team\naaa\n\nus-east-1/bbb  # old\naaa\n"
        '{"account": "111111111111", "region": "eu-west-1", "id": "ccc"}\n'
    )
    found = chosen(SelectionFlags(targets=str(file)), endpoint="http://x")
    assert [str(e) for e in found.apis.explicit] == ["aaa", "us-east-1/bbb", "111111111111/eu-west-1/ccc"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (SelectionFlags(region=["eu-wets-1"]), "unknown region eu-wets-1; did you mean eu-west-1?"),
        (SelectionFlags(region=["x.example/#"]), "not a region: 'x.example/#'. Write one such as eu-west-1."),
        (SelectionFlags(account=["12"]), "not twelve digits"),
        (SelectionFlags(account=["current", "11111111111"]), "not twelve digits"),
        (SelectionFlags(api_id=["a/b/c/d"]), "--api-id"),
        (SelectionFlags(tag=["=x"]), "no key"),
        (SelectionFlags(targets="/no/such/file"), "cannot read --targets /no/such/file"),
    ],
)
def test_what_cannot_be_used_is_said(flags: SelectionFlags, said: str) -> None:
    with pytest.raises(UsageError) as error:
        chosen(flags)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("# nothing\n\n", "names no REST API"), ("a\nb//c\n", "line 2"), ('{"no": "id"}\n', "line 1")],
)
def test_a_targets_file_that_cannot_be_used_is_said_with_its_line(
    text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "t").write_text(text)
    with pytest.raises(UsageError) as error:
        chosen(SelectionFlags(targets=str(tmp_path / "t")))
    assert said in str(error.value)


def test_an_endpoint_of_ones_own_may_have_any_region() -> None:
    assert chosen(SelectionFlags(region=["moon-1"]), endpoint="http://127.0.0.1:1").regions == ("moon-1",)


def test_a_region_only_botocore_knows_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchgw.policy.grammar.regions.REGIONS", ("eu-west-1",))
    assert chosen(SelectionFlags(region=["us-east-1"])).regions == ("us-east-1",)
    with pytest.raises(UsageError):
        chosen(SelectionFlags(region=["aws-global"]))


def piped(monkeypatch: pytest.MonkeyPatch, content: bytes) -> tuple[ExplicitApi, ...]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    return chosen(SelectionFlags(targets="-"), endpoint="http://x").apis.explicit


def filed(tmp_path: Path, content: bytes) -> tuple[ExplicitApi, ...]:
    (tmp_path / "t").write_bytes(content)
    return chosen(SelectionFlags(targets=str(tmp_path / "t")), endpoint="http://x").apis.explicit


LISTS = [
    b"\xef\xbb\xbfa1b2c3d4e5\r\nb1b2c3d4e5\r\n",
    b"a1b2c3d4e5\rb1b2c3d4e5",
    b'\xef\xbb\xbf{"id":"a1b2c3d4e5"}\n{"id":"b1b2c3d4e5"}\n',
    json.dumps({"id": "a1b2c3d4e5", "name": "a\u2028b\u0085c\x0bd"}, ensure_ascii=False).encode()
    + b"\nb1b2c3d4e5",
    b"a1b2c3d4e5\nb1b2c3d4e5\na1b2c3d4e5\n",
]


@pytest.mark.parametrize("content", LISTS)
def test_a_list_means_the_same_from_a_file_and_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes
) -> None:
    both = (ExplicitApi(id=RestApiId("a1b2c3d4e5")), ExplicitApi(id=RestApiId("b1b2c3d4e5")))
    assert piped(monkeypatch, content) == both
    assert not sys.stdin.buffer.closed
    assert filed(tmp_path, content) == both


REFUSED_LISTS = [
    (b"abc\n\xff\xfea\0b\0", "is not UTF-8 text, near line 1"),
    (b'abc\n{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "line 2: not a JSON object"),
    (b'{"id": true}', "not a JSON object with an"),
    (b'{"id": "abc", "region": ["eu-west-1"]}', "not a JSON object with an"),
    (b"\0" * 1_000_000, "line 1 has over 262,144 characters"),
    (b"#\n" * 1_000_001, "has over 1,000,000 lines"),
    (b"x/" * 5_000, "x/x..."),
]


@pytest.mark.parametrize(("content", "says"), REFUSED_LISTS, ids=[says for _, says in REFUSED_LISTS])
def test_what_is_no_list_is_refused_in_a_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        filed(tmp_path, content)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_device_without_end_is_given_up() -> None:
    with pytest.raises(UsageError, match="this is not a targets file"):
        chosen(SelectionFlags(targets="/dev/zero"))


@pytest.mark.parametrize("arguments", [["validate", "fifo"], ["plan", "policy.yaml", "--targets", "fifo"]])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pipe_that_nobody_writes_to_can_be_left(
    tmp_path: Path, arguments: list[str], number: signal.Signals
) -> None:
    """Files are read before anything runs: waiting for one holds nothing up, and a signal ends it."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "policy.yaml").write_text("version: 1\nuse: [cors]\n", encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-m", "batchgw", *arguments], cwd=tmp_path, stderr=subprocess.PIPE
    ) as process:
        silent = opened_for_writing(tmp_path / "fifo", process)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        os.close(silent)
    assert process.returncode == 130
    assert b"Traceback" not in said


def opened_for_writing(fifo: Path, reader: subprocess.Popen[bytes]) -> int:
    """Open the other end as soon as the reader is there."""
    while reader.poll() is None:
        with suppress(OSError):  # nobody reads yet
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.02)
    raise AssertionError("the reader is gone")
