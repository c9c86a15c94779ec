"""Policies of before there were layers mean what they meant: their digests are as they were recorded then."""

from __future__ import annotations

import pytest

from batchgw.policy.loader import load_policy

# ruff: noqa: E501 - each policy as it was recorded, in one piece
RECORDED = [
    # a policy, and the digest that it had
    (
        '{"version": 1, "unlisted": "reset", "wherever_customised": {"headers": {"X-B": "b"}}}',
        "2b688eff97211b9d5865f12168b2ed8ebe546601eface985fb2bdecb5393ee52",
    ),
    (
        '{"version": 1, "unlisted": "leave", "wherever_customised": {"headers": {"x-a": "b"}}}',
        "8f6c5b9b03f22995d48ae7ea4b1aa9fbbd0ed9ff78672838ef1991ec27c8aece",
    ),
    (
        '{"version": 1, "responses": {"DEFAULT_4XX": {"headers": {"Cache-Control": "b"}}}}',
        "4cbb3da60471ae2dac9344cb56b743dd08cfc315b2f5c7e1cb8d986d01cb4e1b",
    ),
    (
        '{"version": 1, "mode": "replace", "wherever_customised": {}, "use": [{"preset": "error-envelope", "types": ["MISSING_AUTHENTICATION_TOKEN", "DEFAULT_5XX", "UNAUTHORIZED", "customised"]}, {"preset": "error-envelope"}, {"preset": "no-internals"}]}',
        "7066357d12c039fc063b9667c9170e4c506f649acffdd4efdd50ef531c43ce1d",
    ),
    (
        '{"version": 1, "responses": {"ACCESS_DENIED": {"headers": {"X-B": "a"}}, "WAF_FILTERED": "default", "DEFAULT_4XX": {}}, "use": [{"preset": "error-envelope", "types": ["DEFAULT_5XX", "INTEGRATION_FAILURE", "customised"]}]}',
        "086c5a2840d87d798b38e6b688703532dae1bc86e5687267e8172fef6030ecf6",
    ),
    (
        '{"version": 1, "mode": "replace", "unlisted": "reset", "use": [{"preset": "error-envelope"}, {"preset": "waf-block-page"}, {"preset": "hsts", "max_age": 3}]}',
        "4db602038f4b82d9d24e03fdd180fceb5ede62bf679097b10a3cf126b618e539",
    ),
    (
        '{"version": 1, "mode": "merge", "wherever_customised": {"headers": {"X-B": "b"}}}',
        "85a712a954446c926f917e812100b88b172e2d39487a8487b423930793b110dd",
    ),
    (
        '{"version": 1, "mode": "replace", "use": [{"preset": "error-envelope"}, {"preset": "error-envelope"}]}',
        "4c77369245bc98407c631ab1455d11ddb2b8d5d10fe872b41601f170ac674264",
    ),
    (
        '{"version": 1, "mode": "replace", "wherever_customised": {"headers": {"X-B": "a"}, "templates": {"text/plain": "\\"t\\""}}}',
        "a42056ca7468a8df599c2ac278b8b22bac405a2a85015c8cf396f15d503478f7",
    ),
    (
        '{"version": 1, "mode": "fill", "responses": {"ACCESS_DENIED": "default"}}',
        "f46f602f5e144a55b8082824685823df4cff252a61bfea1ad502c557c5ac9964",
    ),
    (
        '{"version": 1, "mode": "fill", "wherever_customised": {"templates": {"application/json": "\\"t\\""}}, "use": [{"preset": "no-internals"}, {"preset": "security-headers"}, {"preset": "waf-block-page", "types": ["THROTTLED", "UNAUTHORIZED"]}]}',
        "37dcbf039010ded1206e627fb230dd64e00a4a1e1686963abf7dd8a4691a2480",
    ),
    (
        '{"version": 1, "mode": "replace", "responses": {"WAF_FILTERED": "default"}, "use": [{"preset": "waf-block-page", "types": ["UNAUTHORIZED"]}]}',
        "6309e3079ea4573d4586c87d6a122badfb8a5116bb447a451dde1d6c4e10dd52",
    ),
    (
        '{"version": 1, "mode": "merge", "responses": {"INTEGRATION_FAILURE": {"headers": {"X-B": "a"}}, "THROTTLED": "default"}, "wherever_customised": {"headers": {"X-A": "a"}}}',
        "1e171c61dbd87f8d6438cbf85f99413e57f14f3af939b0af952fb0bdbccbb49d",
    ),
    (
        '{"version": 1, "unlisted": "reset", "responses": {"INTEGRATION_FAILURE": {}, "THROTTLED": {"headers": {"x-a": "b"}, "templates": {"text/plain": "\\"t\\""}, "mode": "replace"}}}',
        "3a0c863e9b1f3a6eda632481819f0f2c31b474f06dadb9ef9a31e188c99e8011",
    ),
    (
        '{"version": 1, "mode": "merge", "unlisted": "reset", "responses": {"WAF_FILTERED": {}}, "use": [{"preset": "hsts", "max_age": 3}]}',
        "0957d196ad8bb80efe695f9cfb426abd7e548959d34b27a49072cb8f0bc087f0",
    ),
    (
        '{"version": 1, "mode": "fill", "responses": {"MISSING_AUTHENTICATION_TOKEN": "default", "INTEGRATION_FAILURE": {"headers": {"Cache-Control": "b"}, "status": 429}}, "use": [{"preset": "error-envelope", "types": ["WAF_FILTERED"]}]}',
        "51700d9e4ade72bb818c22d627ecd3ddaf22357b25081fb5754d337c15b617e2",
    ),
    (
        '{"version": 1, "unlisted": "reset", "responses": {"THROTTLED": {}}, "use": [{"preset": "waf-block-page"}, {"preset": "cors"}]}',
        "c44423e50ba0629a70f23f3132ff8160e9a112edd2bdd5d82bc27001ce37177c",
    ),
    (
        '{"version": 1, "mode": "fill", "responses": {"MISSING_AUTHENTICATION_TOKEN": {"headers": {"X-A": "b"}}, "THROTTLED": "default"}, "use": [{"preset": "error-envelope"}, {"preset": "hsts", "types": ["INTEGRATION_FAILURE"], "max_age": 3}]}',
        "c4d7c8d120c512e92f32bc234cfb79d7677528ec2f7003b755e05f2c8afd9380",
    ),
    (
        '{"version": 1, "mode": "merge", "unlisted": "reset", "responses": {"DEFAULT_4XX": {"templates": {"text/plain": "\\"t\\""}, "status": 400}}, "use": [{"preset": "no-internals", "types": ["MISSING_AUTHENTICATION_TOKEN"]}, {"preset": "security-headers"}]}',
        "2a72007632e24f9e53e215d9c5bb76e4bdac7ba0c53ec60a3e8e6264a8cca07f",
    ),
    (
        '{"version": 1, "unlisted": "reset", "wherever_customised": {"headers": {"X-A": "a"}, "templates": {"application/json": "\\"t\\""}}, "use": [{"preset": "hsts", "max_age": 1}, {"preset": "security-headers"}, {"preset": "waf-block-page"}]}',
        "71442fde0874466fbed27ab4d57e06ca037d07d89edc00b463b0a9b36765f7e6",
    ),
    (
        '{"version": 1, "mode": "fill", "use": [{"preset": "no-cache"}]}',
        "f1338ffd983f143a87d71d726dcd1e9dd3cea13f8c7acc70fc672471d2d6f51f",
    ),
    (
        '{"version": 1, "mode": "replace", "responses": {"INTEGRATION_FAILURE": {"headers": {"x-a": "a"}, "mode": "fill"}, "DEFAULT_4XX": {"templates": {"text/plain": "\\"t\\""}, "status": 429}}}',
        "3309ab19034d447b91bdb51c81c3c386b7ac70f8a90b01766ee48f5050b7a25c",
    ),
    (
        '{"version": 1, "mode": "fill", "wherever_customised": {"headers": {"Cache-Control": "b"}}, "use": [{"preset": "waf-block-page", "types": ["DEFAULT_5XX"]}, {"preset": "error-envelope"}]}',
        "24a4b219127bb2a861c2762c80865bb5e560be09a0fe500111d3e827d7b34a6c",
    ),
    (
        '{"version": 1, "unlisted": "reset", "targets": {"accounts": ["111122223333", "current"], "regions": ["eu-west-1"], "role": "X", "apis": {"include": [{"name": "a*"}], "exclude": [{"tags": {"a": "b"}}]}}}',
        "fe6a3aff6cfacdaa1cdf2657603e465da1893e1c20a2594360faaf5c51741958",
    ),
]


@pytest.mark.parametrize(("text", "digest"), RECORDED)
def test_the_digest_is_as_it_was(text: str, digest: str) -> None:
    assert load_policy("p.json", text=text).policy.digest == digest
