"""An empty store of each kind, and patches made through the real reconciliation."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmdb.draft import Context
from cmdb.observation import Observation, observation
from cmdb.reconciliation import Outcome, reconcile
from cmdb.vocabulary import Vocabulary, vocabulary
from graph.open_store import open_store
from graph.store import GraphStore

DAY = 24 * 3600 * 1_000_000


@pytest.fixture(scope="session")
def words() -> Vocabulary:
    return vocabulary()


@pytest.fixture(params=["sqlite", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def opened(request: pytest.FixtureRequest, tmp_path: Path, words: Vocabulary) -> Callable[..., GraphStore]:
    """Opens the same empty store, as often as a test wants."""
    if request.param == "sqlite":
        return lambda said=words: open_store(f"sqlite:///{tmp_path}/graph.db", said)
    server = request.getfixturevalue("empty_neo4j")
    return lambda said=words: open_store(server.url, said, user=server.user, password=server.password)


@pytest.fixture
def login_of(request: pytest.FixtureRequest, opened: Any, tmp_path: Path) -> Callable[[], tuple[str, Any, Any]]:
    """URL, user and password of that store, for a process of its own."""
    if request.node.callspec.params["opened"] == "sqlite":
        return lambda: (f"sqlite:///{tmp_path}/graph.db", None, None)
    server = request.getfixturevalue("empty_neo4j")
    return lambda: (server.url, server.user, server.password)


@pytest.fixture
def store(opened: Callable[[], GraphStore]) -> Iterator[GraphStore]:
    found = opened()
    yield found
    found.close()


@pytest.fixture
def say(words: Vocabulary) -> Callable[..., Observation]:
    def said(
        record: str, *, source: str = "agent", ci_class: str = "server", day: float = 1, **more: Any
    ) -> Observation:
        return observation(words, source=source, record=record, ci_class=ci_class, observed_at=int(day * DAY), **more)

    return said


@pytest.fixture
def put(words: Vocabulary) -> Callable[..., Outcome]:
    """Reconcile observations into a store, as one patch."""
    ids = itertools.count(1)

    def written(
        store: GraphStore,
        *observations: Observation,
        prefix: str = "c",
        documents: Any = (),
        scope: str | None = "s",
        words: Vocabulary = words,
    ) -> Outcome:
        from dataclasses import replace

        def work(tx: Any) -> Outcome:
            outcome = reconcile(
                observations, tx, Context(words, 30 * DAY, lambda: f"{prefix}{next(ids):08}", scope=scope)
            )
            tx.apply(replace(outcome.patch, documents=(*outcome.patch.documents, *documents)))
            return outcome

        return store.write(work)

    return written
