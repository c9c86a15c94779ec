"""The permissions that `iam-policy` prints are enough for the job, and none of them can be spared.

The simulated world decides: its roles have exactly these policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from batchgw import api
from batchgw.control_plane.aws.credentials.session_policy import Access, session_policy
from batchgw.model import (
    Applied,
    Failed,
    NotAttempted,
    RoleLink,
    Selection,
    Selector,
    Unchanged,
    UnreadApi,
    UnreadScope,
)
from batchgw.model.owner import OnManaged
from batchgw.permissions.job import Needs, statements
from batchgw.permissions.kinds import Job
from batchgw.permissions.roles import Chain, assuming, trust
from batchgw.permissions.statement import Statement, document
from batchgw.simulator.iam.reading import Kind, read
from batchgw.simulator.iam.roles import Iam, Role, User
from batchgw.simulator.world.world import account_id
from tests.scenarios.estate import Estate
from tests.virtual import virtually

ROLE = "OrganizationBatchgw"
INTERNAL = Selection(include=(Selector(tags={"tier": "internal"}),))
NOT_INTERNAL = Selection(exclude=(Selector(tags={"tier": "internal"}),))


def estate(given: Sequence[Statement] | None, *, selection: Selection | None = None) -> Estate:
    """Make an estate whose role may do what the statements say; everything, if there are none."""
    policies = None if given is None else (read(document(given), Kind.IDENTITY),)
    return Estate(
        iam=Iam(roles=(Role(name=ROLE, policies=policies),)),
        roles=[RoleLink(role=ROLE)],
        selection=selection or Selection(),
    )


def generated(job: Job, selection: Selection | None = None) -> tuple[Statement, ...]:
    return statements(Needs(job=job, apis=selection or Selection()))


@pytest.mark.parametrize(
    "selection", [Selection(), INTERNAL, NOT_INTERNAL], ids=["all", "internal", "others"]
)
def test_they_are_enough_to_apply(tmp_path: Path, selection: Selection) -> None:
    async def main() -> None:
        async with estate(generated(Job.APPLY, selection), selection=selection) as world:
            summary, outcomes = await world.apply(tmp_path / "journal.db", recheck=True)
            assert outcomes
            assert all(isinstance(o, Applied | Unchanged) for o in outcomes)
            assert not world.refute(outcomes)
            assert summary.exit_code == 0

    virtually(main)


@pytest.mark.parametrize("spared", [s.sid for s in generated(Job.APPLY)])
def test_none_can_be_spared(tmp_path: Path, spared: str) -> None:
    """What it was for is denied, by name, and is not taken for done."""
    given = [each for each in generated(Job.APPLY) if each.sid != spared]
    (missing,) = [each for each in generated(Job.APPLY) if each.sid == spared]

    async def main() -> None:
        async with estate(given) as world:
            with await api.plan(world.policy, plane=world.plane) as plan:
                unread = [i for i in plan.items() if isinstance(i, UnreadApi | UnreadScope)]
                denied = [i.message for i in unread]
            if not denied:
                summary, outcomes = await world.apply(tmp_path / "journal.db")
                assert not any(isinstance(o, Applied) for o in outcomes)
                assert summary.exit_code != 0
                denied = [o.message for o in outcomes if isinstance(o, Failed | NotAttempted)]
            assert denied
            assert all(any(action in text for action in missing.actions) for text in denied)
            assert all("no identity-based policy allows" in text for text in denied)

    virtually(main)


TELLING_OWNERS = statements(Needs(job=Job.PLAN, apis=Selection(), owners=True))


@pytest.mark.parametrize("spared", [None, *(s.sid for s in TELLING_OWNERS)])
def test_none_of_those_that_tell_owners_can_be_spared(spared: str | None) -> None:
    """With all of them each API is read. Without any one some are not, and the missing action is told."""
    missing = [s for s in TELLING_OWNERS if s.sid == spared]

    async def main() -> None:
        async with estate([s for s in TELLING_OWNERS if s.sid != spared]) as world:
            planning = api.plan(world.policy, plane=world.plane, on_managed=OnManaged.HOLD)
            with await planning as plan:
                denied = [i.message for i in plan.items() if isinstance(i, UnreadApi | UnreadScope)]
        assert bool(denied) is bool(missing)
        assert all(action in text for each in missing for action in each.actions for text in denied)

    virtually(main)


@pytest.mark.parametrize("selection", [INTERNAL, NOT_INTERNAL], ids=["internal", "others"])
def test_they_do_not_reach_the_apis_that_the_policy_leaves_out(tmp_path: Path, selection: Selection) -> None:
    """The same role, used for all APIs: only those that the policy means can be changed."""

    async def main() -> None:
        reading = generated(Job.PLAN)
        writing = [s for s in generated(Job.APPLY, selection) if "apigateway:PUT" in s.actions]
        async with estate([*reading, *writing]) as world:
            _, outcomes = await world.apply(tmp_path / "journal.db")
            changed = {o.api.id for o in outcomes if isinstance(o, Applied)}
            internal = {
                apis.id(n)
                for apis in world.world.scopes()
                for n in apis.numbers()
                if apis.attributes(n).tags.get("tier") == "internal"
            }
            assert changed
            assert internal
            meant = changed <= internal if selection is INTERNAL else not changed & internal
            assert meant

    virtually(main)


@pytest.mark.parametrize("by", ["policy", "session policy"])
def test_a_role_that_plans_cannot_write(tmp_path: Path, by: str) -> None:
    """Neither one with the permissions of plan, nor one that may do everything in a session for reading."""
    world = estate(generated(Job.PLAN) if by == "policy" else None)
    if by == "session policy":
        world.session_policy = session_policy(Access.READ, "aws")

    async def main() -> None:
        async with world:
            with await api.plan(world.policy, plane=world.plane) as plan:
                assert not [i for i in plan.items() if isinstance(i, UnreadApi | UnreadScope)]
                assert plan.totals.total.apis == world.apis
            summary, outcomes = await world.apply(tmp_path / "journal.db")
            assert world.customisations() == world.before
            assert summary.exit_code != 0
            reasons = [o.message for o in outcomes if isinstance(o, Failed | NotAttempted)]
            kind = "identity-based policy" if by == "policy" else "session policy"
            assert reasons
            assert all(f"because no {kind} allows the apigateway:" in text for text in reasons)

    virtually(main)


LINK = RoleLink(role=ROLE, external_id="secret", session_tags={"team": "platform"}, source_identity="nightly")
CHAIN = Chain(before=(), last=LINK)
BASE = f"arn:aws:iam::{account_id(0)}:user/batchgw"


def entrance(given: Sequence[Statement]) -> Estate:
    """Make an estate whose role trusts as the statements say. The base user may assume it, and no more."""
    may = read(document([*assuming(CHAIN, "aws")]), Kind.IDENTITY)
    role = Role(name=ROLE, trust=read(document(given), Kind.TRUST))
    return Estate(iam=Iam(roles=(role,), users=(User(policies=(may,)),)), roles=[LINK])


def test_the_trust_policy_lets_batchgw_in() -> None:
    async def main() -> None:
        async with entrance(trust(CHAIN, [BASE])) as world:
            with await api.plan(world.policy, plane=world.plane) as plan:
                assert plan.totals.total.apis == world.apis

    virtually(main)


@pytest.mark.parametrize("spared", [s.sid for s in trust(CHAIN, [BASE])])
def test_no_statement_of_the_trust_policy_can_be_spared(spared: str) -> None:
    """With a part of it no account can be read."""

    async def main() -> None:
        async with entrance([s for s in trust(CHAIN, [BASE]) if s.sid != spared]) as world:
            with await api.plan(world.policy, plane=world.plane) as plan:
                unread = [i for i in plan.items() if isinstance(i, UnreadScope)]
                assert len(unread) == len(world.scopes)
                assert all("cannot assume" in each.message for each in unread)

    virtually(main)
