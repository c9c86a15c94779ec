"""Outcomes that may be their scope's: what tells that they are not, and what does not."""

from __future__ import annotations

import pytest

from batchgw.control_plane.given_up import GivenUpScopes
from batchgw.control_plane.interface import Request
from batchgw.control_plane.operations import DeleteGatewayResponse, PutGatewayResponse
from batchgw.errors import (
    AccessDenied,
    ApiDenied,
    ApiNotFound,
    CallError,
    ConcurrentModification,
    ConnectionCut,
    NotCustomized,
    ServiceFailure,
)
from batchgw.execution.writing.held_outcomes import HeldOutcomes
from batchgw.journal import PendingChange
from batchgw.model import (
    AccountId,
    Action,
    Applied,
    Effort,
    Failed,
    GatewayResponse,
    Outcome,
    Region,
    ResponseChange,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
    Skipped,
)
from batchgw.model.response_change import TARGETS

SCOPE = Scope(account=AccountId("111111111111"), region=Region("eu-west-1"))
KIND = ResponseType.THROTTLED
PENDING = PendingChange(
    id=1,
    change=ResponseChange(
        type=KIND,
        action=Action.CREATE,
        before=GatewayResponse(type=KIND, settings=Settings(), default_response=True),
        after=Settings(status_code="429"),
    ),
    intended=False,
)


class Run:
    """Ends changes one after the other, as the retrying wrapper and the executor do."""

    def __init__(self) -> None:
        self.given_up = GivenUpScopes()
        self.decided: list[str] = []
        self.held = HeldOutcomes(self.given_up.why, self.given_up.counts, self._decide)

    def _decide(self, _pending: PendingChange, outcome: Outcome) -> None:
        code = getattr(outcome, "code", "")
        self.decided.append(f"{outcome.api.id} {type(outcome).__name__} {code}".strip())

    def make(self, api: str, error: CallError | None = None, *, delete: bool = False) -> None:
        """A call of the API ends well, or in an error, which a DELETE may take for a success."""
        request: Request[object] = (
            DeleteGatewayResponse(scope=SCOPE, api=RestApiId(api), type=KIND)
            if delete
            else PutGatewayResponse(scope=SCOPE, api=RestApiId(api), type=KIND, settings=Settings())
        )
        if isinstance(error, AccessDenied):
            error = self.given_up.judged(request, error)
        if error is None or error.reached_api:
            self.given_up.allowed(request)
        self.held.take(PENDING, _outcome(api, error))


def _outcome(api: str, error: CallError | None) -> Outcome:
    of, action, effort = RestApi(scope=SCOPE, id=RestApiId(api)), Action.CREATE, Effort()
    if error is None or isinstance(error, NotCustomized):
        return Applied(api=of, target=TARGETS[KIND], action=action, effort=effort)
    kind = Skipped if isinstance(error, ApiNotFound) else Failed
    code = type(error).__name__
    return kind(api=of, target=TARGETS[KIND], action=action, effort=effort, code=code, message=error.message)


NO_PROOF = [ServiceFailure("internal", status=500), ConnectionCut("reset")]


def no() -> AccessDenied:
    return AccessDenied("not authorized")


@pytest.mark.parametrize("error", NO_PROOF, ids=type)
def test_a_failure_on_the_way_does_not_tell_that_a_denial_was_one_apis(error: CallError) -> None:
    """The scope is given up later: then the first denials were its, and a resume takes them up."""
    run = Run()
    run.make("a", no())
    run.make("b", error)
    run.make("c", no())
    assert run.decided == [f"b Failed {type(error).__name__}"]
    assert isinstance(run.given_up.judged(_put("d"), no()), AccessDenied)
    run.given_up.add(SCOPE, no())
    run.held.end_scope(SCOPE)
    assert run.decided[1:] == ["a NotAttempted AccessDenied", "c NotAttempted AccessDenied"]


def _put(api: str) -> PutGatewayResponse:
    return PutGatewayResponse(scope=SCOPE, api=RestApiId(api), type=KIND, settings=Settings())


@pytest.mark.parametrize("error", [None, ConcurrentModification("try again later", status=409)], ids=str)
def test_an_answer_that_only_the_allowed_get_tells_it(error: CallError | None) -> None:
    run = Run()
    run.make("a", no())
    run.make("b", error)
    assert run.decided[0] == f"a Failed {ApiDenied.__name__}"
    assert len(run.decided) == 2


def test_who_may_delete_may_still_not_put() -> None:
    run = Run()
    run.make("a", no())
    run.make("b", NotCustomized("not defined"), delete=True)
    assert run.decided == ["b Applied"]
    run.held.end_scope(SCOPE)
    assert run.decided[1:] == ["a Failed ApiDenied"]


@pytest.mark.parametrize("error", [*NO_PROOF, no()], ids=type)
def test_a_call_that_did_not_reach_an_api_does_not_tell_that_others_were_deleted(error: CallError) -> None:
    run = Run()
    for api in "abc":
        run.make(api, ApiNotFound("no such API", status=404))
    run.make("d", error)
    run.held.end_scope(SCOPE)
    gone = [said for said in run.decided if said[0] in "abc"]
    assert gone == [f"{api} NotAttempted AllGone" for api in "abc"]


def test_one_that_was_there_does() -> None:
    run = Run()
    run.make("a", ApiNotFound("no such API", status=404))
    run.make("b")
    run.make("c", ApiNotFound("no such API", status=404))
    assert run.decided == ["a Skipped ApiNotFound", "b Applied", "c Skipped ApiNotFound"]
