"""What the role in each account must be allowed to do, for exactly the job of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from batchgw.control_plane.interface import Operation
from batchgw.control_plane.operations import (
    CreateDeployment,
    DeleteDeployment,
    DeleteGatewayResponse,
    GetGatewayResponse,
    GetGatewayResponses,
    GetRestApis,
    PutGatewayResponse,
)
from batchgw.model import Region, Selection
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rulebook import Reach
from batchgw.permissions.kinds import Job
from batchgw.permissions.narrowing import EVERY, Narrowed, changed, excluded, included
from batchgw.permissions.signals import asking
from batchgw.permissions.statement import Effect, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What of a job is known from its policy.

    Attributes:
        job: the verb.
        apis: which APIs are meant.
        reach: which of those the policy may change; None where that may be any.
        regions: where; none means any region.
        partition: the one of the accounts: aws, aws-cn or aws-us-gov.
        own_regions: each account is asked which regions it has.
        owners: it must be told who manages an API.
        stages: the names of stages are shown.
        live: it says which stages are made live.
        live_reach: of which APIs those are; None where that may be any.
        rollout: what is asked of other services before, between and after its waves.
    """

    job: Job
    apis: Selection
    reach: Reach | None = None
    regions: tuple[Region, ...] = ()
    partition: str = "aws"
    own_regions: bool = False
    owners: bool = False
    stages: bool = False
    live: bool = False
    live_reach: Reach | None = None
    rollout: Rollout | None = None

    @property
    def deploys(self) -> bool:
        """Whether stages are made live: an apply does that where the policy says which."""
        return self.job is Job.DEPLOY or (self.live and self.job is Job.APPLY)

    @property
    def reads_live(self) -> bool:
        """Whether it is read what stages serve."""
        return self.deploys or (self.live and self.job in (Job.PLAN, Job.CHECK))

    @property
    def deployed(self) -> tuple[Narrowed, ...]:
        """The APIs whose stages are made live, or more."""
        return changed(self.apis, self.live_reach if self.live else self.reach)


def statements(needs: Needs) -> tuple[Statement, ...]:
    """Give the statements of the role's policy, the least that the job can do with."""
    return (
        *_reading(needs),
        *(_writing(needs) if needs.job.writes else ()),
        *(_reading_live(needs) if needs.reads_live else ()),
        *(_deploying(needs) if needs.deploys else ()),
        *(_pruning(needs) if needs.job is Job.PRUNE else ()),
        *(asking(needs.rollout, needs.partition, needs.regions) if needs.job.writes else ()),
    )


def _reading(needs: Needs) -> Iterator[Statement]:
    yield Statement(
        sid="ListRestApis",
        actions=_actions(GetRestApis.operation),
        resources=_on(needs, GetRestApis.operation.path),
        why="finds the REST APIs of a region",
    )
    read = [GetGatewayResponses.operation]
    if needs.job.writes:
        read.append(GetGatewayResponse.operation)
    if needs.job not in (Job.DISCOVER, Job.PRUNE):
        yield from _about(
            needs,
            included(needs.apis),
            "ReadGatewayResponses",
            read,
            "reads what there is, before it is changed and afterwards",
        )
    if needs.own_regions:
        yield Statement(
            sid="ListRegions",
            actions=("account:ListRegions",),
            resources=(f"arn:{needs.partition}:account::*:account",),
            why="tells which regions the account has enabled",
        )
    if needs.owners:
        yield from _telling_owners(needs)
    elif needs.stages:
        yield Statement(
            sid="ReadStages",
            actions=("apigateway:GET",),
            resources=_on(needs, "/restapis/*/stages"),
            why="shows the names of stages",
        )


def _telling_owners(needs: Needs) -> Iterator[Statement]:
    yield Statement(
        sid="ReadStagesAndDeployments",
        actions=("apigateway:GET",),
        resources=_on(needs, *_of_each(included(needs.apis), "stages", "deployments/*")),
        why="tells by the description of a deployment which tool has made it",
    )
    yield Statement(
        sid="FindStacks",
        actions=("cloudformation:DescribeStackResources",),
        resources=(EVERY,),  # it is asked by the id of an API, so IAM knows of no stack when it decides
        why="tells whether a stack manages an API",
    )


def _writing(needs: Needs) -> Iterator[Statement]:
    writes = [PutGatewayResponse.operation, DeleteGatewayResponse.operation]
    yield from _about(
        needs,
        changed(needs.apis, needs.reach),
        "WriteGatewayResponses",
        writes,
        "sets gateway responses, and resets them",
    )
    yield from _about(
        needs,
        excluded(needs.apis),
        "LeaveExcludedAlone",
        writes,
        "keeps what the policy excludes as it is",
        effect="Deny",
    )


