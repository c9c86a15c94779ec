"""Roles and users with exactly the policies that they are given, made through IAM's API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.integration.emulator import Emulator, Keys

Document = Mapping[str, Any]
"""A policy as IAM takes it."""


def policy_of(*statements: Mapping[str, Any]) -> Document:
    """Give the policy that has these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


EVERYTHING = policy_of({"Effect": "Allow", "Action": "*", "Resource": "*"})


def trusting(principal: str) -> Document:
    """Give the trust policy that lets a principal in, whatever it brings."""
    return policy_of({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:*"})


def make_role(
    emulator: Emulator, keys: Keys, name: str, *, may: Document = EVERYTHING, trust: Document | None = None
) -> None:
    """Make a role in the account of the keys. By default anybody in the emulator's account may assume it."""
    iam = emulator.client("iam", keys=keys)
    trusted = trust or trusting(f"arn:aws:iam::{emulator.account}:root")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))
    give(emulator, keys, name, may)


def change_trust(emulator: Emulator, keys: Keys, name: str, *, trust: Document) -> None:
    """Let others assume a role than could until now."""
    iam = emulator.client("iam", keys=keys)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


def give(emulator: Emulator, keys: Keys, role: str, may: Document) -> None:
    """Let a role do what a policy says, and nothing else."""
    emulator.client("iam", keys=keys).put_role_policy(
        RoleName=role, PolicyName="only", PolicyDocument=json.dumps(may)
    )


def make_user(emulator: Emulator, name: str, *, may: Document) -> Keys:
    """Make a user in the emulator's own account, and give its keys."""
    iam = emulator.client("iam")
    iam.create_user(UserName=name)
    change_user(emulator, name, may)
    given = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(access_key_id=given["AccessKeyId"], secret_access_key=given["SecretAccessKey"])


def change_user(emulator: Emulator, name: str, may: Document) -> None:
    """Let a user do what a policy says, and nothing else."""
    emulator.client("iam").put_user_policy(UserName=name, PolicyName="only", PolicyDocument=json.dumps(may))


def without(document: Document, sid: str) -> Document:
    """Take a statement out of a policy."""
    left = [each for each in document["Statement"] if each["Sid"] != sid]
    assert len(left) == len(document["Statement"]) - 1
    return {**document, "Statement": left}
