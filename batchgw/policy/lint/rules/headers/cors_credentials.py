"""Browsers ignore an answer that allows credentials to every origin (Fetch standard, CORS protocol)."""

from __future__ import annotations

from collections.abc import Iterator

from batchgw.policy.findings import Remark, Rule
from batchgw.policy.lint.check import checks
from batchgw.policy.lint.view import PolicyView


@checks(
    Rule(
        name="cors-credentials",
        severity="warning",
        summary="browsers refuse credentials together with origin *",
    )
)
def cors_credentials(policy: PolicyView) -> Iterator[Remark]:
    """Look for answers that allow credentials to every origin."""
    for sent in policy.sent_headers():
        origin = sent.headers.get("access-control-allow-origin")
        if origin == "'*'" and sent.headers.get("access-control-allow-credentials") == "'true'":
            yield Remark(
                path=sent.path,
                message=f"browsers refuse credentials when Access-Control-Allow-Origin is * ({sent.what}):"
                " name one origin, or answer with the one that asked,"
                ' {"from": "method.request.header.Origin"} (under responseParameters:'
                " method.request.header.Origin)",
            )
