"""Reads an organisation from what people write, or an error that says what is wrong with it, and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from batchgw.simulator.documents import Value
from batchgw.simulator.world.organization.changes import (
    Change,
    ChangeRegion,
    ChangeState,
    Join,
    Leave,
    Move,
    ScheduledChange,
)
from batchgw.simulator.world.organization.paths import Names, names_of, path_of
from batchgw.simulator.world.organization.plan import (
    PATHS_FORMS,
    AccountPlan,
    AnswerForm,
    OrganizationPlan,
)
from batchgw.simulator.world.organization.regions import REGIONS, STATUSES, RegionStatus, is_region
from batchgw.simulator.world.organization.states import STATES

FIELDS: Final = (
    "management",
    "regions",
    "delegated_administrators",
    "trusted_access",
    "answers",
    "ous",
    "accounts",
    "changes",
)
ACCOUNT_FIELDS: Final = ("id", "name", "ou", "state", "tags", "regions", "member")
ANSWER_FIELDS: Final = ("state", "status", "paths", "empty_pages")
CHANGE_FIELDS: Final = ("at", "account", "move", "join", "leave", "state", "regions")

_KINDS = CHANGE_FIELDS[2:]
_ACCOUNT = re.compile(r"\d{12}")


def organization(document: Value, *, regions: tuple[str, ...] = REGIONS[:2]) -> OrganizationPlan:
    """Read a whole organisation. `regions` are those of a file that names none. Raises UsageError."""
    found = document.fields(FIELDS)
    if "accounts" not in found:
        raise document.wrong("an organisation needs `accounts`")
    accounts = _accounts(found["accounts"])
    ids = {account.id for account in accounts}
    ous = tuple(_ou(each) for each in _items(found, "ous"))
    known = {names[:end] for names in (*ous, *(a.ou for a in accounts)) for end in range(len(names) + 1)}
    named = tuple(_region(each) for each in _items(found, "regions"))
    members = {account.id for account in accounts if account.member}
    management = _known(found["management"], members) if "management" in found else accounts[0].id
    if management not in members:
        raise found["accounts"].wrong("the first account manages the organisation, so it must be a member")
    return OrganizationPlan(
        accounts=accounts,
        regions=named or regions,
        management=management,
        ous=ous,
        delegated=frozenset(_known(each, ids) for each in _items(found, "delegated_administrators")),
        trusted_access="trusted_access" not in found or found["trusted_access"].flag(),
        form=_answers(found["answers"]) if "answers" in found else AnswerForm(),
        changes=_scheduled(_items(found, "changes"), ids, known, management),
    )


def changes(document: Value) -> tuple[ScheduledChange, ...]:
    """Read a list of changes. Whether what they name is there, the organisation says. Raises UsageError."""
    return tuple(change for each in document.items() for change in _change(each))


def _items(found: Mapping[str, Value], key: str) -> tuple[Value, ...]:
    return found[key].items() if key in found else ()


def _accounts(value: Value) -> tuple[AccountPlan, ...]:
    places: dict[str, Value] = {}
    accounts: list[AccountPlan] = []
    for each in value.items():
        account = _account(each)
        if account.id in places:
            raise each.wrong(f"{account.id} stands here a second time, after {places[account.id].keys}")
        places[account.id] = each
        accounts.append(account)
    if not accounts:
        raise value.wrong("must name at least one account")
    return tuple(accounts)


def _account(value: Value) -> AccountPlan:
    found = value.fields(ACCOUNT_FIELDS)
    if "id" not in found:
        raise value.wrong("an account needs an `id`")
    id = _id(found["id"])  # noqa: A001 - AWS's word
    return AccountPlan(
        id=id,
        name=found["name"].text() if "name" in found else f"account-{id}",
        ou=_ou(found["ou"]) if "ou" in found else (),
        state=found["state"].word(STATES) if "state" in found else "ACTIVE",
        tags={key: _tag(tag) for key, tag in found["tags"].mapping().items()} if "tags" in found else {},
        regions=_regions(found["regions"]) if "regions" in found else {},
        member="member" not in found or found["member"].flag(),
    )


def _answers(value: Value) -> AnswerForm:
    found = value.fields(ANSWER_FIELDS)
    form = AnswerForm()
    return AnswerForm(
        state=found["state"].flag() if "state" in found else form.state,
        status=found["status"].flag() if "status" in found else form.status,
        paths=found["paths"].word(PATHS_FORMS) if "paths" in found else form.paths,
        empty_pages=found["empty_pages"].flag() if "empty_pages" in found else form.empty_pages,
    )


def _scheduled(
    values: tuple[Value, ...], accounts: set[str], ous: set[Names], management: str
) -> tuple[ScheduledChange, ...]:
    """Read the changes of a file, which also says what there is to be changed."""
    read: list[ScheduledChange] = []
    for each in values:
        for scheduled in _change(each):
            change = scheduled.change
            _known(each.fields(CHANGE_FIELDS)["account"], accounts)
            if isinstance(change, Move | Join) and change.ou not in ous:
                known = ", ".join(map(path_of, sorted(ous)))
                raise each.wrong(f"there is no OU {path_of(change.ou)}; there are {known}")
            if isinstance(change, Leave) and change.account == management:
                raise each.wrong("the management account cannot leave")
            read.append(scheduled)
    return tuple(read)


def _change(value: Value) -> list[ScheduledChange]:
    """Read one entry. It is one change, but for its regions: each of them is a change."""
    found = value.fields(CHANGE_FIELDS)
    kinds = [kind for kind in _KINDS if kind in found]
    if "account" not in found or len(kinds) != 1:
        raise value.wrong(f"a change needs an `account` and exactly one of {', '.join(_KINDS)}")
    at = found["at"].number() if "at" in found else 0.0
    made = _of_kind(kinds[0], found[kinds[0]], _id(found["account"]))
    return [ScheduledChange(at=at, change=change) for change in made]


def _of_kind(kind: str, value: Value, account: str) -> list[Change]:
    match kind:
        case "move":
            return [Move(account=account, ou=_ou(value))]
        case "join":
            return [Join(account=account, ou=_ou(value))]
        case "leave":
            if not value.flag():
                raise value.wrong("can only be true")
            return [Leave(account=account)]
        case "state":
            return [ChangeState(account=account, state=value.word(STATES))]
        case _:
            regions = _regions(value).items()
            return [ChangeRegion(account=account, region=name, status=status) for name, status in regions]


def _regions(value: Value) -> dict[str, RegionStatus]:
    out: dict[str, RegionStatus] = {}
    for name, status in value.mapping().items():
        if not is_region(name):
            raise status.wrong(f"{name!r} is no region")
        out[name] = status.word(STATUSES)
    return out


def _region(value: Value) -> str:
    name = value.text()
    if not is_region(name):
        raise value.wrong(f"{name!r} is no region")
    return name


def _ou(value: Value) -> Names:
    try:
        return names_of(value.text())
    except ValueError as error:
        raise value.wrong(str(error)) from None


def _tag(value: Value) -> str:
    return "" if value.value == "" else value.text()


def _id(value: Value) -> str:
    """Read an account id. One that begins with a zero needs quotes, to be no number of fewer digits."""
    text = str(value.value)
    if not _ACCOUNT.fullmatch(text):
        raise value.wrong(f"{text!r} is no account id: it has 12 digits, in quotes if it begins with 0")
    return text


def _known(value: Value, accounts: set[str]) -> str:
    account = _id(value)
    if account not in accounts:
        raise value.wrong(f"there is no account {account} in this organisation")
    return account
