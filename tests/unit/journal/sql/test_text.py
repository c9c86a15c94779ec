"""Names come from anyone who may create an API, messages from anywhere: all of it comes back as it was."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from batchgw.journal import Journal, open_journal
from batchgw.model import (
    Action,
    Effort,
    Failed,
    GatewayResponse,
    PlannedApi,
    ResponseChange,
    ResponseType,
    RestApi,
    RestApiId,
    Scope,
    Settings,
)
from tests.unit.journal_plans import HERE, NEW_RUN, import_plan, listed, place

pytestmark = pytest.mark.anyio

NOON = 1_795_348_800.0  # 2026-11-22 12:00:00 UTC


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    async with open_journal(place(tmp_path), clock=lambda: NOON) as journal:
        yield journal


ANY_TEXT = st.text(st.characters(), max_size=20) | st.text(st.characters(categories=["Cs", "Cc"]), max_size=3)
STORABLE_KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


class TestHostileText:
    """Names come from anyone who may create an API; messages from anywhere."""

    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        name=ANY_TEXT,
        tags=st.dictionaries(STORABLE_KEYS, STORABLE_KEYS, max_size=3),
        region=ANY_TEXT,
        message=ANY_TEXT,
        template=STORABLE_KEYS,
    )
    @example(
        name="\x00\ud800\\u0000\\", tags={"\x00": "\u2028"}, region="\udfff", message="\\", template="\x00"
    )
    @example(name="'; DROP TABLE apis; --", tags={}, region="", message="\x1b[31m", template="\ud800")
    async def test_round_trips(
        self, journal: Journal, *, name: str, tags: dict[str, str], region: str, message: str, template: str
    ) -> None:
        scope = Scope(account=HERE.account, region=type(HERE.region)(region))
        hostile = RestApi(scope=scope, id=RestApiId(name), name=name, tags=tags)
        text = Settings(parameters={name[:1]: template}, templates={"text/plain": template})
        before = GatewayResponse(type=ResponseType.THROTTLED, settings=text, default_response=False)
        change = ResponseChange(type=before.type, action=Action.RESET, before=before, after=None)
        run = await journal.begin(replace(NEW_RUN, policy_source=name))
        await import_plan(run, [PlannedApi(api=hostile, changes=(change,))])
        (found,) = await run.pending(scope)
        assert found.api == hostile
        assert found.changes[0].change == change
        outcome = Failed(
            api=hostile,
            target=change.target,
            action=change.action,
            code=message,
            message=message,
            effort=Effort(),
        )
        run.record(found.changes[0].id, outcome)
        assert await listed(run.outcomes()) == [outcome]
        assert (await journal.find(run.id)).policy_source == name
        assert (await listed(run.scope_counts()))[0].scope == scope
        await run.acquire([scope])
        await run.release()
