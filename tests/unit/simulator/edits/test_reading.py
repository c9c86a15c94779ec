"""A script of edits is read, or refused with the place of what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.errors import UsageError
from batchgw.simulator.documents import Value, read
from batchgw.simulator.edits.edit import CreateDeployment, DeleteApi, MoveStage, PutGatewayResponse
from batchgw.simulator.edits.reading import MOST_EDITS, MOST_ENTRIES, edits
from batchgw.simulator.edits.script import AfterCall, AtTime, Planned
from batchgw.simulator.traffic.matching import Match


def test_a_script_says_what_and_when(tmp_path: Path) -> None:
    file = tmp_path / "edits.yaml"
    file.write_text(
        "- {at: 3, api: a1, edit: delete_api}\n"
        "- match: {operation: [Put*, Delete*], nth: [1, 3], per: api}\n"
        "  edit:\n"
        "    - {put_gateway_response: {type: THROTTLED, status: '430'}}\n"
        "    - create_deployment\n"
        "    - {move_stage: {stage: prod, deployment: oldest}}\n"
    )
    script = edits(read(file, "script of edits"))
    assert script.at_times == (AtTime(at=3.0, planned=Planned(edits=(DeleteApi(),), api="a1")),)
    made = (
        PutGatewayResponse(type="THROTTLED", status="430"),
        CreateDeployment(),
        MoveStage(stage="prod", deployment="oldest"),
    )
    match = Match(operation=("Put*", "Delete*"), nth=(1, 3), per="api")
    assert script.after_calls == (AfterCall(match=match, planned=Planned(edits=made)),)


def refusal(file: Path, text: str) -> str:
    """Write a script, and give what is said of it, without the file's name."""
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        edits(read(file, "script of edits"))
    assert str(caught.value).startswith(f"{file}:")
    return str(caught.value).removeprefix(f"{file}:")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{at: 1}", "1:1: must be a list"),
        ("- {at: 1}", "1:3: [0]: an entry has `edit`, and either `at` or `match`"),
        ("- {at: 1, match: {}, edit: delete_api}", "1:3: [0]: an entry has `edit`, and either `at` or"),
        ("- {at: 1, edit: delete_api}", "1:3: [0]: an entry with `at` needs `api`"),
        ("- {at: soon, api: a, edit: delete_api}", "1:8: [0].at: must be a number from 0 on"),
        ("- {at: 1, api: a, when: x, edit: delete_api}", "1:25: [0].when: there is no such key"),
    ],
)
def test_what_is_wrong_in_an_entry_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path / "edits.yaml", text).startswith(message)


@pytest.mark.parametrize(
    ("match", "message"),
    [
        (
            "{operatoin: x}",
            "2:22: [0].match.operatoin: `match` knows no 'operatoin', did you mean 'operation'?",
        ),
        ("{nth: x}", "2:16: [0].match.nth: `nth` is a number or a list of numbers, not 'x'"),
        ("{after: x}", "2:18: [0].match.after: `after` is a number, not 'x'"),
        ("{per: world}", "2:16: [0].match.per: `per` is one of api, type, scope, not 'world'"),
        ("7", "2:10: [0].match: `match` must be a mapping"),
    ],
)
def test_what_is_wrong_in_match_is_told_with_its_place(tmp_path: Path, match: str, message: str) -> None:
    assert refusal(tmp_path / "edits.yaml", f"- edit: delete_api\n  match: {match}") == message


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ("delete_ip", "2:9: [0].edit: there is no such edit; there are put_gateway_response, "),
        ("{delete_ip: x}", "2:21: [0].edit.delete_ip: there is no such key, did you mean 'delete_api'?"),
        ("{delete_stage: a, delete_api: }", "2:9: [0].edit: an edit is one name with what it takes"),
        ("[]", "2:9: [0].edit: an entry has 1 to 100 edits, not 0"),
        ("[delete_api, {delete_stage: 7}]", "2:37: [0].edit[1].delete_stage: must be a text"),
        ("{delete_api: now}", "2:22: [0].edit.delete_api: must be a mapping of"),
        ("{put_gateway_response: {status: '4'}}", "2:32: [0].edit.put_gateway_response: it needs `type`"),
        ("{delete_gateway_response: FOO}", "2:35: [0].edit.delete_gateway_response: must be one of "),
        ("{set_canary: {stage: p, percent: 101}}", "2:42: [0].edit.set_canary.percent: must be a number"),
        ("{add_method: {path: orders}}", "2:29: [0].edit.add_method.path: must be the path of a resource"),
        ("{add_method: {path: /, method: get}}", "2:40: [0].edit.add_method.method: must be one of GET"),
        ("{disable_endpoint: 1}", "2:28: [0].edit.disable_endpoint: must be true or false"),
    ],
)
def test_what_is_wrong_in_an_edit_is_told_with_its_place(tmp_path: Path, edit: str, message: str) -> None:
    assert refusal(tmp_path / "edits.yaml", f"- match: {{}}\n  edit: {edit}").startswith(message)


def plain(script: object) -> Value:
    return Value(value=script, source="edits")


def test_a_script_is_bounded() -> None:
    entry = {"match": {}, "edit": "delete_api"}
    assert len(edits(plain([entry] * MOST_ENTRIES)).after_calls) == MOST_ENTRIES
    with pytest.raises(UsageError, match="at most 1,000 entries, not 1,001"):
        edits(plain([entry] * (MOST_ENTRIES + 1)))
    with pytest.raises(UsageError, match=r"edits: \[0\].edit: an entry has 1 to 100 edits, not 101"):
        edits(plain([{"match": {}, "edit": ["delete_api"] * (MOST_EDITS + 1)}]))
