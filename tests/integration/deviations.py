"""Where the emulators answer differently from AWS: a question for each difference, AWS's answer and theirs.

AWS's answers are those that were recorded from the service and documented. `docs/emulators.md` says what each
deviation means to who uses batchgw; the names here are the names there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tests.integration.emulator import Emulator, Keys
from tests.integration.permits import EVERYTHING, Document, make_role, policy_of, trusting

ELSEWHERE = "222222222222"
"""An account other than that of the keys."""

NOBODY = Keys(access_key_id="AKIA0000000000000000", secret_access_key="nobody")
"""Keys that were never issued."""

HEADER = "gatewayresponse.header.X"
DEFAULT_TEMPLATE = {"application/json": '{"message":$context.error.messageString}'}

Said = tuple[object, ...]
"""The result of a call: status and members of the answer, or status, code and message of the refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A question, AWS's answer and an emulator's. `throttled` tells that it is about quotas."""

    ask: Callable[[Emulator], object]
    aws: object
    here: object
    throttled: bool = False


def said(call: Callable[..., Any], **arguments: object) -> Said:
    """Make a call and give its result. Ids and accounts in messages are replaced, so that they compare."""
    try:
        answer = dict(call(**arguments))
    except ClientError as error:
        refusal = error.response["Error"]
        message = refusal.get("Message", "").replace(str(arguments.get("restApiId")), "API")
        return _status(error.response), refusal["Code"], re.sub(r"\b\d{12}\b", "ACCOUNT", message)
    return _status(answer), {k: v for k, v in answer.items() if k != "ResponseMetadata"}


def verdict(call: Callable[..., Any], **arguments: object) -> str:
    """Make a call and give `201`, or the status and code of its refusal: `400 BadRequestException`."""
    match said(call, **arguments):
        case (status, code, _message):
            return f"{status} {code}"
        case (status, *_):
            return str(status)
    raise AssertionError("neither an answer nor a refusal")


def _status(answer: Mapping[str, Any]) -> int:
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def _fresh(client: Any) -> str:
    return str(client.create_rest_api(name="deviant")["id"])


# Reading


def _types_listed(emulator: Emulator) -> int:
    client = emulator.client()
    return len(client.get_gateway_responses(restApiId=_fresh(client))["items"])


def _uncustomised(emulator: Emulator) -> Said:
    client = emulator.client()
    return said(client.get_gateway_response, restApiId=_fresh(client), responseType="THROTTLED")


def _inherited(emulator: Emulator) -> object:
    """Give the family's header as THROTTLED shows it, not customised itself. None if it shows none."""
    client = emulator.client()
    api = _fresh(client)
    client.put_gateway_response(restApiId=api, responseType="DEFAULT_4XX", responseParameters={HEADER: "'1'"})
    items = client.get_gateway_responses(restApiId=api)["items"]
    shown = {item["responseType"]: item.get("responseParameters") for item in items}
    return shown.get("THROTTLED")


def _missing_api(emulator: Emulator) -> Said:
    return said(emulator.client().get_gateway_responses, restApiId="zzzzzzzzzz")


def _first_page(emulator: Emulator) -> tuple[int, bool]:
    """Give how many APIs a page of two has when there are three, and whether there is a next page."""
    client = emulator.client()
    for _ in range(3):
        _fresh(client)
    page = client.get_rest_apis(limit=2)
    return len(page["items"]), bool(page.get("position"))


def _id_is_ten_letters_and_digits(emulator: Emulator) -> bool:
    return re.fullmatch(r"[a-z0-9]{10}", _fresh(emulator.client())) is not None


# Writing


def _put(emulator: Emulator) -> Said:
    """Put one header."""
    client = emulator.client()
    return said(
        client.put_gateway_response,
        restApiId=_fresh(client),
        responseType="UNAUTHORIZED",
        responseParameters={HEADER: "'1'"},
    )


def _delete(emulator: Emulator) -> str:
    client = emulator.client()
    api = _fresh(client)
    client.put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="503")
    return verdict(client.delete_gateway_response, restApiId=api, responseType="THROTTLED")


def _delete_uncustomised(emulator: Emulator) -> str:
    client = emulator.client()
    return verdict(client.delete_gateway_response, restApiId=_fresh(client), responseType="THROTTLED")


def _patch(emulator: Emulator) -> str:
    client = emulator.client()
    return verdict(
        client.update_gateway_response,
        restApiId=_fresh(client),
        responseType="THROTTLED",
        patchOperations=[{"op": "replace", "path": "/statusCode", "value": "503"}],
    )


