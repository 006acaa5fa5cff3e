"""A system on a fresh SQLite file with a clock that tests set, and ids that count."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.observation import Observation, observation
from cmdb.vocabulary import SourceTraits, Vocabulary, vocabulary
from discovery.means import Means
from discovery.rechecking import Rechecked, recheck
from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.run_source import run_source
from discovery.source_instance import SourceInstance, add, settings_to_run
from discovery.sources import SOURCES
from discovery.way_again import ways_again
from graph.open_store import open_store
from graph.store import Search
from standing_clock import Clock


@pytest.fixture
def words() -> Vocabulary:
    return vocabulary({**{name: source.traits for name, source in SOURCES.items()}, "scan": SourceTraits(scan=True)})


@pytest.fixture
def parts(tmp_path: Path, clock: Clock, words: Vocabulary) -> Iterator[Parts]:
    ids = itertools.count(1)
    store = open_store(f"sqlite:///{tmp_path}/graph.db", words)
    yield Parts(store, words, clock, lambda: f"id{next(ids):08}")
    store.close()


@pytest.fixture
def say(words: Vocabulary, clock: Clock) -> Callable[..., Observation]:
    def said(record: str, *, source: str = "agent", ci_class: str = "server", **more: Any) -> Observation:
        return observation(
            words, source=source, record=record, ci_class=ci_class, observed_at=more.pop("at", clock.at), **more
        )

    return said


@pytest.fixture
def passwords() -> dict[str, str]:
    """Reference → secret; one that is not in it is `right`."""
    return {}


@pytest.fixture
def means(parts: Parts, passwords: dict[str, str]) -> Means:
    return Means(parts, SOURCES, lambda reference: passwords.get(reference, "right"))


@pytest.fixture
def keep(means: Means) -> Callable[..., SourceInstance]:
    """Keeps a source instance, by default under the name `main`."""

    def kept(source: str, *, name: str = "main", realm: str = "default", **more: Any) -> SourceInstance:
        zone, secrets = more.pop("zone", None), more.pop("secrets", {})
        return add(means, SourceInstance(name, source, realm, zone, more, secrets))

    return kept


@pytest.fixture
def read_instance(means: Means) -> Callable[[SourceInstance], RunReport]:
    """One run of a source instance, a minute after whatever was before."""

    def read(kept: SourceInstance) -> RunReport:
        means.parts.now.at += 60_000_000  # type: ignore[attr-defined]
        return run_source(means.parts, SOURCES[kept.source], settings_to_run(means, kept))

    return read


@pytest.fixture
def look(means: Means) -> Callable[..., dict[str, Rechecked]]:
    """Looks at every CI that a search finds again, by the source instances there are: name → what came of it.

    Nothing may be written by it.
    """

    def looked(stopped: Callable[[], bool] = lambda: False, **query: Any) -> dict[str, Rechecked]:
        store = means.parts.store
        before = list(store.dump())
        views = [view for ci in store.search(Search(**query), after=None, limit=1000) if (view := store.item(ci.id))]
        found = recheck(
            means.parts, SOURCES, views, lambda source, realm: ways_again(means, source, realm, {}), stopped=stopped
        )
        assert list(store.dump()) == before, "nothing was written, no bookmark moved"
        return {one.ci.name: one for one in found}

    return looked
