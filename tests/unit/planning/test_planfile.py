"""The plan file: what is written is read, and only a whole, unedited file is taken for a plan."""

import errno
import json
import os
import resource
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from batchgw.errors import BatchgwError, PlanUnreadable, UsageError
from batchgw.model import (
    Account,
    AccountId,
    Action,
    Desired,
    GatewayResponse,
    Mode,
    Owner,
    PlanItem,
    PlannedApi,
    Region,
    ResponseChange,
    ResponseType,
    RestApi,
    RestApiId,
    Rule,
    Scope,
    SetAside,
    Settings,
    SkippedScope,
    UnreadApi,
    UnreadScope,
    Variant,
)
from batchgw.model.change import EXEMPT
from batchgw.model.response_change import TARGETS, responses
from batchgw.model.shape import record
from batchgw.planning.diff import diff
from batchgw.planning.frozen import FrozenAccounts
from batchgw.planning.plan_file import items as items_module
from batchgw.planning.plan_file.items import ItemReader, item_to_json
from batchgw.planning.plan_file.plan import Plan, PlanHeader, PlanWriter
from batchgw.planning.variants import Matched, Variants, alike

untimed = hypothesis_settings(deadline=None)  # a busy machine is no failure

T = ResponseType
DUBLIN = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
OHIO = Scope(account=AccountId("222222222222"), region=Region("us-east-2"))
TOKYO = Scope(account=AccountId("222222222222"), region=Region("ap-northeast-1"))
CORS = Settings(parameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"})
SHOWN = Settings(
    status_code="401", templates={"application/json": '{"message":$context.error.messageString}'}
)
HEADER = PlanHeader(
    plan="p1",
    created=1_700_000_000.25,
    batchgw="1.2.3",
    policy_digest="abc",
    policy_source="policy.yaml",
    desired=Desired(
        rules={T.UNAUTHORIZED: Rule(settings=CORS, mode=Mode.MERGE), T.THROTTLED: Rule(settings=None)}
    ),
    targets={"regions": ["eu-west-1"]},
    options={"rate": 10.0},
)


def planned(scope: Scope, api_id: str, name: str = "orders") -> PlannedApi:
    before = GatewayResponse(type=T.UNAUTHORIZED, settings=SHOWN, default_response=True)
    own = GatewayResponse(type=T.THROTTLED, settings=CORS, default_response=False)
    return PlannedApi(
        api=RestApi(
            scope=scope,
            id=RestApiId(api_id),
            name=name,
            tags={"tier": "public"},
            endpoint_types=("REGIONAL",),
            created=1_600_000_000.0,
        ),
        changes=(
            ResponseChange(type=T.THROTTLED, action=Action.RESET, before=own, after=None),
            ResponseChange(type=T.UNAUTHORIZED, action=Action.CREATE, before=before, after=CORS),
        ),
    )


def as_unread(item: PlannedApi) -> UnreadApi:
    targets = tuple(change.target for change in item.changes)
    return UnreadApi(api=item.api, targets=targets, code="AccessDenied", message="no")


ITEMS: tuple[PlanItem, ...] = (
    planned(DUBLIN, "a1"),
    planned(OHIO, "b1"),
    UnreadApi(
        api=RestApi(scope=DUBLIN, id=RestApiId("a2")),
        targets=(TARGETS[T.UNAUTHORIZED],),
        code="AccessDenied",
        message="no",
    ),
    planned(DUBLIN, "a3", 'caf\xe9 \u2028 "quoted"\n\ud800'),
    UnreadScope(scope=OHIO, code="Throttled", message="given up"),
)

LEFT_ALONE = (
    SetAside(target=TARGETS[T.WAF_FILTERED], code=EXEMPT, message='"changes":[ see CHG-1 \u202e'),
    SetAside(target=TARGETS[T.QUOTA_EXCEEDED], code=EXEMPT, message="see CHG-2"),
)
OWNED = replace(planned(DUBLIN, "a1").api, owner=Owner(kind="cdk", name='a "stack"'))
LATER: tuple[PlanItem, ...] = (
    replace(planned(DUBLIN, "a1"), api=OWNED, set_aside=LEFT_ALONE, variant=1),
    replace(planned(DUBLIN, "a2"), variant=1),
    PlannedApi(api=RestApi(scope=DUBLIN, id=RestApiId("a3")), changes=(), set_aside=LEFT_ALONE),
    replace(as_unread(planned(DUBLIN, "a4")), set_aside=LEFT_ALONE),
    SkippedScope(scope=replace(OHIO, region=Region("*")), code="Suspended", message="since June"),
)
"""What plans had not before format 3."""


def written(path: Path, items: Iterable[PlanItem] = ITEMS) -> Path:
    with PlanWriter(path, HEADER, scopes=[DUBLIN, TOKYO]) as writer:
        for item in items:
            writer.write(item)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "fleet.plan")


