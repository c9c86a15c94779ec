"""Which role is assumed in an account, and under which session name."""

from __future__ import annotations

import pytest

from batchgw.control_plane.aws.credentials.roles import check_role, role_arn, session_name
from batchgw.control_plane.aws.keys import Keys
from batchgw.errors import UsageError
from batchgw.model import AccountId

A = AccountId("111111111111")


@pytest.mark.parametrize(
    ("role", "partition", "arn"),
    [
        ("Batchgw", "aws", "arn:aws:iam::111111111111:role/Batchgw"),
        ("team/Batchgw", "aws-cn", "arn:aws-cn:iam::111111111111:role/team/Batchgw"),
        ("/team/Batchgw", "aws", "arn:aws:iam::111111111111:role/team/Batchgw"),
        ("arn:aws:iam::{account}:role/R", "aws", "arn:aws:iam::111111111111:role/R"),
        ("arn:aws:iam::*:role/R", "aws", "arn:aws:iam::111111111111:role/R"),
        ("arn:{partition}:iam::{account}:role/R", "aws-us-gov", "arn:aws-us-gov:iam::111111111111:role/R"),
        ("arn:*:iam::*:role/path/R", "aws-cn", "arn:aws-cn:iam::111111111111:role/path/R"),
        ("arn:aws:iam::111111111111:role/R", "aws", "arn:aws:iam::111111111111:role/R"),
    ],
)
def test_a_name_or_a_pattern_becomes_the_arn_in_the_account(role: str, partition: str, arn: str) -> None:
    assert role_arn(role, A, partition) == arn
    check_role(role)


@pytest.mark.parametrize(
    "role", ["", "my role", "arn:aws:iam::*:user/R", "arn:aws:s3:::bucket", "arn:aws:iam::12:role/R", "R\n"]
)
def test_what_names_no_role_is_refused_with_the_two_spellings(role: str) -> None:
    with pytest.raises(UsageError, match=r"not a role.*\{account\}:role/"):
        role_arn(role, A, "aws")
    with pytest.raises(UsageError):
        check_role(role)


def test_the_role_of_another_account_is_never_used() -> None:
    """Its keys would change that account's APIs instead."""
    with pytest.raises(UsageError, match=r"is in account 222222222222.*account 111111111111.*\{account\}"):
        role_arn("arn:aws:iam::222222222222:role/R", A, "aws")
    check_role("arn:aws:iam::222222222222:role/R")  # it may be right for the accounts to come


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (None, "batchgw"),
        ("", "batchgw"),
        ("run-42", "run-42"),
        ("run 42: café", "run-42--caf-"),
        ("a", "batchgw-a"),
        ("x" * 80, "x" * 64),
        ("a=b,c.d@e+f_g-h", "a=b,c.d@e+f_g-h"),
    ],
)
def test_session_names_are_made_acceptable_to_sts(text: str | None, name: str) -> None:
    assert session_name(text) == name


def test_keys_show_neither_secret_nor_token() -> None:
    shown = repr(Keys(access_key="AKIA1", secret_key="hunter2", token="t0ken"))
    assert "AKIA1" in shown
    assert "hunter2" not in shown
    assert "t0ken" not in shown
