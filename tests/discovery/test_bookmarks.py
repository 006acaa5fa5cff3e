"""A source that only reads what has moved: it goes on where it left off, and what it does not name is still there."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cmdb.observation import Observation
from discovery.errors import RecordRejected, SourceUnavailable
from discovery.run import Parts
from discovery.run_source import run_source
from discovery.source import Bookmark, Fetched, Raw, Reading, ScopeEnd, Source, SourceSettings
from discovery.sources import SOURCES
from graph.store import Search

Say = Callable[..., Observation]


class Directory:
    """Answers a full reading first and then what moved since, as the bookmark says."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.log: list[str] = ["a", "b"]
        self.asked_from: list[Any] = []
        self.hangs_up = False

    def fetch(self, settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        since = reading.bookmark("all")
        self.asked_from.append(since)
        for name in self.log[since or 0 :]:
            yield Raw("all", name)
        if self.hangs_up:
            raise SourceUnavailable("hung up")
        yield ScopeEnd("all", complete=True, delta=since is not None)
        yield Bookmark("all", len(self.log))

    def observe(self, raw: Any, hearing: Any) -> Iterator[Observation]:
        if raw == "garbage":
            raise RecordRejected("cannot be read")
        yield self.say(raw, source="moving", name=raw)

    def as_source(self) -> Source:
        return Source("moving", "", SourceSettings, SOURCES["json_lines"].traits, self.fetch, self.observe)


@pytest.fixture
def directory(say: Say) -> Directory:
    return Directory(say)


def _run(parts: Parts, directory: Directory) -> str:
    return run_source(parts, directory.as_source(), SourceSettings()).status


def _lifecycles(parts: Parts) -> dict[str, str]:
    return {ci.name: ci.lifecycle for ci in parts.store.search(Search(lifecycles=()), after=None, limit=1000)}


def test_the_second_reading_goes_on_where_the_first_left_off_and_misses_nothing(
    parts: Parts, directory: Directory
) -> None:
    assert _run(parts, directory) == "complete"
    directory.log.append("c")
    assert _run(parts, directory) == "complete"
    assert directory.asked_from == [None, 2]
    assert _lifecycles(parts) == {"a": "live", "b": "live", "c": "live"}


def test_a_reading_that_failed_is_read_again(parts: Parts, directory: Directory) -> None:
    directory.hangs_up = True
    assert _run(parts, directory) == "partial"
    directory.hangs_up = False
    assert _run(parts, directory) == "complete"
    assert directory.asked_from == [None, None]


def test_no_bookmark_passes_a_record_that_nobody_could_read(parts: Parts, directory: Directory) -> None:
    assert _run(parts, directory) == "complete"
    directory.log.append("garbage")
    assert _run(parts, directory) == "partial"
    assert _run(parts, directory) == "partial"
    assert directory.asked_from == [None, 2, 2]


def test_another_realm_has_bookmarks_of_its_own(parts: Parts, directory: Directory) -> None:
    _run(parts, directory)
    run_source(parts, directory.as_source(), SourceSettings(realm="paris"))
    assert directory.asked_from == [None, None]