# --- what goes in comes out


@pytest.mark.parametrize("item", LATER)
def test_what_is_set_aside_skipped_or_of_a_variant_is_read_as_it_was_written(item: PlanItem) -> None:
    line = json.dumps(item_to_json(item), separators=(",", ":")).encode()
    reader = ItemReader()
    assert reader.read_line(line) == item
    assert reader.read_line(line) == item  # its changes are remembered now


def test_variants_and_accounts_stand_in_the_totals(tmp_path: Path) -> None:
    """An API of each variant: what the policy says, and what it says with the rule internal."""
    ours = Variant(rules=("internal",), desired=Desired(rules={T.THROTTLED: Rule(settings=CORS)}))
    items = [
        PlannedApi(
            api=RestApi(scope=DUBLIN, id=RestApiId(f"a{number}")), changes=diff({}, desired), variant=number
        )
        for number, desired in enumerate((HEADER.desired, ours.desired))
    ]
    account = Account(
        id=DUBLIN.account, name="x\u202e", ou=("A/B", "C"), ou_ids=("r-aaaa",), tags={"tier": "1"}
    )
    frozen = FrozenAccounts(
        accounts={account.id: account}, regions={account.id: "account:ListRegions"}, as_of=1_700_000_000.0
    )
    variants = Variants(
        all=(*alike(HEADER.desired), ours),
        rules=(Matched(name="internal", where="org.yaml:3:5", apis=1), Matched(name="idle")),
        exemptions=(Matched(name="exemption of id a1", apis=0),),
    )
    with PlanWriter(tmp_path / "plan", HEADER, scopes=[DUBLIN]) as writer:
        for item in items:
            writer.write(item)
        writer.totals.variants = variants
        writer.totals.frozen = frozen
    plan = Plan.open(tmp_path / "plan")
    assert list(plan.items()) == items
    assert (plan.totals.variants, plan.variants, plan.totals.frozen) == (variants, variants.all, frozen)


def test_reads_what_was_written(path: Path) -> None:
    with Plan.open(path) as plan:
        assert plan.path == path
        assert plan.header == HEADER
        assert tuple(plan.items()) == ITEMS
        assert tuple(plan.items()) == ITEMS  # as often as one likes
        assert plan.totals.expected == {DUBLIN: 5, TOKYO: 0, OHIO: 2}
        assert plan.totals.unread_scopes == (OHIO,)
    assert path.exists()


def test_items_of_one_scope(path: Path) -> None:
    plan = Plan.open(path)
    assert tuple(plan.items(DUBLIN)) == (ITEMS[0], ITEMS[2], ITEMS[3])
    assert tuple(plan.items(OHIO)) == (ITEMS[1], ITEMS[4])
    assert tuple(plan.items(TOKYO)) == ()