def _unknown_type(emulator: Emulator) -> str:
    client = emulator.client()
    return verdict(client.put_gateway_response, restApiId=_fresh(client), responseType="THROTTELD")


def _impossible_status(emulator: Emulator) -> str:
    client = emulator.client()
    return verdict(
        client.put_gateway_response, restApiId=_fresh(client), responseType="THROTTLED", statusCode="999"
    )


def _bad_headers(emulator: Emulator) -> list[str]:
    """Put bare text, double quotes, nothing, and a name without its prefix."""
    client = emulator.client()
    api = _fresh(client)
    return [
        verdict(
            client.put_gateway_response, restApiId=api, responseType="THROTTLED", responseParameters=header
        )
        for header in ({HEADER: "bare"}, {HEADER: '"double"'}, {HEADER: ""}, {"X": "'1'"})
    ]


def _deployment_of_nothing(emulator: Emulator) -> str:
    client = emulator.client()
    return verdict(client.create_deployment, restApiId=_fresh(client))


def _export(emulator: Emulator) -> tuple[str, bool]:
    """Give the format of an export that is asked for as OpenAPI 3, and whether it has gateway responses."""
    client = emulator.client()
    api, _ = _deployed(client)
    answer = client.get_export(
        restApiId=api, stageName="prod", exportType="oas30", parameters={"extensions": "apigateway"}
    )
    document = json.loads(answer["body"].read())
    return next(iter({"openapi", "swagger"} & {*document})), f"{_EXTENSION}gateway-responses" in document


def _summary_of_a_deployment(emulator: Emulator) -> bool:
    client = emulator.client()
    api, deployment = _deployed(client)
    return "apiSummary" in client.get_deployment(restApiId=api, deploymentId=deployment, embed=["apisummary"])


def _deployed(client: Any) -> tuple[str, str]:
    """Make an API with a customised response and a method, and deploy it to prod."""
    api = _fresh(client)
    client.put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="430")
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    client.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=api, resourceId=root, httpMethod="GET", type="MOCK")
    return api, str(client.create_deployment(restApiId=api, stageName="prod")["id"])


_EXTENSION = "x-amazon-apigateway-"


# Who may do what, and how fast


def _hundred_reads(emulator: Emulator) -> str | None:
    """Give the first refusal of a hundred reads in a row."""
    client = emulator.client()
    api = _fresh(client)
    for _ in range(100):
        came_to = verdict(client.get_gateway_responses, restApiId=api)
        if came_to != "200":
            return came_to
    return None


def _keys_never_issued(emulator: Emulator) -> str:
    return verdict(emulator.client(keys=NOBODY).get_rest_apis)


def _role_that_is_not_there(emulator: Emulator) -> str:
    arn = f"arn:aws:iam::{ELSEWHERE}:role/NotThere"
    return verdict(emulator.client("sts").assume_role, RoleArn=arn, RoleSessionName="test")


def _role_that_is_no_arn(emulator: Emulator) -> str:
    return verdict(emulator.client("sts").assume_role, RoleArn="a-role-by-any-name", RoleSessionName="test")


def _by_tag(emulator: Emulator) -> str:
    """Read the gateway responses of an API by a role that may do so for APIs with its tag."""
    api = emulator.client().create_rest_api(name="deviant", tags={"tier": "public"})["id"]
    reading = {
        "Effect": "Allow",
        "Action": "apigateway:GET",
        "Resource": "arn:aws:apigateway:*::/restapis/*/gatewayresponses",
        "Condition": {"StringEquals": {"aws:ResourceTag/tier": "public"}},
    }
    _make_role(emulator, may=policy_of(reading))
    keys = emulator.assume(emulator.account, _ROLE)
    return verdict(emulator.client(keys=keys).get_gateway_responses, restApiId=api)


def _regions_without_permission(emulator: Emulator) -> str:
    """List the regions of the account by a role that may not."""
    keys = _restricted(emulator)
    return verdict(emulator.client("account", keys=keys).list_regions)


def _restricted(emulator: Emulator) -> Keys:
    """Give the keys of a role that may do next to nothing."""
    _make_role(emulator, may=policy_of({"Effect": "Allow", "Action": "sts:*", "Resource": "*"}))
    return emulator.assume(emulator.account, _ROLE)


def _denial_names_the_resource(emulator: Emulator) -> bool:
    """Tell whether a denial says on what the action was not allowed."""
    denied = said(emulator.client(keys=_restricted(emulator)).get_rest_apis)
    assert denied[0] == 403
    return "on resource: arn:aws:apigateway:eu-west-1::/restapis" in str(denied[-1])


