"""Resources and methods: as much as is needed to build an API that can be deployed.

Bodies are kept as they came. They are shown, put into snapshots and exported. Nothing is executed.
"""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.simulator.operations import paging
from batchgw.simulator.operations.apigateway.patch import invalid_path, parse
from batchgw.simulator.operations.operation import Operation, accepts, answers
from batchgw.simulator.operations.params import one_of, optional_text, require, string_map, strings, text
from batchgw.simulator.reply import Body, Params, bad_request, conflict, not_found
from batchgw.simulator.world.api_state import Detail, MethodBody, Resource
from batchgw.simulator.world.scope_apis import ScopeApis

_VERBS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_INTEGRATION_TYPES = ("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS")  # the service's order (recorded)


def wire(resource: Resource, *, methods: bool = False) -> Body:
    """Render a resource as JSON. Its methods are named, or embedded as a whole."""
    out: Body = {"id": resource.id, "path": resource.path}
    if resource.parent is not None:
        out |= {"parentId": resource.parent, "pathPart": resource.part}
    if resource.methods:
        out["resourceMethods"] = {verb: body if methods else {} for verb, body in resource.methods.items()}
    return out


def list_page(apis: ScopeApis, params: Params) -> Body:
    """Give a page of an API's resources."""
    detail = apis.detail(apis.require(text(params, "restApiId")))
    found = list(detail.resources.values())
    start, limit = paging.start(params), paging.limit(params)
    methods = _embeds_methods(params)
    out: Body = {"item": [wire(r, methods=methods) for r in found[start : start + limit]]}
    if start + limit < len(found):
        out["position"] = paging.encode(start + limit)
    return out


def create(apis: ScopeApis, params: Params) -> Body:
    """Add a path below another."""
    number, detail = _open(apis, params)
    parent = find(detail, text(params, "parentId"))
    part = text(params, "pathPart")
    if any(r.parent == parent.id and r.part == part for r in detail.resources.values()):
        raise conflict(f"Another resource with the same parent already has this name: {part}")
    new = Resource(
        id=apis.inner_id(number, detail),
        path=f"{parent.path.rstrip('/')}/{part}",
        parent=parent.id,
        part=part,
    )
    detail.resources[new.id] = new
    apis.keep(number, detail)
    return wire(new)


def delete(apis: ScopeApis, params: Params) -> None:
    """Delete a path and everything below it."""
    number, detail = _open(apis, params)
    gone = find(detail, text(params, "resourceId"))
    if gone.id == detail.root:
        raise bad_request("Root resource cannot be deleted")
    below = gone.path + "/"
    detail.resources = {
        i: r for i, r in detail.resources.items() if r is not gone and not r.path.startswith(below)
    }
    apis.keep(number, detail)


def get(apis: ScopeApis, params: Params) -> Body:
    """Answer a resource by its id."""
    return wire(find(_open(apis, params)[1], text(params, "resourceId")), methods=_embeds_methods(params))


def _embeds_methods(params: Params) -> bool:
    return "methods" in (strings(params, "embed") or ())


def find(detail: Detail, resource: str) -> Resource:
    """Give the resource of an id."""
    if resource not in detail.resources:
        raise not_found("Invalid Resource identifier specified")
    return detail.resources[resource]


def put_method(apis: ScopeApis, params: Params) -> Body:
    """Declare a method."""
    number, detail = _open(apis, params)
    verb = text(params, "httpMethod")
    if verb not in _VERBS:
        raise bad_request(f"Invalid HttpMethod specified. Valid options are {','.join(_VERBS)}")
    resource = find(detail, text(params, "resourceId"))
    if verb in resource.methods:
        raise conflict("Method already exists for this resource")
    body: MethodBody = {
        "httpMethod": verb,
        "authorizationType": text(params, "authorizationType"),
        "apiKeyRequired": bool(params.get("apiKeyRequired")),
    }
    body |= _present(params, "authorizerId", "operationName", "requestParameters", "requestModels")
    resource.methods[verb] = body
    apis.keep(number, detail)
    return body


def delete_method(apis: ScopeApis, params: Params) -> None:
    """Delete a method."""
    number, detail = _open(apis, params)
    _method(detail, params)
    del find(detail, text(params, "resourceId")).methods[text(params, "httpMethod")]
    apis.keep(number, detail)


