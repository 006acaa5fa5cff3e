"""A system on a fresh SQLite file with a clock that tests set, and ids that count."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.observation import Observation, observation
from cmdb.vocabulary import SourceTraits, Vocabulary, vocabulary
from discovery.run import Parts
from discovery.sources import SOURCES
from graph.open_store import open_store
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