def _with_a_source_identity(emulator: Emulator) -> str:
    """Assume a role with a source identity. Its trust policy says nothing of one."""
    entry = {"Effect": "Allow", "Principal": {"AWS": _own(emulator)}, "Action": "sts:AssumeRole"}
    _make_role(emulator, trust=policy_of(entry))
    arn = f"arn:aws:iam::{emulator.account}:role/{_ROLE}"
    return verdict(
        emulator.client("sts").assume_role, RoleArn=arn, RoleSessionName="test", SourceIdentity="alice"
    )


_ROLE = "Deviant"


def _own(emulator: Emulator) -> str:
    return f"arn:aws:iam::{emulator.account}:root"


def _make_role(emulator: Emulator, *, may: Document = EVERYTHING, trust: Document | None = None) -> None:
    """Make a role in the emulator's own account: by IAM's API, and on the simulator by its own."""
    trust = trust or trusting(_own(emulator))
    if emulator.name == "simulator":
        role = {"name": _ROLE, "policy": may, "trust": trust}
        emulator.post("/_batchgw/iam", json.dumps({"roles": [role]}).encode())
    else:
        make_role(emulator, emulator.keys, _ROLE, may=may, trust=trust)


# The organisation


def _told_of_an_account(emulator: Emulator) -> set[str]:
    """Give what tells where an account is and in which state, in the answer as it was sent."""
    if emulator.name == "moto":  # where none is there from the start
        emulator.client("organizations").create_organization(FeatureSet="ALL")
    [account, *_] = _as_sent(emulator, "organizations", "list_accounts")["Accounts"]
    return {"Path", "Paths", "State", "Status"}.intersection(account)


def _first_page_of_accounts(emulator: Emulator) -> tuple[int, bool]:
    """Give how many accounts a page of one has when there are two, and whether there is a next page."""
    client = emulator.client("organizations")
    if emulator.name != "simulator":  # which has two
        client.create_account(Email="second@example.com", AccountName="second")
    page = client.list_accounts(MaxResults=1)
    return len(page["Accounts"]), bool(page.get("NextToken"))


def _stack_of_a_resource(emulator: Emulator) -> str:
    try:
        return verdict(emulator.client("cloudformation").describe_stack_resources, PhysicalResourceId="none")
    except ResponseParserError:
        return "unreadable"


def _list_regions(emulator: Emulator) -> str:
    return verdict(emulator.client("account").list_regions).partition(" ")[0]


def _partitions(emulator: Emulator) -> set[str]:
    """Give the partitions of the regions that EC2 lists."""
    regions = emulator.client("ec2").describe_regions(AllRegions=True)["Regions"]
    session = boto3.Session()
    return {session.get_partition_for_region(each["RegionName"]) for each in regions}


def _as_sent(emulator: Emulator, service: str, call: str) -> dict[str, Any]:
    """Make a call and give its answer with what the service model does not know."""
    client = emulator.client(service)
    sent: list[bytes] = []
    client.meta.events.register_first(
        f"before-parse.{service}", lambda response_dict, **_: sent.append(response_dict["body"]), "as-sent"
    )
    try:
        getattr(client, call)()
    finally:
        client.meta.events.unregister(f"before-parse.{service}", unique_id="as-sent")
    answer: dict[str, Any] = json.loads(sent[0])
    return answer


_ANSWER_OF_PUT = {
    "responseType": "UNAUTHORIZED",
    "statusCode": "401",
    "responseParameters": {HEADER: "'1'"},
    "responseTemplates": DEFAULT_TEMPLATE,
    "defaultResponse": False,
}
_REFUSED = "400 BadRequestException"

