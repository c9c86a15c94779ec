from __future__ import annotations

import pytest

from batchgw.simulator.world.world import World
from tests.unit.simulator_client import Client

WRONG_TYPES = (
    "Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: "
    "Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]"
)
WRONG_IP = (
    "Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: "
    "Member must satisfy enum value set: [ipv4, dualstack]"
)


def test_a_created_api_is_edge_and_empty_of_what_was_not_said() -> None:
    client = Client(now=1_700_000_000.5)
    created = client("CreateRestApi", name="orders", tags={"tier": "public"}, binaryMediaTypes=[])
    assert created == {
        "id": created["id"],
        "name": "orders",
        "createdDate": 1_700_000_000,
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["EDGE"], "ipAddressType": "ipv4"},
        "disableExecuteApiEndpoint": False,
        "rootResourceId": created["rootResourceId"],
        "tags": {"tier": "public"},
    }
    assert client("GetRestApi", restApiId=created["id"]) == created
    assert client("GetRestApis") == {"item": [created]}


@pytest.mark.parametrize(
    ("endpoint", "types", "ip_address_type"),
    [
        ({"types": ["REGIONAL"]}, ["REGIONAL"], "ipv4"),
        ({"types": ["PRIVATE"]}, ["PRIVATE"], "dualstack"),
        ({"types": ["EDGE"], "ipAddressType": "dualstack"}, ["EDGE"], "dualstack"),
        ({}, ["EDGE"], "ipv4"),
    ],
)
def test_endpoints(endpoint: dict[str, object], types: list[str], ip_address_type: str) -> None:
    created = Client()("CreateRestApi", name="x", endpointConfiguration=endpoint)
    assert created["endpointConfiguration"] == {"types": types, "ipAddressType": ip_address_type}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"description": ""}, "Description cannot be an empty string"),
        ({"minimumCompressionSize": -1}, "Invalid minimum compression size, must be between 0 and 10485760"),
        (
            {"endpointConfiguration": {"types": []}},
            "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
        ),
        (
            {"endpointConfiguration": {"types": ["EDGE", "REGIONAL"]}},
            "Cannot create an api with multiple Endpoint Types.",
        ),
        (
            {"endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "ipv4"}},
            "Only dualstack ipAddressType is supported for Private APIs.",
        ),
        (
            {"endpointConfiguration": {"types": ["wrong"]}, "description": ""},
            f"1 validation error detected: {WRONG_TYPES}",
        ),
        (
            {"endpointConfiguration": {"types": ["wrong"], "ipAddressType": "wrong"}},
            f"2 validation errors detected: {WRONG_TYPES}; {WRONG_IP}",
        ),
        (
            {"endpointConfiguration": {"types": ["EDGE"]}, "description": "", "minimumCompressionSize": -1},
            "Description cannot be an empty string",
        ),
    ],
)
def test_what_create_refuses(params: dict[str, object], message: str) -> None:
    _, status, found = Client().refusal("CreateRestApi", name="x", **params)
    assert (status, found) == (400, message)


@pytest.mark.parametrize("size", [0, 10_485_760])
def test_compression_sizes_the_service_takes(size: int) -> None:
    assert Client()("CreateRestApi", name="x", minimumCompressionSize=size)["minimumCompressionSize"] == size


def test_pages_follow_one_another_and_end() -> None:
    client = Client(World.generate(apis=60, accounts=1, regions=1))
    sizes, ids, position = [], [], None
    while True:
        page = client("GetRestApis", **({} if position is None else {"position": position}))
        sizes.append(len(page["item"]))
        ids += [api["id"] for api in page["item"]]
        position = page.get("position")
        if position is None:
            break
    assert sizes == [25, 25, 10]  # 25 is the default limit
    assert len(set(ids)) == 60


@pytest.mark.parametrize(("limit", "size"), [(1, 1), ("7", 7), (500, 500), (501, 500), (0, 1)])
def test_the_limit_is_at_most_500(limit: object, size: int) -> None:
    client = Client(World.generate(apis=600, accounts=1, regions=1))
    assert len(client("GetRestApis", limit=limit)["item"]) == size


def test_a_full_last_page_has_no_successor() -> None:
    client = Client(World.generate(apis=50, accounts=1, regions=1))
    first = client("GetRestApis")
    last = client("GetRestApis", position=first["position"])
    assert len(last["item"]) == 25
    assert "position" not in last


def test_deletions_between_two_pages_lose_nobody_else() -> None:
    client = Client(World.generate(apis=60, accounts=1, regions=1))
    everyone = [api["id"] for api in client("GetRestApis", limit=500)["item"]]
    first = client("GetRestApis")
    for gone in (everyone[3], everyone[25], everyone[30]):
        assert client.status("DeleteRestApi", restApiId=gone) == 202
    second = client("GetRestApis", position=first["position"])
    assert [api["id"] for api in second["item"]] == [
        i for i in everyone[25:52] if i not in (everyone[25], everyone[30])
    ]


def test_a_position_nobody_gave_out() -> None:
    assert Client().refusal("GetRestApis", position="?")[:2] == ("BadRequestException", 400)


