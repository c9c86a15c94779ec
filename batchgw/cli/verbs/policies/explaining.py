"""The work of `explain`: find one API, as AWS has it now or as it was found last, and explain it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import anyio

from batchgw import api
from batchgw.cli.flags.endpoint import endpoint_of
from batchgw.cli.flags.options import JournalFlags, RunFlags, SelectionFlags
from batchgw.cli.flags.selection import chosen_targets
from batchgw.cli.flags.stdin import refuse_shared
from batchgw.cli.output.console import Console, console_for
from batchgw.cli.session import Run, again, open_run, run_reading
from batchgw.cli.signals import Interrupts
from batchgw.cli.verbs.policies.remembered import Remembered, remembered
from batchgw.discovery.estate import Estate
from batchgw.errors import UsageError
from batchgw.exit_codes import INCOMPLETE, OK
from batchgw.journal import open_journal
from batchgw.model import (
    Account,
    ExplicitApi,
    ResponseType,
    RestApi,
    Selection,
    SkippedScope,
    Targets,
    UnreadApi,
    UnreadScope,
)
from batchgw.policy.loader import LoadedPolicy, load_policies
from batchgw.policy.quoting import did_you_mean
from batchgw.report.views.forms import view_of
from batchgw.report.views.lines.problems import problem_line
from batchgw.report.views.lines.unread import unread_lines
from batchgw.report.views.text import Line, Span, line
from batchgw.times import duration, timestamp

_TYPES = frozenset(ResponseType)

_LACKS_API = "say what to explain: POLICY... API [TYPE], where API is ID, REGION/ID or ACCOUNT/REGION/ID."

Missing = UnreadApi | UnreadScope | SkippedScope
"""What is said of an API that was not found, or of an account-region that it may be in."""


def _is_api(word: str) -> bool:
    try:
        ExplicitApi.parse(word)
    except ValueError:
        return False
    return True


def _not_found(named: ExplicitApi, missing: Sequence[Missing]) -> Iterator[Line]:
    """Say why an API was not found, and which account-regions could not be read, in which it may be.

    Of those that were skipped nothing is said: where the API is named with one, the reason is its own.
    """
    for each in missing:
        if isinstance(each, UnreadApi):
            yield line(Span("not found: ", "error"), f"{named}  {each.code}: {each.message}")
    unread = {each.scope: f"{each.code}: {each.message}" for each in missing if isinstance(each, UnreadScope)}
    if len(unread) > 1:  # the reason of one alone is that of the API
        yield from unread_lines(unread)


def _age_lines(known: Remembered, now: float, *, owner: bool) -> Iterator[Line]:
    """Say how old is what the journal remembers; of the owner, where a rule asks for it."""
    found = known.found
    yield line(f"{found.api} as it was found {duration(now - found.at)} ago, at {timestamp(found.at)}.")
    if known.account_at is not None:
        yield line(f"Its account as it was {duration(now - known.account_at)} ago.")
    if owner and found.owner_at is not None:
        yield line(f"Who manages it as it was {duration(now - found.owner_at)} ago.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """What is to be explained. `types` are all of which anything is said, where there are none."""

    policies: Sequence[Path]
    named: ExplicitApi
    types: tuple[ResponseType, ...]
    flags: RunFlags
    journal: JournalFlags
    offline: bool
    console: Console

    @classmethod
    def of(cls, words: Sequence[str], *, flags: RunFlags, journal: JournalFlags, offline: bool) -> Self:
        """Take the arguments apart: policies, an API, perhaps a type. Raises UsageError."""
        rest = list(words)
        types: tuple[ResponseType, ...] = ()
        if len(rest) > 2 and rest[-1] in _TYPES:  # noqa: PLR2004 - a policy and an API stand before it
            types = (ResponseType(rest.pop()),)
        if len(rest) < 2:  # noqa: PLR2004
            raise UsageError(_LACKS_API)
        if rest[-1] in _TYPES:
            raise UsageError(f"{rest[-1]} stands where an API is expected: {_LACKS_API}")
        if len(rest) > 2 and _is_api(rest[-2]) and not rest[-1].islower():  # noqa: PLR2004 - ids are in small letters
            near = did_you_mean(rest[-1].upper(), [t.value for t in ResponseType])
            raise UsageError(f"{rest[-1]} is not a response type{near or '.'}")
        try:
            named = ExplicitApi.parse(rest[-1])
        except ValueError:
            if rest[-1].endswith((".yaml", ".yml", ".json")):
                raise UsageError(_LACKS_API) from None
            near = did_you_mean(rest[-1], [t.value for t in ResponseType])
            raise UsageError(
                f"{rest[-1]} is neither an API (ID, REGION/ID or ACCOUNT/REGION/ID) nor a response type"
                f"{near or '. `batchgw discover POLICY --name NAME` tells the id of an API with a name.'}"
            ) from None
        return cls(
            policies=[Path(each) for each in rest[:-1]],
            named=named,
            types=types,
            flags=flags,
            journal=journal,
            offline=offline,
            console=console_for(flags.output),
        )

    def run(self) -> int:
        """Find the API and explain it. Returns the exit code."""
        refuse_shared(self.flags, policies=self.policies, targets=None)
        view_of(self.flags.output.output, "explanation", self.console)
        policy = load_policies(self.policies)
        self.console.tell(*map(problem_line, policy.warnings))
        if self.offline:
            return anyio.run(self._remembered, policy)
        return run_reading(
            lambda interrupts: self._found(policy, interrupts),
            self.console,
            stopped=f"the API was not found yet. {again('explain')}",
        )

    async def _remembered(self, policy: LoadedPolicy) -> int:
        """Explain the API as it was found last."""
        rules, apis = policy.policy.rules, policy.policy.targets.apis
        async with open_journal(self.journal.journal) as journal:
            known = await remembered(
                journal,
                self.named,
                endpoint=endpoint_of(self.flags.connection),
                account=rules.needs_account or apis.needs_account,
                owner=rules.needs_owner or apis.needs_owner,
            )
        if known is None:
            raise UsageError(
                f"no discovery that the journal remembers has found {self.named}. `batchgw discover` or "
                "`batchgw plan` looks for it; or leave --offline out to ask AWS."
            )
        api = known.found.api
        if lacks := policy.lacking(api, known.account):
            raise UsageError(
                f"--offline cannot tell what {api} is to be. The journal does not remember "
                f"{'; '.join(lacks)}. A `batchgw plan` of this policy finds that out and remembers it; or "
                "leave --offline out to ask AWS."
            )
        self.console.note(*_age_lines(known, time.time(), owner=rules.needs_owner))
        self._show(policy, api, known.account)
        return OK

    async def _found(self, policy: LoadedPolicy, interrupts: Interrupts) -> int:
        """Explain the API as AWS has it now."""
        targets = self._targets(policy.policy.targets)
        opened = open_run(
            targets, console=self.console, interrupts=interrupts, flags=self.flags, journal=self.journal
        )
        async with opened as run:
            return await self._searched(policy, run, run.targets_with_region(targets))

    async def _searched(self, policy: LoadedPolicy, run: Run, targets: Targets) -> int:
        estate = Estate()
        found: RestApi | None = None
        missing: list[Missing] = []
        looking = api.discover(
            targets,
            plane=run.plane,
            estate=estate,
            accounts=policy.policy.rules.needs_account,
            owners=policy.policy.rules.needs_owner,
            home=run.home,
            remembering=run.remembering,
        )
        async with looking as items:
            async for item in items:
                if isinstance(item, RestApi):
                    found = item
                else:
                    missing.append(item)
        if found is None:
            self.console.tell(*_not_found(self.named, missing))
            return INCOMPLETE
        self._show(policy, found, estate.accounts.get(found.scope.account))
        return OK

    def _targets(self, targets: Targets) -> Targets:
        """Give where the API may be: the policy's accounts and regions, or those that it is named with."""
        chosen = chosen_targets(targets, SelectionFlags(), self.flags.connection, ids=[str(self.named)])
        return replace(chosen, apis=Selection(explicit=chosen.apis.explicit))

    def _show(self, policy: LoadedPolicy, found: RestApi, account: Account | None) -> None:
        apis = policy.policy.targets.apis
        is_known = (found.owner or not apis.needs_owner) and (account or not apis.needs_account)
        if is_known and not apis.matches(found, account):
            left_out = "the policy's targets.apis leave this API out, so it is not touched."
            self.console.tell(line(Span("note: ", "warning"), left_out))
        view = view_of(self.flags.output.output, "explanation", self.console)
        view.explanation(policy.explain(found, account, self.types))
