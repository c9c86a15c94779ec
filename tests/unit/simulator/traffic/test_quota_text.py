"""Quotas as they are written on the command line, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batchgw.cli.verbs.simulate import WorldFlags, options_of
from batchgw.errors import UsageError
from batchgw.simulator.over_http.assembly import make_engine
from batchgw.simulator.over_http.options import ServeOptions
from batchgw.simulator.traffic.quota import PER_OPERATION, Neighbour, QuotaRules, Rate, Schedule
from batchgw.simulator.traffic.quota_text import operation_quotas, rate_steps, service_quotas

SMALL = ServeOptions(apis=1, accounts=1, regions=1)


def rules(options: ServeOptions) -> QuotaRules:
    return make_engine(options).quotas.rules


@pytest.mark.parametrize(
    ("text", "quota"),
    [
        ("CreateDeployment=0.5:2", Rate(rate=0.5, burst=2)),
        ("CreateDeployment=2", Rate(rate=2, burst=1)),
        ("GetResources=1", Rate(rate=1, burst=5)),  # the documented burst
        ("PutGatewayResponse=3", Rate(rate=3, burst=1)),  # AWS has none of its own
        ("CreateDeployment=none", None),
    ],
)
def test_a_quota_of_an_operation(text: str, quota: Rate | None) -> None:
    assert operation_quotas([text]) == {text.partition("=")[0]: quota}


@pytest.mark.parametrize(
    "text",
    ["", "CreateDeployment", "=1", "X=", "X=fast", "X=-1", "X=1:0.5", "X=nan", "X=inf", "X=1:x"],
)
def test_no_quota_of_an_operation(text: str) -> None:
    with pytest.raises(UsageError, match="no quota of an operation"):
        operation_quotas([text])


def test_steps_are_put_in_the_order_of_time() -> None:
    assert rate_steps(["120:1", "60:0.5"]) == ((60.0, 0.5), (120.0, 1.0))


@pytest.mark.parametrize("text", ["60", "60:", ":1", "a:1", "60:half", "60:inf"])
def test_no_step(text: str) -> None:
    with pytest.raises(UsageError, match="no step of the rate"):
        rate_steps([text])


def test_the_flags_become_the_servers_rules() -> None:
    flags = WorldFlags(
        apis=1,
        accounts=1,
        regions=1,
        operation_quota=["CreateDeployment=1:3", "PutRestApi=none"],
        rate_step=["60:0.5", "120:1"],
        retry_after=2.0,
        neighbour=6.0,
        neighbour_on=20.0,
        neighbour_off=40.0,
        quota_hosts=4,
        refused_consume=True,
    )
    found = rules(options_of(flags))
    assert found.per_operation == {
        **{name: rate for name, rate in PER_OPERATION.items() if name != "PutRestApi"},
        "CreateDeployment": Rate(rate=1, burst=3),
    }
    assert found.schedule == Schedule(steps=((60, 0.5), (120, 1)))
    assert found.neighbour == Neighbour(rate=6, on=20, off=40)
    assert (found.retry_after, found.hosts, found.refusals) == (2.0, 4, "consuming")
    assert found.total == Rate(rate=10, burst=40)


def test_all_quotas_are_scaled_those_that_were_given_too() -> None:
    options = replace(SMALL, quota_scale=10, rate=5, operation_quota={"PutRestApi": Rate(rate=3, burst=2)})
    found = rules(options)
    assert found.total == Rate(rate=50, burst=40)
    assert found.per_operation["PutRestApi"] == Rate(rate=30, burst=2)
    assert found.per_operation["CreateDeployment"] == Rate(rate=2, burst=1)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"quota_scale": 0.0}, "above 0"),
        ({"quota_hosts": 41}, "hosts"),
        ({"quota_hosts": 0}, "hosts"),
        ({"neighbour": 1.0, "neighbour_on": 5.0}, "both"),
        ({"neighbour": 1.0, "neighbour_off": 5.0}, "both"),
        ({"neighbour_on": 5.0, "neighbour_off": 5.0}, "some rate"),
        ({"rate_step": ((1.0, -1.0),)}, "negative"),
        ({"customised": 1.5}, "between 0 and 1"),
    ],
)
def test_rules_that_cannot_be(wrong: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        make_engine(replace(SMALL, **wrong))  # type: ignore[arg-type]  # a table of fields


def test_the_estates_proportions_are_the_worlds() -> None:
    options = ServeOptions(apis=50, accounts=1, regions=1, customised=1.0, exempt=1.0)
    scope_apis = next(make_engine(options).service.world.scopes())
    assert all(scope_apis.customisation(n).own for n in scope_apis.numbers())
    assert all(
        "batchgw:exempt" in tags for n in scope_apis.numbers() if (tags := scope_apis.attributes(n).tags)
    )  # a few have no tags at all


def test_a_service_s_quota_is_written_in_the_same_way() -> None:
    assert service_quotas(["organizations=2:5", "account=none"]) == {
        "organizations": Rate(rate=2, burst=5),
        "account": None,
    }
    assert service_quotas(["account=2"]) == {"account": Rate(rate=2, burst=5)}
    with pytest.raises(UsageError, match=r"'x' is no quota of a service: write organizations=0\.5"):
        service_quotas(["x"])


def test_options_set_the_quotas_of_services() -> None:
    options = replace(SMALL, service_quota={"organizations": None, "sts": Rate(rate=1, burst=2)})
    assert rules(options).per_service == {
        "account": Rate(rate=5, burst=5),
        "cloudwatch": Rate(rate=9, burst=9),
        "sts": Rate(rate=1, burst=2),
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"denied": frozenset({"x"})},
            "--denied: the simulator has no account 'x'; there are 111111111111.",
        ),
        (
            {"refused_roles": frozenset({"111111111112"})},
            "--refused-role: the simulator has no account '111111111112', did you mean '111111111111'?",
        ),
        (
            {"operation_quota": {"CreateDeploymet": None}},
            "--operation-quota: the simulator has no operation 'CreateDeploymet', did you mean 'CreateD",
        ),
        (
            {"service_quota": {"apigateway": None}},
            "--service-quota: the simulator has no other service 'apigateway'; there are ",
        ),
    ],
)
def test_what_is_not_there_cannot_be_named(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_engine(replace(SMALL, **wrong))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("operation", ["PutRestApi", "UpdateUsagePlan", "CreateRestApi:EDGE", "ListAccounts"])
def test_any_operation_of_the_services_can_be_given_a_quota(operation: str) -> None:
    options = replace(SMALL, operation_quota={operation: Rate(rate=1, burst=1)})
    assert operation in rules(options).per_operation
