"""No fault, at any step, takes anything away that was not looked for to the end."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cmdb.observation import Observation, observation
from cmdb.scope import lies_in
from cmdb.vocabulary import Vocabulary, vocabulary
from discovery.ending import finish
from discovery.errors import SourceUnavailable
from discovery.run import Parts, Rejection, RunEnded, open_run, report, take
from discovery.run_source import run_source
from discovery.source import Fetched, Raw, Reading, ScopeEnd, Source, SourceSettings
from discovery.sources import SOURCES
from discovery.tick import tick
from graph.open_store import open_store
from graph.store import GraphStore, Search

DAY = 24 * 3600 * 1_000_000
SCOPES = ("DC=corp", "OU=a,DC=corp", "OU=b,DC=corp")
THINGS = {f"{scope[3]}{n}": scope for scope in SCOPES[1:] for n in range(8)}
"""record → the scope that it lies in"""


class PowerCut(BaseException):
    """Nothing catches it: the process is gone."""


class Mortal:
    """A store whose process dies at its n-th write, before or after the commit."""

    def __init__(self, store: GraphStore, dies_at: int, after_commit: bool) -> None:
        self.store, self.left, self.after_commit = store, dies_at, after_commit

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def write(self, work: Callable[[Any], Any]) -> Any:
        return self._dying(self.store.write, work)

    def put(self, write: Any) -> Any:
        return self._dying(self.store.put, write)

    def _dying(self, do: Callable[[Any], Any], given: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after_commit:
            raise PowerCut
        done = do(given)
        if self.left == 0:
            raise PowerCut
        return done


@dataclass(frozen=True)
class Attempt:
    """One run as fate has it."""

    days: int
    scopes: tuple[str, ...]
    answers: tuple[str, ...]
    """for each scope: whole, some, empty, cut, error or garbage"""
    found: tuple[bool, ...]
    """which things answer where an answer is `some`"""
    in_process: bool
    """as a source that we run, or by a client over HTTP"""
    full: bool
    dies_at: int
    """write at which the process dies; 0 for never"""
    after_commit: bool
    tries_again: bool
    """whether the client ends its run again after the crash"""


ATTEMPTS = st.builds(
    Attempt,
    days=st.integers(0, 12),
    scopes=st.lists(st.sampled_from(SCOPES), min_size=1, max_size=3, unique=True).map(tuple),
    answers=st.tuples(*[st.sampled_from(["whole", "some", "some", "empty", "cut", "error", "garbage"])] * 3),
    found=st.tuples(*[st.sampled_from([True, True, True, False])] * len(THINGS)),
    in_process=st.booleans(),
    full=st.sampled_from([True, True, True, False]),
    dies_at=st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5, 6, 7]),
    after_commit=st.booleans(),
    tries_again=st.booleans(),
)


@dataclass
class World:
    """What may have been missed, kept beside the program under test and by other means."""

    words: Vocabulary
    now: int = 20_000 * DAY
    missed_at_most: dict[str, int] = field(default_factory=dict)
    """thing → complete readings of its scope, without it, since it was last reported"""
    last_reported: dict[str, int] = field(default_factory=dict)
    may_be_in: dict[str, set[str]] = field(default_factory=dict)
    """thing → scopes that it may belong to"""

    def records(self, attempt: Attempt, scope: str, answer: str) -> list[str]:
        """Records that the source hands over in this scope."""
        inside = [record for record, place in THINGS.items() if lies_in(place, scope)]
        there = [r for r in inside if attempt.found[list(THINGS).index(r)]] if answer == "some" else inside
        return {"empty": [], "cut": there[:3], "error": there[:2], "garbage": there[:4]}.get(answer, there)

    def said(self, record: str) -> Observation:
        return observation(
            self.words, source="lines", record=record, ci_class="server", name=record, observed_at=self.now
        )

    def note(
        self, attempt: Attempt, handed_over: dict[str, list[str]], read_to_the_end: list[str], unread: list[str]
    ) -> None:
        """A record handed over counts as reported only if it surely was; a miss counts if it may have been."""
        for record, places in self.may_be_in.items():
            looked_for = any(
                any(lies_in(place, scope) for scope in read_to_the_end)
                and not any(lies_in(place, scope) or lies_in(scope, place) for scope in unread)
                for place in places
            )
            if record not in handed_over and looked_for and attempt.full:
                self.missed_at_most[record] += 1
        for record, scopes in handed_over.items():
            if not attempt.dies_at:
                self.missed_at_most[record] = 0
                self.last_reported[record] = self.now
                self.may_be_in[record] = {scopes[-1]}
            self.missed_at_most.setdefault(record, 0)
            self.last_reported.setdefault(record, self.now)
            self.may_be_in.setdefault(record, set()).update(scopes)


@settings(
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(attempts=st.lists(ATTEMPTS, min_size=3, max_size=14))
def test_no_fault_schedule_takes_away_what_was_not_looked_for_to_the_end(
    attempts: list[Attempt], tmp_path_factory: Any
) -> None:
    words = vocabulary()
    path: Path = tmp_path_factory.mktemp("faults") / "graph.db"
    world = World(words)
    ids = itertools.count(1)
    for attempt in attempts:
        world.now += attempt.days * DAY
        store = open_store(f"sqlite:///{path}", words)
        living = Parts(store, words, lambda: world.now, lambda: f"id{next(ids):08}")
        mortal: Any = Mortal(store, attempt.dies_at, attempt.after_commit)
        (_run_here if attempt.in_process and attempt.full else _run_by_client)(
            world, attempt, replace(living, store=mortal), living
        )
        tick(living)
        _check(world, living)
        store.close()


def _check(world: World, parts: Parts) -> None:
    for scope in SCOPES:
        held = parts.store.write(lambda tx, scope=scope: list(tx.scope_records("lines", "default", scope)))  # type: ignore[misc]
        for record in held:
            assert record.misses <= world.missed_at_most[record.key.rpartition("|")[2]]
    for ci in parts.store.search(Search(lifecycles=()), after=None, limit=1000):
        missed = world.missed_at_most[ci.name]
        age = world.now - world.last_reported[ci.name]
        assert ci.lifecycle == "live" or missed >= 1, f"{ci.name} is {ci.lifecycle}"
        assert ci.lifecycle != "retired" or (missed >= 3 and age >= 14 * DAY), f"{ci.name} after {missed} misses"


def _run_here(world: World, attempt: Attempt, mortal: Parts, living: Parts) -> None:
    handed_over: dict[str, list[str]] = {}
    read: list[str] = []
    unread: list[str] = []

    def fetch(given: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        for scope, answer in zip(attempt.scopes, attempt.answers, strict=False):
            for record in world.records(attempt, scope, answer):
                handed_over.setdefault(record, []).append(scope)
                yield Raw(scope, b'{"source": "lines", "record": "%s", "class": "server"}' % record.encode())
            if answer == "garbage":
                yield Raw(scope, b'{"source": "lines", "rec')
            if answer == "error":
                unread.append(scope)
                raise SourceUnavailable("connection reset")
            whole = answer not in ("cut", "garbage")
            (read if whole else unread).append(scope)
            yield ScopeEnd(scope, complete=answer != "cut", reason="a page is missing" if answer == "cut" else None)

    source: Source = replace(SOURCES["json_lines"], name="lines", settings=SourceSettings, fetch=fetch)
    with contextlib.suppress(PowerCut):
        run_source(mortal, source, SourceSettings())
    world.note(attempt, handed_over, read, unread)


def _run_by_client(world: World, attempt: Attempt, mortal: Parts, living: Parts) -> None:
    scope, answer = attempt.scopes[0], attempt.answers[0]
    records = world.records(attempt, scope, answer)
    complete = answer not in ("cut", "error", "garbage")
    run_id = None
    try:
        run_id = open_run(mortal, "lines", "default", scope, full=attempt.full).run_id
        for begin in range(0, len(records), 3):
            take(mortal, run_id, [world.said(record) for record in records[begin : begin + 3]])
        if answer == "garbage":
            take(mortal, run_id, (), [Rejection(1, "no JSON")])
        finish(mortal, run_id, complete=answer not in ("cut", "error"))
    except PowerCut:
        if run_id is not None and attempt.tries_again:
            # The client sends again what was not acknowledged, and ends the run.
            try:
                take(living, run_id, [world.said(record) for record in records])
                finish(living, run_id, complete=answer not in ("cut", "error", "garbage"))
            except RunEnded:
                assert report(living, run_id).status != "running"
    handed_over = {record: [scope] for record in records}
    world.note(attempt, handed_over, [scope] if complete else [], [] if complete else [scope])


def test_the_schedules_do_reach_every_state(words: Vocabulary, tmp_path: Path) -> None:
    """The property above would hold of a program that never misses anything: this one does."""
    world = World(words)
    ids = itertools.count(1)
    store = open_store(f"sqlite:///{tmp_path}/graph.db", words)
    parts = Parts(store, words, lambda: world.now, lambda: f"id{next(ids):08}")
    whole = Attempt(0, SCOPES[:1], ("whole",), (True,) * len(THINGS), True, True, 0, False, False)
    less = replace(whole, answers=("some",), found=(False, *(True,) * (len(THINGS) - 1)), days=6)
    seen = []
    for attempt in (whole, less, less, less):
        world.now += attempt.days * DAY
        _run_here(world, attempt, parts, parts)
        found = {ci.name: ci.lifecycle for ci in store.search(Search(lifecycles=()), after=None, limit=100)}
        seen.append(found[next(iter(THINGS))])
    assert seen == ["live", "missing", "missing", "retired"]
    store.close()