def test_streams_side_by_side(path: Path) -> None:
    plan = Plan.open(path)
    assert [pair for pair in zip(plan.items(), plan.items(), strict=True) if pair[0] != pair[1]] == []
    dublin, ohio = plan.items(DUBLIN), plan.items(OHIO)
    assert [next(dublin), next(ohio), next(dublin), next(ohio)] == [ITEMS[0], ITEMS[1], ITEMS[2], ITEMS[4]]


def test_items_of_a_scope_are_read_in_batches_and_none_is_lost(tmp_path: Path) -> None:
    fleet = [planned(scope, f"{scope.region}-{n}") for n in range(70) for scope in (DUBLIN, OHIO)]
    plan = Plan.open(written(tmp_path / "p", fleet))
    assert list(plan.items(DUBLIN)) == fleet[::2]
    assert list(plan.items(OHIO)) == fleet[1::2]
    reading = plan.items(OHIO)
    next(reading)
    written(plan.path, fleet)
    with pytest.raises(PlanUnreadable, match="replaced or changed"):
        list(reading)


def test_an_empty_plan_is_a_plan(tmp_path: Path) -> None:
    plan = Plan.open(written(tmp_path / "p", ()))
    assert tuple(plan.items()) == ()
    assert plan.totals.expected == {DUBLIN: 0, TOKYO: 0}


def test_before_images_stand_whole_in_the_file(path: Path) -> None:
    line = json.loads(path.read_text("ascii").splitlines()[1])
    assert [(c["change"], c["target"]) for c in line["changes"]] == [
        ("response", "THROTTLED"),
        ("response", "UNAUTHORIZED"),
    ]
    assert [c["before"] for c in line["changes"]] == [
        {
            "responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
            "defaultResponse": False,
        },
        {
            "statusCode": "401",
            "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
            "defaultResponse": True,
        },
    ]


texts = st.text(max_size=8)
maps = st.dictionaries(texts, texts, max_size=3)
scopes = st.builds(Scope, account=texts, region=texts)
apis = st.builds(
    RestApi,
    scope=scopes,
    id=texts,
    name=texts,
    tags=maps,
    endpoint_types=st.lists(texts, max_size=2).map(tuple),
    disable_execute_api_endpoint=st.booleans(),
    endpoint_access_mode=st.sampled_from(["", "STRICT"]),
    created=st.none() | st.floats(allow_nan=False, allow_infinity=False),
)
any_settings = st.builds(Settings, status_code=st.none() | texts, parameters=maps, templates=maps)


@st.composite
def any_change(draw: st.DrawFn) -> ResponseChange:
    response_type = draw(st.sampled_from(ResponseType))
    before = GatewayResponse(
        type=response_type, settings=draw(any_settings), default_response=draw(st.booleans())
    )
    action = draw(st.sampled_from(Action))
    return ResponseChange(
        type=response_type, action=action, before=before, after=draw(st.none() | any_settings)
    )


any_item = st.one_of(
    st.builds(
        PlannedApi,
        api=apis,
        changes=st.lists(any_change(), max_size=3).map(tuple),
        uncovered=st.lists(st.sampled_from([*TARGETS.values()]), max_size=2).map(tuple),
    ),
    st.builds(
        UnreadApi,
        api=apis,
        targets=st.lists(st.sampled_from([*TARGETS.values()])).map(tuple),
        code=texts,
        message=texts,
    ),
    st.builds(UnreadScope, scope=scopes, code=texts, message=texts),
)


@untimed
@given(st.lists(any_item, max_size=4))
def test_any_item_survives_json_also_when_its_changes_are_remembered(items: list[PlanItem]) -> None:
    reader = ItemReader()
    lines = [json.dumps(item_to_json(item), separators=(",", ":")).encode() for item in items] * 2
    assert [reader.read_line(line) for line in lines] == items * 2


def test_any_scope_is_found_again(tmp_path: Path) -> None:
    odd = Scope(account=AccountId('1"\\'), region=Region('\xe9","account":"x'))
    plan = Plan.open(written(tmp_path / "p", (planned(odd, "a"), ITEMS[0])))
    assert tuple(plan.items(odd)) == (planned(odd, "a"),)


