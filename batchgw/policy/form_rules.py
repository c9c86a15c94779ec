"""The rules that the reader of the text and the models of the format report themselves, while they read.

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
        EMPTY_SELECTOR,
        STATUS_CODE,
        HEADER_NAME,
        HEADER_VALUE,
        QUOTED_TWICE,
        EXPRESSION,
        MAPPING,
    )
}
"""These rules by name."""
