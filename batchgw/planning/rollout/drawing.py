"""Draws who goes in which wave. The same APIs and seed give the same waves, in whatever order they come.

It keeps an API's id and a small number: 250,000 of them take some 30 MB.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b

from batchgw.model import Account, PlannedApi, RestApiId, Scope
from batchgw.model.deploy import NAME as STAGE
from batchgw.model.rollout.rollout import Rollout
from batchgw.model.rollout.wave import Wave, WaveOrder
from batchgw.planning.rollout.waves import Waves


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An API that has something to change or to make live.

    `account` is what the organisation says of its account, where it was asked. `stages` are the names of
    those that are moved. `was_in` is its wave in the run that is taken back.
    """

    scope: Scope
    api: RestApiId
    tags: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    stages: tuple[str, ...] = ()
    was_in: int | None = None

    @classmethod
    def of(
        cls, planned: PlannedApi, account: Account | None, *, was_in: int | None = None
    ) -> Candidate | None:
        """Make one of a planned API; None where nothing is to be done about it."""
        pending = planned.pending
        if not pending:
            return None
        return cls(
            scope=planned.api.scope,
            api=planned.api.id,
            tags=planned.api.tags,
            account=account,
            stages=tuple([each.target.name for each in pending if each.target.kind == STAGE]),
            was_in=was_in,
        )


@dataclass(slots=True)
class _Pool:
    """The candidates of an account-region: their ids, and the first wave that takes each by its unit."""

    ids: list[RestApiId] = field(default_factory=list)
    first: array[int] = field(default_factory=lambda: array("H"))


class Drawing:
    """Takes candidates one by one, and draws the waves in the end."""

    def __init__(self, rollout: Rollout) -> None:
        self._rollout = rollout
        self._pools: defaultdict[Scope, _Pool] = defaultdict(_Pool)

    def add(self, candidate: Candidate) -> None:
        """Take a candidate."""
        pool = self._pools[candidate.scope]
        waves = self._rollout.waves
        pool.ids.append(candidate.api)
        pool.first.append(next((n for n, wave in enumerate(waves) if takes(wave, candidate)), len(waves)))

    def draw(self) -> Waves:
        """Give the waves: an API is in the first that takes it. Those that no wave takes are in none."""
        left = self._ordered()
        whole, sized = len(left), 0
        drawn: list[dict[Scope, list[RestApiId]]] = []
        for number, wave in enumerate(self._rollout.waves):
            if wave.size is None:
                taken = [each for each in left if self._first(each) <= number]
                left = [each for each in left if self._first(each) > number]
            else:
                most = max(1, wave.size.up(whole) - sized)
                taken, left = left[:most], left[most:]
                sized += len(taken)
            members: dict[Scope, list[RestApiId]] = {}
            for scope, place in taken:
                members.setdefault(scope, []).append(self._pools[scope].ids[place])
            drawn.append({scope: sorted(members[scope]) for scope in sorted(members, key=str)})
        return Waves(rollout=self._rollout, members=tuple(drawn))

    def _first(self, each: tuple[Scope, int]) -> int:
        scope, place = each
        return self._pools[scope].first[place]

    def _ordered(self) -> list[tuple[Scope, int]]:
        """Give all candidates in the order in which sized waves take them."""
        by_scope = {
            scope: [(scope, place) for place in self._shuffled(scope, pool.ids)]
            for scope, pool in self._pools.items()
        }
        scopes = sorted(by_scope, key=self._scope_key)
        if self._rollout.order is not WaveOrder.SPREAD:
            return [each for scope in scopes for each in by_scope[scope]]
        accounts: defaultdict[str, list[list[tuple[Scope, int]]]] = defaultdict(list)
        for scope in scopes:
            accounts[scope.account].append(by_scope[scope])
        in_accounts = [_in_turns(found) for _, found in sorted(accounts.items(), key=self._account_key)]
        return _in_turns(in_accounts)

    def _scope_key(self, scope: Scope) -> tuple[int, ...]:
        regions = self._rollout.regions
        listed = regions.index(scope.region) if scope.region in regions else len(regions)
        region = self._hash("region", scope.region)
        account = self._hash("account", scope.account)
        match self._rollout.order:
            case WaveOrder.ACCOUNTS:
                return account, listed, region
            case WaveOrder.REGIONS:
                return listed, region, account
            case WaveOrder.SPREAD:  # each account begins in another region, so that few APIs are of many
                return listed, self._hash("scope", str(scope)), account

    def _account_key(self, found: tuple[str, object]) -> int:
        return self._hash("account", found[0])

    def _shuffled(self, scope: Scope, ids: list[RestApiId]) -> list[int]:
        return sorted(range(len(ids)), key=lambda place: (self._hash(str(scope), ids[place]), ids[place]))

    def _hash(self, *words: str) -> int:
        text = "\0".join((self._rollout.seed, *words))
        return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def takes(wave: Wave, candidate: Candidate) -> bool:
    """Tell whether a wave takes an API by its unit; one that has a size takes none by it."""
    if wave.rest or wave.taken_back is not None:
        return wave.rest or wave.taken_back == candidate.was_in
    account = candidate.account
    if wave.ou is not None:
        return account is not None and wave.ou.matches(account)
    if wave.tags:
        tags = candidate.tags
        return all(key in tags and fnmatchcase(tags[key], glob) for key, glob in wave.tags.items())
    if wave.accounts:
        return any(_is_account(word, candidate) for word in wave.accounts)
    if wave.stages:
        return bool(candidate.stages) and all(
            any(fnmatchcase(stage, glob) for glob in wave.stages) for stage in candidate.stages
        )
    return False


def _is_account(word: str, candidate: Candidate) -> bool:
    if word.isdigit():
        return word == candidate.scope.account
    return candidate.account is not None and fnmatchcase(candidate.account.name, word)


def _in_turns(lists: list[list[tuple[Scope, int]]]) -> list[tuple[Scope, int]]:
    """Give the first of each list, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    return [found[turn] for turn in range(longest) for found in lists if turn < len(found)]