# --- reading makes equal changes once, and does not remember without bound


def test_equal_changes_are_one_object(path: Path) -> None:
    one, two, *_ = Plan.open(path).items()
    assert isinstance(one, PlannedApi)
    assert isinstance(two, PlannedApi)
    assert one.api != two.api
    assert one.changes is two.changes


def test_a_text_that_looks_like_changes_is_none(tmp_path: Path) -> None:
    odd = planned(DUBLIN, "a")
    tags = {"changes": ',"changes":[]}'}
    named, again = (
        replace(odd, api=replace(odd.api, id=RestApiId(id_), name='x,"changes":[', tags=tags)) for id_ in "bc"
    )
    plan = Plan.open(written(tmp_path / "p", (named, odd, again)))
    assert tuple(plan.items()) == (named, odd, again)


def test_tags_that_are_no_texts_are_read_likewise() -> None:
    """No tag of AWS's is a list, but an emulator's may be."""
    reader = ItemReader()
    item = planned(DUBLIN, "a")
    data = item_to_json(item)
    data = {**data, "api": {**record(data["api"]), "tags": {"a": "b", "changes": ["x"]}}}
    line = json.dumps(data, separators=(",", ":")).encode()
    assert reader.read_line(line) == reader.read_line(line)


def test_what_is_long_is_not_remembered() -> None:
    reader = ItemReader()
    create, reset = responses(planned(DUBLIN, "a").changes)
    long = replace(create, after=Settings(templates={"text/plain": "x" * items_module.SHORT}))
    item = replace(planned(DUBLIN, "a"), changes=(long, reset))
    assert reader.read_line(json.dumps(item_to_json(item), separators=(",", ":")).encode()) == item
    assert not reader._changes


def test_few_changes_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items_module, "ALIKE", 3)
    reader = ItemReader()
    for number in range(10):
        item = planned(DUBLIN, "a")
        create, reset = responses(item.changes)
        item = replace(item, changes=(replace(create, after=Settings(status_code=str(400 + number))), reset))
        line = json.dumps(item_to_json(item), separators=(",", ":")).encode()
        assert reader.read_line(line) == reader.read_line(line) == item
        assert len(reader._changes) <= 3


# --- the file