MOTO: Mapping[str, Deviation] = {
    "lists-customised-types-only": Deviation(ask=_types_listed, aws=21, here=0),
    "refuses-to-show-a-default": Deviation(
        ask=_uncustomised,
        aws=(
            200,
            {
                "responseType": "THROTTLED",
                "statusCode": "429",
                "responseParameters": {},
                "responseTemplates": DEFAULT_TEMPLATE,
                "defaultResponse": True,
            },
        ),
        here=(400, "NotFoundException", "GatewayResponse not found"),
    ),
    "shows-no-inheritance": Deviation(ask=_inherited, aws={HEADER: "'1'"}, here=None),
    "fills-in-no-defaults": Deviation(
        ask=_put,
        aws=(201, _ANSWER_OF_PUT),
        here=(
            200,
            {
                "responseType": "UNAUTHORIZED",
                "responseParameters": {HEADER: "'1'"},
                "defaultResponse": False,
            },
        ),
    ),
    "answers-delete-with-200": Deviation(ask=_delete, aws="202", here="200"),
    "deletes-what-is-not-there": Deviation(ask=_delete_uncustomised, aws="404 NotFoundException", here="200"),
    "knows-no-patch": Deviation(ask=_patch, aws="200", here="500 500"),
    "accepts-unknown-types": Deviation(ask=_unknown_type, aws="400 ValidationException", here="200"),
    "accepts-any-status": Deviation(ask=_impossible_status, aws="400 ValidationException", here="200"),
    "accepts-any-header": Deviation(ask=_bad_headers, aws=[_REFUSED] * 4, here=["200"] * 4),
    "other-words-for-a-missing-api": Deviation(
        ask=_missing_api,
        aws=(404, "NotFoundException", "Invalid API identifier specified ACCOUNT:API"),
        here=(404, "NotFoundException", "Invalid Rest API Id specified"),
    ),
    "exports-no-openapi-3": Deviation(ask=_export, aws=("openapi", True), here=("swagger", False)),
    "tells-no-summary-of-a-deployment": Deviation(ask=_summary_of_a_deployment, aws=True, here=False),
    "has-no-pages": Deviation(ask=_first_page, aws=(2, True), here=(3, False)),
    "has-no-quota": Deviation(
        ask=_hundred_reads, aws="429 TooManyRequestsException", here=None, throttled=True
    ),
    "accepts-any-key": Deviation(ask=_keys_never_issued, aws="403 UnrecognizedClientException", here="200"),
    "assumes-any-role": Deviation(ask=_role_that_is_not_there, aws="403 AccessDenied", here="200"),
    "assumes-what-is-no-role": Deviation(ask=_role_that_is_no_arn, aws="400 ValidationError", here="200"),
    "tells-no-paths": Deviation(
        ask=_told_of_an_account, aws={"Paths", "State", "Status"}, here={"State", "Status"}
    ),
    "knows-no-list-regions": Deviation(ask=_list_regions, aws="200", here="404"),
    "lists-regions-of-all-partitions": Deviation(
        ask=_partitions, aws={"aws"}, here={"aws", "aws-cn", "aws-us-gov"}
    ),
}
"""moto's server."""

MINISTACK: Mapping[str, Deviation] = {
    "deletes-what-is-not-there": Deviation(ask=_delete_uncustomised, aws="404 NotFoundException", here="202"),
    "knows-no-patch": Deviation(ask=_patch, aws="200", here="404 NotFoundException"),
    "refuses-unknown-types-otherwise": Deviation(
        ask=_unknown_type, aws="400 ValidationException", here=_REFUSED
    ),
    "refuses-impossible-status-otherwise": Deviation(
        ask=_impossible_status, aws="400 ValidationException", here=_REFUSED
    ),
    "accepts-any-header": Deviation(ask=_bad_headers, aws=[_REFUSED] * 4, here=["201"] * 4),
    "other-words-for-a-missing-api": Deviation(
        ask=_missing_api,
        aws=(404, "NotFoundException", "Invalid API identifier specified ACCOUNT:API"),
        here=(404, "NotFoundException", "Invalid API identifier specified"),
    ),
    "has-shorter-ids": Deviation(ask=_id_is_ten_letters_and_digits, aws=True, here=False),
    "deploys-nothing": Deviation(ask=_deployment_of_nothing, aws=_REFUSED, here="201"),
    "exports-no-gateway-responses": Deviation(ask=_export, aws=("openapi", True), here=("openapi", False)),
    "has-no-quota": Deviation(
        ask=_hundred_reads, aws="429 TooManyRequestsException", here=None, throttled=True
    ),
    "knows-no-tags-of-apis": Deviation(ask=_by_tag, aws="200", here="403 AccessDeniedException"),
    "names-no-resource-in-denials": Deviation(ask=_denial_names_the_resource, aws=True, here=False),
    "lets-everybody-list-regions": Deviation(
        ask=_regions_without_permission, aws="403 AccessDeniedException", here="200"
    ),
    "takes-any-source-identity": Deviation(ask=_with_a_source_identity, aws="403 AccessDenied", here="200"),
    "tells-no-states-and-no-paths": Deviation(
        ask=_told_of_an_account, aws={"Paths", "State", "Status"}, here={"Path", "Status"}
    ),
    "has-no-pages-of-accounts": Deviation(ask=_first_page_of_accounts, aws=(1, True), here=(2, False)),
    "knows-no-stack-by-its-resource": Deviation(
        ask=_stack_of_a_resource, aws="400 ValidationError", here="unreadable"
    ),
}
"""MiniStack."""
