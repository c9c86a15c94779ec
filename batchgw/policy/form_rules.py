"""The rules that are reported while a file is read, and while files are put together.

All other rules stand in `lint/rules`, one file each. A few stand here and are looked for there as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from batchgw.policy.findings import Rule

FILE = Rule(
    name="file", severity="error", summary="the file cannot be read: missing, a folder, too large, not UTF-8"
)
SYNTAX = Rule(name="syntax", severity="error", summary="the text is not YAML or JSON")
SCHEMA = Rule(name="schema", severity="error", summary="a key, type or value the policy format does not know")
DUPLICATE_KEY = Rule(name="duplicate-key", severity="error", summary="a key stands twice in one mapping")
ACCOUNT_ID = Rule(name="account-id", severity="error", summary="an account id is not twelve digits")
REGION = Rule(name="region", severity="error", summary="not the form of a region code")
ROLE = Rule(name="role", severity="error", summary="not a role name or the ARN pattern of a role")
EMPTY_LIST = Rule(
    name="empty-list",
    severity="error",
    summary="an empty list where nothing and everything are easily confused",
)
EMPTY_POLICY = Rule(
    name="empty-policy",
    severity="error",
    summary="the policy asks for nothing",
    holds_despite=frozenset({"targets", "version"}),
)
EMPTY = (
    "the policy asks for nothing: name response types under `responses`, presets under `use`, or stages under"
    " `deploy`"
)
EMPTY_SELECTOR = Rule(name="empty-selector", severity="error", summary="a selector without a word")
STATUS_CODE = Rule(name="status-code", severity="error", summary="a status code outside [1-5]dd")
HEADER_NAME = Rule(
    name="header-name", severity="error", summary="a header name that is not an RFC 9110 token"
)
HEADER_VALUE = Rule(
    name="header-value", severity="error", summary="a header value with control characters or line breaks"
)
QUOTED_TWICE = Rule(
    name="quoted-twice", severity="error", summary="a literal under headers that brings its own single quotes"
)
EXPRESSION = Rule(name="expression", severity="error", summary="not a JMESPath expression")
MAPPING = Rule(name="mapping", severity="error", summary="not a mapping the service knows")
TARGETS_TWICE = Rule(
    name="targets-twice",
    severity="error",
    summary="a later file's targets say more than which APIs",
)
ROLLOUT_TWICE = Rule(name="rollout-twice", severity="error", summary="two files have a rollout")
RULE_NAME = Rule(name="rule-name", severity="error", summary="two rules have one name")
LOCKED = Rule(name="locked", severity="error", summary="a later layer contradicts what is locked")
EXEMPTION_OF_LOCKED = Rule(
    name="exemption-of-locked",
    severity="warning",
    summary="an exemption of a later file does not lift what is locked",
)
EXEMPTION_EXPIRED = Rule(
    name="exemption-expired", severity="warning", summary="an exemption whose last day is over"
)
DEPLOY_WITHOUT_STAGES = Rule(
    name="deploy-without-stages",
    severity="warning",
    summary="a deployment is described, and no layer names a stage",
)

FORM_RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        FILE,
        SYNTAX,
        SCHEMA,
        DUPLICATE_KEY,
        ACCOUNT_ID,
        REGION,
        ROLE,
        EMPTY_LIST,
        EMPTY_POLICY,
        EMPTY_SELECTOR,
        STATUS_CODE,
        HEADER_NAME,
        HEADER_VALUE,
        QUOTED_TWICE,
        EXPRESSION,
        MAPPING,
        TARGETS_TWICE,
        ROLLOUT_TWICE,
        RULE_NAME,
        LOCKED,
        EXEMPTION_OF_LOCKED,
        EXEMPTION_EXPIRED,
        DEPLOY_WITHOUT_STAGES,
    )
}
"""These rules by name."""