def test_the_file_is_its_owners_only(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_exception_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken_off() -> Iterator[PlanItem]:
        yield ITEMS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(tmp_path / "p", broken_off())
    assert list(tmp_path.iterdir()) == []


def test_an_exception_leaves_the_former_plan(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeyboardInterrupt), PlanWriter(path, HEADER):
        raise KeyboardInterrupt
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_plan_is_not_there_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "p"
    with PlanWriter(path, HEADER) as writer:
        writer.write(ITEMS[0])
        assert not path.exists()
        writer.commit()
        assert tuple(Plan.open(path).items()) == ITEMS[:1]
    assert tuple(Plan.open(path).items()) == ITEMS[:1]
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "latest"
    link.symlink_to("real")
    written(link)
    assert link.is_symlink()
    assert tuple(Plan.open(tmp_path / "real").items()) == ITEMS


def test_a_temporary_plan_is_deleted_when_it_is_closed(path: Path) -> None:
    with Plan.open(path, temporary=True) as plan:
        assert tuple(plan.items()) == ITEMS
    assert not path.exists()
    plan.close()


def nowhere(tmp_path: Path) -> Path:
    return tmp_path / "no" / "such" / "p"


def folder(tmp_path: Path) -> Path:
    return tmp_path


def device(_: Path) -> Path:
    return Path("/dev/null")


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (nowhere, "No such file or directory. Name a file in a folder that exists"),
        (folder, "it is a folder"),
        (device, "not a regular file"),
    ],
)
def test_where_no_plan_can_be_written_is_said_at_once(
    tmp_path: Path, place: Callable[[Path], Path], says: str
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        PlanWriter(place(tmp_path), HEADER)
    assert caught.value.exit_code == 64
    assert list(tmp_path.iterdir()) == []


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes: the nearest thing to a full disk that needs no disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("apis", [10, 3000])  # noticed at the commit, and while writing
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(tmp_path: Path, apis: int) -> None:
    with pytest.raises(BatchgwError, match="could not be written") as caught, room_for(4000):
        written(tmp_path / "p", ITEMS[:1] * apis)
    assert os.strerror(errno.EFBIG) in str(caught.value)
    assert "nothing was changed on AWS" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


# --- what is not a plan


def refusal(path: Path) -> str:
    with pytest.raises(PlanUnreadable) as caught:
        Plan.open(path)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    return text


def test_missing(tmp_path: Path) -> None:
    assert "There is no plan" in refusal(tmp_path / "p")


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p")
    assert "not a regular file" in refusal(tmp_path / "p")


def test_a_name_that_cannot_be(tmp_path: Path) -> None:
    assert "cannot be read: File name too long" in refusal(tmp_path / ("x" * 300))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"version: 1\nresponses: {}\n", "not a plan: its first line is not JSON"),
        (b"\x80\x02\xff\x00", "not a plan: its first line is not JSON"),
        (b"{\n", "not a plan: its first line is not JSON"),
        (b"[" * 100_000, "not a plan: its first line is not JSON"),
        (b"{}\n", "JSON, but not a plan"),
        (b"17\n", "JSON, but not a plan"),
        (b'{"kind":"api"}\n', "JSON, but not a plan"),
    ],
)  # fmt: skip
def test_another_file(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "p"
    path.write_bytes(content)
    text = refusal(path)
    assert says in text
    assert "`batchgw plan POLICY --out FILE`" in text


@pytest.mark.parametrize("version", [1, 2])
def test_a_plan_of_an_earlier_version(path: Path, version: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    header = {**json.loads(lines[0]), "version": version, "batchgw": "0.9"}
    path.write_bytes(json.dumps(header).encode() + b"\n" + b"".join(lines[1:]))
    assert refusal(path) == f"{path} was made by an earlier batchgw, 0.9: plan again."


@pytest.mark.parametrize("version", [5, 0, "1", None])
def test_a_plan_of_another_version(path: Path, version: object) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    header = {**json.loads(lines[0]), "version": version, "batchgw": "9.9"}
    path.write_bytes(json.dumps(header).encode() + b"\n" + b"".join(lines[1:]))
    text = refusal(path)
    assert (
        f"of format {json.dumps(version)}, written by batchgw 9.9; this batchgw reads formats 3 and" in text
    )


def test_cut_short_anywhere(path: Path) -> None:
    """Every proper prefix is refused; from the first comma on, as a plan that was cut short."""
    whole = path.read_bytes()
    for size in range(len(whole) - 1):
        path.write_bytes(whole[:size])
        text = refusal(path)
        assert ("ends too early" in text) == (size >= len('{"kind":"plan","format":"batchgw-plan"')), size
    path.write_bytes(whole[:-1])  # without the last line end nothing is lost
    assert tuple(Plan.open(path).items()) == ITEMS


def test_edited_anywhere(path: Path) -> None:
    """Any byte that is changed is noticed: one in a hundred is tried, and all of the last two lines."""
    whole = path.read_bytes()
    tail = sum(map(len, whole.splitlines(keepends=True)[-2:]))
    for position in {*range(0, len(whole), 101), *range(len(whole) - tail, len(whole) - 1)}:
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        refusal(path)


Lines = list[bytes]


@pytest.mark.parametrize(
    "edit",
    [
        lambda lines: lines[:1] + lines[2:],
        lambda lines: [lines[0], lines[1], *lines[1:]],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [lines[0], lines[1].replace(b"'*'", b"'x'"), *lines[2:]],
        lambda lines: lines[:-2] + lines[-1:],
        lambda lines: [*lines, b"\n"],
        lambda lines: [*lines, lines[1]],
    ],
)
def test_edited_by_hand(path: Path, edit: Callable[[Lines], Lines]) -> None:
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))
    assert "changed after it was written" in refusal(path)


