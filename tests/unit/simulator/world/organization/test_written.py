"""An organisation file: what it says is what there is, and what cannot be is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchgw.errors import UsageError
from batchgw.simulator.documents import Value, read
from batchgw.simulator.world.organization.changes import ChangeRegion, ChangeState, Join, Leave, Move
from batchgw.simulator.world.organization.organization import Organization
from batchgw.simulator.world.organization.plan import AccountPlan, AnswerForm
from batchgw.simulator.world.organization.written import changes, organization

PAGE = Path(__file__).parents[5] / "docs" / "simulator.md"
FIRST, SECOND, THIRD = "111111111111", "222222222222", "333333333333"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "org.yaml"


def from_text(file: Path, text: str) -> Value:
    file.write_text(text)
    return read(file, "organisation file")


def test_the_page_s_example_says_what_is_there(file: Path) -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## Organisations\n")[1]
    plan = organization(from_text(file, section.split("```yaml\n")[1].split("```")[0]))
    assert plan.accounts == (
        AccountPlan(id=FIRST, name="management"),
        AccountPlan(
            id=SECOND,
            name="cards",
            ou=("Prod", "Pay/ments", "Cards EU"),
            tags={"tier": "internal"},
            regions={"eu-south-1": "ENABLED", "ap-east-1": "ENABLING", "us-east-1": "DISABLED"},
        ),
        AccountPlan(id=THIRD, name=f"account-{THIRD}", member=False),
    )
    assert (plan.management, plan.delegated, plan.trusted_access) == (FIRST, frozenset({SECOND}), True)
    assert plan.form == AnswerForm()
    assert plan.all_regions == ("eu-west-1", "us-east-1", "eu-south-1", "ap-east-1")
    assert plan.ous == (("Sandbox",),)
    assert [(c.at, c.change) for c in plan.changes] == [
        (60, Move(account=SECOND, ou=("Sandbox",))),
        (60, Join(account=THIRD, ou=("Prod",))),
        (90, Leave(account=THIRD)),
        (90, ChangeState(account=SECOND, state="SUSPENDED")),
        (120, ChangeRegion(account=SECOND, region="ap-east-1", status="ENABLED")),
        (120, ChangeRegion(account=SECOND, region="eu-south-1", status="DISABLING")),
    ]
    end = Organization(plan)
    end.advance(120)
    assert end.members == (FIRST, SECOND)
    assert end.is_on(SECOND, "ap-east-1")


def test_little_needs_to_be_said(file: Path) -> None:
    plan = organization(from_text(file, "accounts: [{id: 111111111111}]"), regions=("eu-north-1",))
    assert plan.accounts == (AccountPlan(id=FIRST, name=f"account-{FIRST}"),)
    assert (plan.management, plan.regions) == (FIRST, ("eu-north-1",))


ACCOUNTS = 'accounts:\n  - id: "111111111111"\n'


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", "1:1", "an organisation needs `accounts`"),
        ("[]", "1:1", "must be a mapping of management, regions"),
        ("accounts: []", "1:11: accounts", "must name at least one account"),
        ("acounts: []", "1:10: acounts", "there is no such key, did you mean 'accounts'?"),
        ("accounts:\n  - {name: one}", "2:5: accounts[0]", "an account needs an `id`"),
        ("accounts:\n  - {id: 0123}", "2:10: accounts[0].id", "is no account id: it has 12 digits"),
        (
            ACCOUNTS + "    ou: Prod\n",
            "3:9: accounts[0].ou",
            "'Prod' is no path of an OU: it begins with a slash",
        ),
        (
            ACCOUNTS + "    state: closed\n",
            "3:12: accounts[0].state",
            "must be one of PENDING_ACTIVATION, ACTIVE, SUSPENDED, PENDING_CLOSURE, CLOSED, not 'closed'",
        ),
        (ACCOUNTS + "    tags: {cost: 12}\n", "3:18: accounts[0].tags.cost", "must be a text, not 12"),
        (
            ACCOUNTS + "    regions: {eu-south-1: true}\n",
            "3:27: accounts[0].regions.eu-south-1",
            "must be one of ENABLED, ",
        ),
        (
            ACCOUNTS + "    regions: {Ireland: ENABLED}\n",
            "3:24: accounts[0].regions.Ireland",
            "'Ireland' is no region",
        ),
        (ACCOUNTS + "    member: no\n", "3:13: accounts[0].member", "must be true or false, not 'no'"),
        (ACCOUNTS + "    member: false\n", "2:3: accounts", "must be a member"),
        (ACCOUNTS + "  - id: 111111111111\n", "3:5: accounts[1]", "a second time, after accounts[0]"),
        (ACCOUNTS + "management: 222222222222\n", "3:13: management", "there is no account 222222222222"),
        (ACCOUNTS + "regions: [Ireland]\n", "3:11: regions[0]", "'Ireland' is no region"),
        (ACCOUNTS + "answers: {paths: true}\n", "3:18: answers.paths", "one of account, parent, none"),
        (
            ACCOUNTS + "changes:\n  - {account: 111111111111, move: /Prod}\n",
            "4:5: changes[0]",
            "there is no OU /Prod; there are /",
        ),
        (
            ACCOUNTS + "changes:\n  - {account: 222222222222, leave: true}\n",
            "4:15: changes[0].account",
            "there is no account 222222222222",
        ),
        (
            ACCOUNTS + "changes:\n  - {account: 111111111111, leave: true}\n",
            "4:5: changes[0]",
            "the management account cannot leave",
        ),
        (
            ACCOUNTS + "changes:\n  - {account: 111111111111, at: 3}\n",
            "4:5: changes[0]",
            "exactly one of move, join, leave, state, regions",
        ),
        (
            ACCOUNTS + "changes:\n  - {account: 111111111111, move: /, at: -1}\n",
            "4:42: changes[0].at",
            "must be a number from 0 on",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(file: Path, text: str, place: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        organization(from_text(file, text))
    assert str(caught.value).startswith(f"{file}:{place}")
    assert message in str(caught.value)


def test_what_came_without_lines_is_named_by_its_keys() -> None:
    with pytest.raises(UsageError, match=r"^changes: \[1\]\.leave: can only be true$"):
        changes(
            Value(
                value=[{"account": FIRST, "leave": True}, {"account": FIRST, "leave": False}],
                source="changes",
            )
        )


def test_keys_that_are_merged_in_have_no_place_of_their_own(file: Path) -> None:
    text = "accounts:\n  - &one {id: 111111111111, state: closed}\n  - {<<: *one, id: 222222222222}\n"
    with pytest.raises(UsageError, match=r"org\.yaml:2:\d+: accounts\[0\]\.state: must be one of"):
        organization(from_text(file, text))
    merged = text.replace("state: closed", "tags: {a: b}").replace("*one,", "*one, state: closed,")
    with pytest.raises(UsageError, match=r"org\.yaml:3:\d+: accounts\[1\]\.state: must be one of"):
        organization(from_text(file, merged))
    elsewhere = "shared: &one {state: closed}\naccounts:\n  - {<<: *one, id: 222222222222}\n"
    with pytest.raises(UsageError, match=r"org\.yaml:1:\d+: shared: there is no such key"):
        organization(from_text(file, elsewhere))


def test_json_is_read_as_yaml_is_with_its_places(file: Path) -> None:
    text = '{"accounts": [{"id": "111111111111", "ou": "/Prod"},\n {"id": "222222222222"}], "regions": [1]}'
    with pytest.raises(UsageError, match=r"org\.yaml:2:39: regions\[0\]: must be a text, not 1;"):
        organization(from_text(file, text))
    assert len(organization(from_text(file, text.replace("1]", '"eu-west-1"]'))).accounts) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"a: [", "neither YAML nor JSON"),
        (b"\xff", "neither YAML nor JSON"),
        (b'{"accounts": [], "accounts": []}', 'found duplicate key "accounts"'),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(file: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read(file, "organisation file")
