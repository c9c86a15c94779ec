"""Identities as people write them: what is read, and what is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batchgw.errors import UsageError
from batchgw.simulator.documents import Value, read
from batchgw.simulator.iam.roles import EVERYWHERE, NOWHERE, Accounts, Iam
from batchgw.simulator.iam.written import iam

WHOLE = """\
roles:
  - name: OrganizationBatchgw
    except: ["333333333333"]
    path: /team/
    policy:
      Version: 2012-10-17
      Statement:
        - {Sid: Read, Effect: Allow, Action: apigateway:GET, Resource: "*"}
    trust:
      Version: 2012-10-17
      Statement:
        Effect: Allow
        Principal: {AWS: arn:aws:iam::111111111111:root}
        Action: sts:AssumeRole
        Condition: {StringEquals: {sts:ExternalId: secret}, "Null": {sts:ExternalId: false}}
    tags: {team: platform}
    max_session: 7200
  - name: Other
    external_id: secret
    policy: [one.json, {Statement: {Effect: Deny, Action: "*", Resource: "*"}}]
  - {name: Free}
users:
  - {accounts: ["222222222222"], policy: one.json}
service_control_policies:
  - {ous: [/Prod], full_access: false, policy: one.json}
  - {except: ["111111111111"], policy: one.json}
"""
ONE = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}


def of(tmp_path: Path, text: str) -> Iam:
    (tmp_path / "one.json").write_text(json.dumps(ONE))
    file = tmp_path / "iam.yaml"
    file.write_text(text)
    return iam(read(file, "IAM file"))


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    found = of(tmp_path, WHOLE)
    first, other, free = found.roles
    assert (first.name, first.path, first.max_session) == ("OrganizationBatchgw", "/team/", 7200)
    assert first.accounts == Accounts(but=frozenset({"333333333333"}))
    assert first.tags == {"team": "platform"}
    assert first.policies is not None
    assert (len(first.policies), first.trust is None) == (1, False)
    assert other.policies is not None
    assert (len(other.policies), other.external_id, other.max_session) == (2, "secret", 3600)
    assert (free.policies, free.trust, free.accounts) == (None, None, EVERYWHERE)
    (user,) = found.users
    assert user.accounts == Accounts(only=frozenset({"222222222222"}))
    attached, beside = found.attachments
    assert (attached.units, attached.accounts, attached.full_access) == (frozenset({"/Prod"}), NOWHERE, False)
    assert (beside.units, beside.full_access) == (frozenset(), True)
    assert beside.accounts == Accounts(but=frozenset({"111111111111"}))


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert not of(tmp_path, "")


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("role: []", "1:7: role", "did you mean 'roles'?"),
        ("roles: {}", "1:8: roles", "must be a list"),
        ("roles:\n  - accounts: []", "2:5: roles[0]", "a role needs a `name`"),
        ("roles:\n  - name: team/Batchgw", "2:11: roles[0].name", "and no path: not 'team/Batchgw'"),
        ("roles:\n  - {name: A, path: team}", "2:21: roles[0].path", "begins and ends with a slash"),
        ("roles:\n  - {name: A, accounts: [222222222222]}", "2:26: roles[0].accounts[0]", "needs quotes"),
        ("roles:\n  - {name: A, accounts: ['22']}", "2:26: roles[0].accounts[0]", "12 digits: not '22'"),
        ("roles:\n  - {name: A, max_session: 900}", "2:28: roles[0].max_session", "from 3600 to 43200"),
        (
            "roles:\n  - {name: A, external_id: x, trust: one.json}",
            "2:28: roles[0].external_id",
            "a trust policy says this itself",
        ),
        ("roles:\n  - {name: A, policy: none.json}", "none.json", "cannot be read: No such file"),
        ("roles:\n  - {name: A, trust: one.json}", "one.json:1:91: Statement.Resource", "it has no resource"),
        (
            "roles:\n  - name: A\n    policy:\n      Statement:\n        - Effect: Alow",
            "5:19: roles[0].policy.Statement[0].Effect",
            "Allow or Deny, not 'Alow'",
        ),
        (
            "roles:\n  - name: A\n    policy:\n      Statement:\n        - Action: '*'",
            "5:11: roles[0].policy.Statement[0]",
            "Allow or Deny, not None",
        ),
        ("service_control_policies:\n  - {ous: [/]}", "2:5: service_control_policies[0]", "needs a `policy`"),
        (
            "service_control_policies:\n  - {policy: one.json}",
            "2:5: service_control_policies[0]",
            "say where it is attached",
        ),
        ("users:\n  - {trust: x}", "2:13: users[0].trust", "there is no such key"),
    ],
)
def test_what_is_wrong_and_where(tmp_path: Path, text: str, place: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        of(tmp_path, text)
    assert place in str(caught.value)
    assert message in str(caught.value)


def test_what_comes_over_http_names_no_file() -> None:
    sent = Value(value={"users": [{"policy": "/etc/hosts"}]}, source="identities")
    with pytest.raises(UsageError, match=r"identities: users\[0\].policy: a policy is a mapping"):
        iam(sent)