def test_replaced_between_opening_and_reading(path: Path) -> None:
    plan = Plan.open(path)
    written(path, ITEMS[:1])
    with pytest.raises(PlanUnreadable, match="replaced or changed after it was opened"):
        next(plan.items())
    path.unlink()
    with pytest.raises(PlanUnreadable, match="There is no plan"):
        next(plan.items())


API: dict[str, object] = {
    "account": "1",
    "region": "r",
    "id": "a",
    "name": "n",
    "tags": {},
    "endpointTypes": ["REGIONAL"],
    "created": None,
}
BEFORE = {"defaultResponse": False}
CHANGE = {"change": "response", "target": "THROTTLED", "action": "NO_OP", "before": BEFORE, "after": None}


class Forger(PlanWriter):
    """Writes lines of its own with a right checksum."""

    def forge(self, line: Mapping[str, object]) -> None:
        self._line(line)


@pytest.mark.parametrize(
    "line",
    [
        {"kind": "else"},
        {"kind": "api", "api": {}, "changes": []},
        {"kind": "unread-scope", "account": "1", "region": "r"},
        {"kind": "unread-scope", "account": "1", "region": "r", "code": 5, "message": "m"},
        {"kind": "unread-scope", "account": ["1"], "region": "r", "code": "c", "message": "m"},
        {"kind": "api", "api": {**API, "name": 5}, "changes": []},
        {"kind": "api", "api": {**API, "created": "0"}, "changes": []},
        {"kind": "api", "api": {**API, "created": float("nan")}, "changes": []},
        {"kind": "api", "api": {**API, "tags": []}, "changes": []},
        {"kind": "api", "api": {**API, "endpointTypes": [None]}, "changes": []},
        {"kind": "api", "api": {**API, "disableExecuteApiEndpoint": 1}, "changes": []},
        {"kind": "api", "api": {**API, "endpointAccessMode": None}, "changes": []},
        {"kind": "api", "api": API, "changes": [{**CHANGE, "change": "stage"}]},
        {"kind": "api", "api": API, "changes": [{**CHANGE, "target": "THROTTELD"}]},
        {"kind": "api", "api": API, "changes": [{**CHANGE, "target": ["THROTTLED"]}]},
        {"kind": "api", "api": API, "changes": ["THROTTLED"]},
        {"kind": "api", "api": API, "changes": [{**CHANGE, "before": {**BEFORE, "defaultResponse": 0}}]},
        {"kind": "api", "api": API, "changes": [{**CHANGE, "before": {**BEFORE, "statusCode": 429}}]},
        {"kind": "api", "api": API, "changes": [{**CHANGE, "after": {"responseTemplates": {"a/b": None}}}]},
    ],
)
def test_a_whole_plan_with_lines_nobody_understands(tmp_path: Path, line: Mapping[str, object]) -> None:
    with Forger(tmp_path / "p", HEADER) as writer:
        writer.forge(line)
    with pytest.raises(PlanUnreadable, match="one of its lines is not understood"):
        list(Plan.open(tmp_path / "p").items())


def test_a_line_of_another_kind_is_not_taken_for_an_api_because_its_end_is_known() -> None:
    """Else the meaning of a line would depend on the lines before it."""
    reader = ItemReader()
    line = json.dumps(item_to_json(planned(DUBLIN, "a")), separators=(",", ":")).encode()
    reader.read_line(line)
    with pytest.raises(KeyError):
        reader.read_line(line.replace(b'"kind":"api"', b'"kind":"unread-api"'))
