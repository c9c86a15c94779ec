"""Addresses and regions that users give: what is refused by the name of its source, and never shown."""

from __future__ import annotations

import pytest
from botocore.loaders import Loader

from batchgw.control_plane.aws.addresses import check_endpoint_url, check_proxy, leads_to_aws
from batchgw.errors import UsageError
from batchgw.model.scope import is_region
from batchgw.redaction import bare_url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://host/prod?token=hunter2", "https://host/prod was given with a query"),
        ("https://host/prod#hunter2", "https://host/prod was given with a query or a fragment"),
        ("https://me:hunter2@host/prod", "https://host/prod was given with a user or a password"),
        ("https://me:hunter2@host/?token=hunter2", "https://host/ was given with a user"),
        ("https://me:hunter2@host:port/", "it is not shown"),
        ("host?token=hunter2", "it is not shown"),
        ("http://a b/", "not an endpoint URL in AWS_ENDPOINT_URL: 'http://a b/'"),
    ],
)
def test_an_endpoint_that_carries_a_secret_is_refused_and_the_secret_is_not_shown(url: str, why: str) -> None:
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL") as caught:
        check_endpoint_url(url, "AWS_ENDPOINT_URL")
    assert why in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "https://host/a@b", "https://[::1]:8443/x"])
def test_a_plain_endpoint_is_taken_and_kept_as_it_is(url: str) -> None:
    check_endpoint_url(url, "AWS_ENDPOINT_URL")
    assert bare_url(url) == url


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("htp://proxy:3128", "HTTPS_PROXY is not the address of a proxy: 'htp://proxy:3128'"),
        ("http://proxy:", "is not the address"),
        ("http://proxy:port", "is not the address"),
        ("http://:3128", "is not the address"),
        ("http://pro xy:3128", "is not the address"),
        (" http://proxy:3128", "is not the address"),
        ("http://proxy:3128 ", "is not the address"),
        ("http:/proxy", "is not the address"),
        ("http://me:hunter2@proxy:port", "it is not shown"),
        ("socks5://proxy:1080", "names a SOCKS proxy (socks5://)"),
        ("socks5h://me:hunter2@proxy:1080", "names a SOCKS proxy (socks5h://)"),
    ],
)
def test_what_is_no_proxys_address_is_blamed_on_the_variable(address: str, why: str) -> None:
    with pytest.raises(UsageError, match=r"^HTTPS_PROXY") as caught:
        check_proxy(address, "HTTPS_PROXY")
    assert why in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["proxy:3128", "http://proxy", "https://proxy:443/", "http://me:pw@proxy:1"]
)
def test_the_address_of_a_proxy_is_taken(address: str) -> None:
    check_proxy(address, "HTTPS_PROXY")


@pytest.mark.parametrize(
    "region", ["eu-west-1", "us-gov-east-1", "us-isob-east-1", "eusc-de-east-1", "local-1", "ap-southeast-7"]
)
def test_regions_of_every_partition_have_the_form(region: str) -> None:
    assert is_region(region)


@pytest.mark.parametrize(
    "region",
    ["", "x.evil.example/#", "eu-west-1.evil", "eu-west-1/", "eu-west-1\n", "EU-WEST-1", "eu_west_1", "a@b-1",
     "-1", "eu-west-\u0661", "eu west-1", "eu-west-1:80"],
)  # fmt: skip
def test_what_could_lead_to_another_host_is_no_region(region: str) -> None:
    assert not is_region(region)


@pytest.mark.parametrize(
    ("url", "leads"),
    [
        ("https://apigateway.eu-west-1.amazonaws.com", True),
        ("https://APIGateway.eu-west-1.AmazonAWS.com:443/", True),
        ("https://apigateway.eu-west-1.amazonaws.com.", True),
        ("https://apigateway.eu-west-1.amazonaws.com.evil.example", False),
        ("https://evilamazonaws.com", False),
        ("http://127.0.0.1:4566", False),
    ],
)
def test_what_leads_to_aws_is_told_by_its_host(url: str, *, leads: bool) -> None:
    assert leads_to_aws(url) is leads


def test_every_partition_s_hosts_lead_to_aws() -> None:
    """An answer of AWS is read more strictly than one of an emulator, so none may be taken for the other."""
    partitions = Loader(include_default_search_paths=True).load_data("partitions")["partitions"]
    suffixes = [each["outputs"][name] for each in partitions for name in ("dnsSuffix", "dualStackDnsSuffix")]
    assert len(suffixes) > 6
    assert all(leads_to_aws(f"https://apigateway.x-1.{suffix}") for suffix in suffixes)
