"""Whatever the parameters are, the service refuses in its own way, and stays itself."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from batchgw.simulator.operations.service import OPERATIONS, Service
from batchgw.simulator.reply import ServiceFault
from batchgw.simulator.world.world import World
from tests.unit.simulator_client import ACCOUNT, REGION

API = next(World.generate(apis=1, accounts=1, regions=1).scopes()).id(0)

NAMES = [
    "restApiId",
    "responseType",
    "statusCode",
    "responseParameters",
    "responseTemplates",
    "patchOperations",
    "limit",
    "position",
    "name",
    "description",
    "stageName",
    "deploymentId",
    "canarySettings",
    "variables",
    "endpointConfiguration",
    "tags",
    "minimumCompressionSize",
    "binaryMediaTypes",
    "resourceId",
    "parentId",
    "pathPart",
    "httpMethod",
    "authorizationType",
    "type",
    "exportType",
    "parameters",
    "accepts",
    "percentTraffic",
    "stageVariableOverrides",
    "tracingEnabled",
    "RoleArn",
    "RoleSessionName",
    "DurationSeconds",
    "NextToken",
    "MaxResults",
    "op",
    "path",
    "value",
    "from",
    "types",
    "ipAddressType",
]
WORDS = [
    "replace",
    "add",
    "remove",
    "copy",
    "/statusCode",
    "/deploymentId",
    "/canarySettings/percentTraffic",
    "/*/*/caching/enabled",
    "/responseParameters/x",
    "~1",
    "PRIVATE",
    "prod",
    "THROTTLED",
    "444",
    "oas30",
    "GET",
    "MOCK",
    "true",
    "NaN",
    "inf",
    "-1",
    "1e400",
]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from([API, *WORDS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
PATCH = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(WORDS[:3]), "path": st.sampled_from(WORDS[4:9]), "value": JSON}
    ),
    max_size=2,
)
PARAMS = st.builds(
    lambda some, patch, canary: {**some, **patch, **canary},
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8),
    st.fixed_dictionaries({}, optional={"patchOperations": PATCH, "stageName": st.just("prod")}),
    st.fixed_dictionaries(
        {}, optional={"canarySettings": st.dictionaries(st.sampled_from(NAMES[-12:]), JSON, max_size=2)}
    ),
)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(OPERATIONS)), PARAMS, st.booleans()), min_size=1, max_size=6)
)
def test_every_refusal_is_the_services_and_every_answer_is_json(
    calls: list[tuple[str, dict[str, object], bool]],
) -> None:
    service = Service(World.generate(apis=1, accounts=1, regions=1))
    for operation, params, known in calls:
        given_params = {**params, "restApiId": API} if known else params
        try:
            reply = service.dispatch(operation, ACCOUNT, REGION, given_params)
        except ServiceFault as fault:
            assert 400 <= fault.status < 500  # noqa: PT017 - either way out is checked
        else:
            assert isinstance(reply.body, bytes) or json.dumps(reply.body, allow_nan=False)