def put_integration(apis: ScopeApis, params: Params) -> Body:
    """Set the integration of a method."""
    require(one_of(optional_text(params, "type"), "putIntegrationInput.type", _INTEGRATION_TYPES))
    number, detail = _open(apis, params)
    method = _method(detail, params)
    integration: Body = {
        "type": text(params, "type"),
        "passthroughBehavior": optional_text(params, "passthroughBehavior") or "WHEN_NO_MATCH",
        "timeoutInMillis": params.get("timeoutInMillis") or 29_000,
        "cacheNamespace": text(params, "resourceId"),
        "cacheKeyParameters": [],
    }
    integration |= _present(params, "uri", "credentials", "requestParameters", "requestTemplates")
    if params.get("integrationHttpMethod"):
        integration["httpMethod"] = params["integrationHttpMethod"]
    method["methodIntegration"] = integration
    apis.keep(number, detail)
    return integration


def put_method_response(apis: ScopeApis, params: Params) -> Body:
    """Declare a method's response."""
    number, detail = _open(apis, params)
    answer = _answer(params, "responseModels", "responseParameters")
    _answers(_method(detail, params), "methodResponses")[text(params, "statusCode")] = answer
    apis.keep(number, detail)
    return answer


def put_integration_response(apis: ScopeApis, params: Params) -> Body:
    """Set how an answer of the integration becomes an answer of the method."""
    number, detail = _open(apis, params)
    answer = _answer(params, "selectionPattern", "responseParameters", "contentHandling")
    if params.get("responseTemplates"):
        answer["responseTemplates"] = string_map(params, "responseTemplates")
    _answers(_integration(detail, params), "integrationResponses")[text(params, "statusCode")] = answer
    apis.keep(number, detail)
    return answer


def update_integration_response(apis: ScopeApis, params: Params) -> Body:
    """Replace templates of an integration response."""
    operations, violations = parse(params, "updateIntegrationResponseInput")
    require(violations)
    number, detail = _open(apis, params)
    answer = _answers(_integration(detail, params), "integrationResponses").get(text(params, "statusCode"))
    if answer is None:
        raise not_found("Invalid Response status code specified")
    templates = string_map(answer, "responseTemplates")
    for operation in operations:
        match operation.steps:
            case ["responseTemplates", content_type] if operation.op in ("add", "replace"):
                templates[content_type] = operation.value or ""
            case _:
                raise invalid_path(operation)
    answer["responseTemplates"] = templates
    apis.keep(number, detail)
    return answer


def get_method(apis: ScopeApis, params: Params) -> Body:
    """Answer a method, with its integration."""
    return _method(_open(apis, params)[1], params)


def get_integration(apis: ScopeApis, params: Params) -> Body:
    """Answer the integration of a method."""
    return _integration(_open(apis, params)[1], params)


def _open(apis: ScopeApis, params: Params) -> tuple[int, Detail]:
    number = apis.require(text(params, "restApiId"))
    return number, apis.detail(number)


def _method(detail: Detail, params: Params) -> MethodBody:
    methods = find(detail, text(params, "resourceId")).methods
    verb = text(params, "httpMethod")
    if verb not in methods:
        raise not_found("Invalid Method identifier specified")
    return methods[verb]


def _integration(detail: Detail, params: Params) -> Body:
    found = _method(detail, params).get("methodIntegration")
    if not isinstance(found, dict):
        raise not_found("Invalid Integration identifier specified")
    return found


def _answers(of: Body, name: str) -> dict[str, Body]:
    found = of.setdefault(name, {})
    assert isinstance(found, dict)  # noqa: S101 - only this module writes it
    return found


def _answer(params: Params, *names: str) -> Body:
    return {"statusCode": text(params, "statusCode"), **_present(params, *names)}


def _present(params: Params, *names: str) -> Body:
    return {name: params[name] for name in names if params.get(name)}


OPERATIONS: Mapping[str, Operation] = {
    "GetResources": answers(lambda i: list_page(i.apis, i.params)),
    "GetResource": answers(lambda i: get(i.apis, i.params)),
    "CreateResource": answers(lambda i: create(i.apis, i.params), 201),
    "DeleteResource": accepts(lambda i: delete(i.apis, i.params)),
    "PutMethod": answers(lambda i: put_method(i.apis, i.params), 201),
    "GetMethod": answers(lambda i: get_method(i.apis, i.params)),
    "DeleteMethod": accepts(lambda i: delete_method(i.apis, i.params)),
    "PutMethodResponse": answers(lambda i: put_method_response(i.apis, i.params), 201),
    "PutIntegration": answers(lambda i: put_integration(i.apis, i.params), 201),
    "GetIntegration": answers(lambda i: get_integration(i.apis, i.params)),
    "PutIntegrationResponse": answers(lambda i: put_integration_response(i.apis, i.params), 201),
    "UpdateIntegrationResponse": answers(lambda i: update_integration_response(i.apis, i.params)),
}