def test_an_update_changes_what_it_names_or_nothing_at_all() -> None:
    client = Client()
    api = client.api()
    disable = {"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}
    strict = {"op": "replace", "path": "/endpointAccessMode", "value": "STRICT"}
    before = client("GetRestApi", restApiId=api)
    after = client("UpdateRestApi", restApiId=api, patchOperations=[disable, strict])
    assert after == {**before, "disableExecuteApiEndpoint": True, "endpointAccessMode": "STRICT"}
    wrong = {"op": "replace", "path": "/id", "value": "x"}
    named = {"op": "replace", "path": "/name", "value": "other"}
    assert client.refusal("UpdateRestApi", restApiId=api, patchOperations=[named, wrong]) == (
        "BadRequestException",
        400,
        "Invalid patch path /id",
    )
    assert client("GetRestApi", restApiId=api) == after


def test_a_deleted_api_is_unknown() -> None:
    client = Client()
    api = client.api()
    client("DeleteRestApi", restApiId=api)
    for operation in ("GetRestApi", "DeleteRestApi", "GetGatewayResponses", "GetStages", "GetDeployments"):
        assert client.refusal(operation, restApiId=api) == (
            "NotFoundException",
            404,
            f"Invalid API identifier specified 111111111111:{api}",
        )


def test_an_operation_nobody_knows() -> None:
    assert Client().refusal("PutRestaurant")[:2] == ("UnknownOperationException", 404)


def test_resources_grow_and_go_with_their_parent() -> None:
    client = Client()
    api = client.api()
    root = client("GetRestApi", restApiId=api)["rootResourceId"]
    orders = client("CreateResource", restApiId=api, parentId=root, pathPart="orders")
    item = client("CreateResource", restApiId=api, parentId=orders["id"], pathPart="{id}")
    assert (orders["path"], item["path"], item["parentId"]) == ("/orders", "/orders/{id}", orders["id"])
    again = client.refusal("CreateResource", restApiId=api, parentId=root, pathPart="orders")
    client("CreateResource", restApiId=api, parentId=orders["id"], pathPart="orders")  # its own name below it
    assert again[1:] == (409, "Another resource with the same parent already has this name: orders")
    client("DeleteResource", restApiId=api, resourceId=orders["id"])
    assert [r["path"] for r in client("GetResources", restApiId=api)["item"]] == ["/"]


@pytest.mark.parametrize(("operation", "made"), [("GetResources", 61), ("GetDeployments", 60)])
def test_what_an_api_has_comes_in_pages_too(operation: str, made: int) -> None:
    client = Client()
    api = client.api()
    root = client("GetRestApi", restApiId=api)["rootResourceId"]
    for n in range(60):
        client("CreateResource", restApiId=api, parentId=root, pathPart=f"p{n}")
        client("CreateDeployment", restApiId=api)
    ids, position, pages = [], None, 0
    while pages == 0 or position is not None:
        given: dict[str, object] = {} if position is None else {"position": position}
        page = client(operation, restApiId=api, limit=20, **given)
        ids += [entry["id"] for entry in page["item"]]
        position, pages = page.get("position"), pages + 1
    assert (len(set(ids)), len(ids), pages) == (made, made, -(-made // 20))


def test_a_method_and_its_integration_are_read_back() -> None:
    client = Client()
    api = client.api()
    root = client("GetRestApi", restApiId=api)["rootResourceId"]
    method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    client("PutMethodResponse", **method, statusCode="200")
    client("PutIntegrationResponse", **method, statusCode="200", responseTemplates={"application/json": "1"})
    client(
        "UpdateIntegrationResponse",
        **method,
        statusCode="200",
        patchOperations=[{"op": "replace", "path": "/responseTemplates/application~1json", "value": "2"}],
    )
    found = client("GetMethod", **method)
    assert found["methodResponses"] == {"200": {"statusCode": "200"}}
    assert found["methodIntegration"] == client("GetIntegration", **method)
    assert found["methodIntegration"]["integrationResponses"]["200"]["responseTemplates"] == {
        "application/json": "2"
    }
    client("DeleteMethod", **method)
    assert client.refusal("GetMethod", **method)[1:] == (404, "Invalid Method identifier specified")


def test_what_is_created_in_a_generated_world_starts_with_nothing() -> None:
    client = Client(World.generate(apis=20, accounts=1, regions=1))
    for _ in range(20):
        api = client.api(methods=False)
        assert all(r["defaultResponse"] for r in client("GetGatewayResponses", restApiId=api)["item"])
        assert client("GetStages", restApiId=api) == {"item": []}
    names = [a["name"] for a in client("GetRestApis", limit=500)["item"]]
    assert (len(names), names[20:]) == (40, ["orders"] * 20)


def test_generated_apis_have_methods_and_stages() -> None:
    client = Client(World.generate(apis=100, accounts=1, regions=1))
    stages = []
    for api in client("GetRestApis", limit=500)["item"]:
        paths = {
            r["path"]: set(r["resourceMethods"]) for r in client("GetResources", restApiId=api["id"])["item"]
        }
        assert paths == {"/": {"GET"}, f"/{api['name'].split('-')[0]}": {"GET", "POST"}}
        stages += [s["stageName"] for s in client("GetStages", restApiId=api["id"])["item"]]
    assert {"prod", "dev", "test"} == set(stages)
