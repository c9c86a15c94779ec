"""The two questions to STS: who are we, and let us be that role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from batchgw.control_plane.advice import with_operation
from batchgw.control_plane.aws.keys import Keys, Signer, misfit
from batchgw.control_plane.aws.sts.client import Question, StsClient
from batchgw.control_plane.operations.unreadable import unreadable_answer
from batchgw.errors import CallError
from batchgw.model import AccountId, Region, RoleLink, Scope

ANYONE = AccountId("*")
"""Stands, in what is told, for the account that is being asked for."""

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSession:
    """A session of a role that is asked for.

    Attributes:
        arn: the role.
        name: of the session; CloudTrail shows it.
        link: what else its place in the chain says.
        policy: what the session may do at most, as JSON; None for all that the role may do.
        signer: who asks; None for the base credentials.
    """

    arn: str
    name: str
    link: RoleLink
    policy: str | None = None
    signer: Signer | None = None

    def params(self) -> dict[str, object]:
        """Give boto3's parameters. Session tags are passed on to the sessions of later links."""
        link = self.link
        params: dict[str, object] = {"RoleArn": self.arn, "RoleSessionName": self.name}
        if self.policy is not None:
            params["Policy"] = self.policy
        if link.session_tags:
            params["Tags"] = [{"Key": key, "Value": value} for key, value in link.session_tags.items()]
            params["TransitiveTagKeys"] = list(link.session_tags)
        if link.external_id is not None:
            params["ExternalId"] = link.external_id
        if link.source_identity is not None:
            params["SourceIdentity"] = link.source_identity
        return params


class Sts:
    """Security Token Service."""

    def __init__(self, client: StsClient) -> None:
        self._client = client
        self.identity: str | None = None  # the ARN that STS gave last for base credentials

    async def account(self, region: Region, keys: Keys | None = None) -> AccountId:
        """Tell whose keys are, by default the base credentials'. Raises a CallError."""
        try:
            return await self._account(region, keys)
        except CallError as error:
            raise with_operation(error, "sts", "GetCallerIdentity") from error.__cause__

    async def _account(self, region: Region, keys: Keys | None) -> AccountId:
        answer = await self._client.answer(
            Question(
                method="get_caller_identity",
                operation="GetCallerIdentity",
                region=region,
                scope=Scope(account=ANYONE, region=region),
                keys=keys,
            )
        )
        with _readable():
            account: str = answer["Account"]
            if not _ACCOUNT.fullmatch(account):
                raise KeyError(account)
            self.identity = answer.get("Arn")
            return AccountId(account)

    async def assume_role(self, role: RoleSession, region: Region, scope: Scope) -> Keys:
        """Become a role for work in a scope, for an hour unless the role says less. Raises a CallError.

        The keys say which account they are of: the one in the ARN that STS answers with, not the one asked
        for. No other length of time is asked for: an hour is the most that a role gets from a role.
        """
        answer = await self._client.answer(
            Question(
                method="assume_role",
                operation="AssumeRole",
                region=region,
                scope=scope,
                params=role.params(),
                signer=role.signer,
            )
        )
        with _readable():
            given = answer["Credentials"]
            keys = Keys(
                access_key=given["AccessKeyId"],
                secret_key=given["SecretAccessKey"],
                token=given["SessionToken"],
                expires=given["Expiration"].timestamp(),
                account=_account_in(answer["AssumedRoleUser"]["Arn"]),
            )
        if why := misfit(keys.access_key, keys.secret_key, keys.token):
            raise unreadable_answer(f"in the credentials from STS, {why}")
        return keys


def _account_in(arn: str) -> AccountId:
    """Give the account of arn:PARTITION:sts::ACCOUNT:assumed-role/ROLE/SESSION."""
    account = arn.split(":")[4]
    if not _ACCOUNT.fullmatch(account):
        raise KeyError(account)
    return AccountId(account)


@contextmanager
def _readable() -> Iterator[None]:
    """Take members out of an answer that may lack them. No message shows the answer: it holds secrets."""
    try:
        yield
    except (KeyError, IndexError, AttributeError, TypeError) as error:
        raise unreadable_answer("STS left out what it must tell") from error