def _reading_live(needs: Needs) -> Iterator[Statement]:
    """Give what it takes to read what is live. Exports are below stages, and the methods are resources."""
    read = ("stages", "stages/*", "deployments", "deployments/*", "resources")
    yield Statement(
        sid="ReadWhatIsLive",
        actions=("apigateway:GET",),
        resources=_on(needs, *_of_each(included(needs.apis), *read)),
        why="reads which deployment each stage serves, what that answers, and what is edited since",
    )


def _deploying(needs: Needs) -> Iterator[Statement]:
    """Give what making an API live takes. A deployment inherits the tags of its API.

    A stage does as well, but one of its own hides the API's, so a stage is narrowed by ids alone.
    """
    meant = needs.deployed
    yield from _about(needs, meant, "Deploy", [CreateDeployment.operation], "makes deployments")
    if meant:
        yield Statement(
            sid="MoveStages",
            actions=("apigateway:PATCH",),
            resources=_on(needs, *_of_each(meant, "stages/*")),
            why="moves stages to a deployment, and back",
        )
    spared = [*excluded(needs.apis)]
    if named := [each for each in spared if not each.tags]:
        yield Statement(
            sid="LeaveExcludedLive",
            effect="Deny",
            actions=("apigateway:POST", "apigateway:PATCH"),
            resources=_on(needs, *_of_each(named, "deployments", "stages/*")),
            why="keeps live what the policy excludes by its id",
        )
    yield from _about(
        needs,
        [each for each in spared if each.tags],
        "LeaveExcludedUndeployed",
        [CreateDeployment.operation],
        "deploys nothing that the policy excludes by its tags",
        effect="Deny",
    )


def _pruning(needs: Needs) -> Iterator[Statement]:
    """Give what it takes to delete deployments that no stage is on. They inherit the tags of their API."""
    yield Statement(
        sid="ReadDeployments",
        actions=("apigateway:GET",),
        resources=_on(needs, *_of_each(included(needs.apis), "stages", "deployments")),
        why="reads which deployments there are, and which of them a stage is on",
    )
    delete = [DeleteDeployment.operation]
    yield from _about(needs, included(needs.apis), "DeleteDeployments", delete, "deletes deployments")
    yield from _about(
        needs,
        excluded(needs.apis),
        "LeaveExcludedDeployments",
        delete,
        "deletes no deployment of what the policy excludes",
        effect="Deny",
    )


def _about(
    needs: Needs,
    apis: Iterable[Narrowed],
    sid: str,
    operations: Sequence[Operation],
    why: str,
    *,
    effect: Effect = "Allow",
) -> Iterator[Statement]:
    """Give the statements about these APIs: one for all that IAM knows by the same tags, or by their ids."""
    alike: dict[tuple[tuple[str, str], ...], list[Narrowed]] = {}
    for each in apis:
        alike.setdefault(tuple(sorted(each.tags.items())), []).append(each)
    for number, group in enumerate(alike.values()):
        yield Statement(
            sid=_numbered(sid, number),
            effect=effect,
            actions=_actions(*operations),
            resources=_on(needs, *(_path(operation, each) for each in group for operation in operations)),
            condition=group[0].condition,
            why=why,
        )


def _of_each(apis: Sequence[Narrowed], *parts: str) -> Iterator[str]:
    """Give the paths of these parts of APIs: of those that are named by id, or else of all.

    Tags narrow nothing here, since a stage may have other ones than its API.
    """
    ids = dict.fromkeys(each.api for each in apis)
    for api in (EVERY,) if EVERY in ids else ids:
        yield from (f"/restapis/{api}/{part}" for part in parts)


def _path(operation: Operation, apis: Narrowed) -> str:
    return operation.path.format(restApiId=apis.api, responseType=EVERY, deploymentId=EVERY)


def _actions(*operations: Operation) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"apigateway:{operation.http}" for operation in operations))


def _on(needs: Needs, *paths: str) -> tuple[str, ...]:
    """Give the resources of API Gateway at these paths. The account field of its ARNs is empty."""
    return tuple(
        dict.fromkeys(
            f"arn:{needs.partition}:apigateway:{region}::{path}"
            for path in paths
            for region in needs.regions or (EVERY,)
        )
    )


def _numbered(sid: str, number: int) -> str:
    """Give a statement an id of its own."""
    return sid if number == 0 else f"{sid}{number + 1}"
