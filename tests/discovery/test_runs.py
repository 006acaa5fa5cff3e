"""Runs: what absence means, and what it never means."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from cmdb.observation import Observation
from discovery.by_hand import correct, withdraw
from discovery.ending import cancel, finish, release
from discovery.errors import RecordRejected, SourceUnavailable
from discovery.previewing import preview_run
from discovery.run import (
    IDLE,
    AlreadyRunning,
    Errand,
    Parts,
    Rejection,
    RunEnded,
    UnknownRun,
    open_run,
    preview,
    report,
    reports,
    take,
)
from discovery.run_source import run_source
from discovery.source import Fetched, Hearing, Progress, Raw, Reading, ScopeEnd, Source, SourceSettings
from discovery.sources import SOURCES
from graph.store import Search, StoreUnavailable

Say = Callable[..., Observation]


def _lifecycles(parts: Parts) -> dict[str, str]:
    found = parts.store.search(Search(lifecycles=()), after=None, limit=1000)
    return {ci.name: ci.lifecycle for ci in found}


def _run(parts: Parts, say: Say, names: list[str], *, complete: bool = True, scope: str = "s") -> str:
    run = open_run(parts, "agent", "default", scope)
    take(parts, run.run_id, [say(name, name=name) for name in names])
    return finish(parts, run.run_id, complete=complete).run_id


def test_what_a_complete_run_does_not_find_is_missing_and_live_again_when_found(parts: Parts, say: Say) -> None:
    _run(parts, say, ["a", "b"])
    before = {ci.name: ci.id for ci in parts.store.search(Search(), after=None, limit=10)}
    _run(parts, say, ["a"])
    assert _lifecycles(parts) == {"a": "live", "b": "missing"}
    _run(parts, say, ["a", "b"])
    assert _lifecycles(parts) == {"a": "live", "b": "live"}
    assert {ci.name: ci.id for ci in parts.store.search(Search(), after=None, limit=10)} == before


def test_a_partial_run_retires_nothing(parts: Parts, say: Say) -> None:
    _run(parts, say, ["a", "b"])
    _run(parts, say, [], complete=False)
    run = open_run(parts, "agent", "default", "s")
    ended = finish(parts, run.run_id, complete=True, error="the directory hung up")
    assert ended.status == "partial"
    assert _lifecycles(parts) == {"a": "live", "b": "live"}


def test_another_scope_another_source_or_a_delta_misses_nothing(parts: Parts, say: Say) -> None:
    _run(parts, say, ["a"])
    _run(parts, say, [], scope="elsewhere")
    run = open_run(parts, "other", "default", "s")
    finish(parts, run.run_id, complete=True)
    delta = open_run(parts, "agent", "default", "s", full=False)
    finish(parts, delta.run_id, complete=True)
    assert _lifecycles(parts) == {"a": "live"}


def test_a_line_that_nobody_can_read_makes_the_run_partial_and_one_with_a_record_counts_as_seen(
    parts: Parts, say: Say
) -> None:
    _run(parts, say, ["a", "b"])
    run = open_run(parts, "agent", "default", "s")
    take(parts, run.run_id, [say("a", name="a")], [Rejection(2, "no JSON")])
    assert finish(parts, run.run_id, complete=True).status == "partial"
    run = open_run(parts, "agent", "default", "s")
    take(parts, run.run_id, [say("a", name="a")], [Rejection(2, "bad tier", ("agent", "default", "b"))])
    assert finish(parts, run.run_id, complete=True).status == "complete"
    assert _lifecycles(parts) == {"a": "live", "b": "live"}


def test_a_run_that_would_lose_too_much_is_held_until_a_person_releases_it(parts: Parts, say: Say) -> None:
    names = [f"n{i:02}" for i in range(30)]
    _run(parts, say, names)
    held = _run(parts, say, names[:10])
    assert report(parts, held).status == "held"
    assert set(_lifecycles(parts).values()) == {"live"}
    assert release(parts, held).status == "complete"
    assert list(_lifecycles(parts).values()).count("missing") == 20


def test_the_next_complete_run_replaces_a_held_one(parts: Parts, say: Say) -> None:
    names = [f"n{i:02}" for i in range(30)]
    _run(parts, say, names)
    held = _run(parts, say, [])
    _run(parts, say, names)
    assert report(parts, held).status == "superseded"
    with pytest.raises(RunEnded):
        release(parts, held)
    assert set(_lifecycles(parts).values()) == {"live"}


def test_finishing_twice_gives_the_same_report(parts: Parts, say: Say) -> None:
    _run(parts, say, ["a", "b"])
    run = open_run(parts, "agent", "default", "s")
    take(parts, run.run_id, [say("a", name="a")])
    first = finish(parts, run.run_id, complete=True)
    assert finish(parts, run.run_id, complete=True) == first
    assert first.missed == 1
    with pytest.raises(RunEnded):
        take(parts, run.run_id, [say("b", name="b")])


def test_an_idle_run_has_failed_for_good_and_an_unknown_one_is_said_to_be(parts: Parts, say: Say, clock: Any) -> None:
    run = open_run(parts, "agent", "default", "s")
    clock.at += IDLE + 1
    assert report(parts, run.run_id).status == "failed"
    with pytest.raises(RunEnded):
        take(parts, run.run_id, [say("a", name="a")])
    assert report(parts, run.run_id).status == "failed"
    assert _lifecycles(parts) == {}
    with pytest.raises(UnknownRun):
        report(parts, "never")


def test_a_cancelled_run_is_partial(parts: Parts) -> None:
    run = open_run(parts, "agent", "default", "s")
    assert cancel(parts, run.run_id).status == "partial"


def test_a_thing_missed_often_and_long_enough_is_retired(parts: Parts, say: Say, clock: Any) -> None:
    _run(parts, say, ["a", "b"])
    for _ in range(3):
        clock.at += 6 * 24 * 3600 * 1_000_000
        _run(parts, say, ["a"])
    assert _lifecycles(parts) == {"a": "live", "b": "retired"}


def test_a_preview_writes_nothing(parts: Parts, say: Say) -> None:
    assert preview(parts, [say("a", name="a")]).created == 1
    assert parts.store.counts().cis == 0
    assert parts.store.revision() == (0, 0)


def test_a_correction_stands_over_every_source_until_it_is_withdrawn(parts: Parts, say: Say, clock: Any) -> None:
    take(parts, None, [say("a", name="a", attributes={"tier": 3, "os": "x"})])
    (ci,) = parts.store.search(Search(), after=None, limit=1)
    correct(parts, ci.id, {"tier": 0}, author="ann", reason="it pays our wages")
    clock.at += 1
    take(parts, None, [say("a", name="a", attributes={"tier": 2, "os": "x"})])
    view = parts.store.item(ci.id)
    assert view is not None
    assert view.ci.facts["tier"].value == 0
    assert [value.value for value in view.ci.facts["tier"].outvoted] == [2]
    assert parts.store.counts().cis == 1
    clock.at += 1
    withdraw(parts, ci.id, "tier")
    view = parts.store.item(ci.id)
    assert view is not None
    assert view.ci.facts["tier"].value == 2


def _source(parts: Parts, fetch: Callable[..., Iterator[Fetched]]) -> Source:
    return replace(SOURCES["json_lines"], name="lines", settings=SourceSettings, fetch=fetch)


LINE = b'{"source": "lines", "record": "%s", "class": "server"}'


def test_what_was_read_before_a_source_failed_is_kept(parts: Parts) -> None:
    def fetch(settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        yield Raw("s", LINE % b"one")
        raise SourceUnavailable("connection reset")

    ended = run_source(parts, _source(parts, fetch), SourceSettings())
    assert (ended.status, ended.accepted) == ("partial", 1)
    assert "connection reset" in ended.errors[0]


def test_a_source_with_a_bug_leaves_a_failed_report(parts: Parts) -> None:
    def fetch(settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        yield Raw("s", LINE % b"one")
        raise ZeroDivisionError

    ended = run_source(parts, _source(parts, fetch), SourceSettings())
    assert ended.status == "failed"


def test_one_scope_read_to_the_end_counts_beside_one_that_was_not(parts: Parts) -> None:
    def both(settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        yield Raw("x", LINE % b"one")
        yield ScopeEnd("x", complete=True)
        yield Raw("y", LINE % b"two")
        yield ScopeEnd("y", complete=True)

    def less(settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        yield ScopeEnd("x", complete=True)
        yield ScopeEnd("y", complete=False, reason="permission denied")

    run_source(parts, _source(parts, both), SourceSettings())
    ended = run_source(parts, _source(parts, less), SourceSettings())
    assert ended.status == "partial"
    assert _lifecycles(parts) == {"one": "missing", "two": "live"}


def test_a_store_that_is_down_is_said_to_be(words: Any, tmp_path: Any) -> None:
    from graph.open_store import open_store

    with pytest.raises(StoreUnavailable, match="does not exist"):
        open_store(f"sqlite:///{tmp_path}/nowhere/graph.db", words)
    (tmp_path / "text.db").write_text("this is no database, however long one looks at it " * 50)
    with pytest.raises(StoreUnavailable, match="damaged or is no SQLite database"):
        open_store(f"sqlite:///{tmp_path}/text.db", words)


def test_a_preview_of_a_run_names_what_it_would_miss(parts: Parts, say: Say) -> None:
    records = ["a", "b"]

    def fetch(settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        for name in records:
            yield Raw("all", name)
        yield ScopeEnd("all", complete=True)

    source = Source(
        "agent", "", SourceSettings, SOURCES["json_lines"].traits, fetch, lambda raw, hearing: [say(raw, name=raw)]
    )
    assert run_source(parts, source, SourceSettings()).status == "complete"
    dumped = list(parts.store.dump())
    records.remove("b")
    found = preview_run(parts, source, SourceSettings())
    assert (found.missed, [missing.record for missing in found.misses]) == (1, ["agent|default|b"])
    assert list(parts.store.dump()) == dumped
    records.clear()
    records.extend(["a", "b"])
    assert preview_run(parts, source, SourceSettings()).missed == 0


def test_a_cancelled_reading_stops_and_keeps_what_it_read(parts: Parts, say: Say) -> None:
    reading_on = threading.Event()

    def fetch(settings: SourceSettings, reading: Reading) -> Iterator[Fetched]:
        yield Raw("all", "a")
        yield Progress(1, 2, "things")
        reading_on.set()
        while not reading.stopped():
            time.sleep(0.01)
        yield ScopeEnd("all", complete=False, reason="stopped")

    source = Source(
        "agent", "", SourceSettings, SOURCES["json_lines"].traits, fetch, lambda raw, hearing: [say(raw, name=raw)]
    )
    ended = []
    thread = threading.Thread(target=lambda: ended.append(run_source(parts, source, SourceSettings())))
    thread.start()
    assert reading_on.wait(60)
    (run,) = reports(parts, after=None, limit=1)
    assert run.status == "running"
    cancelled = cancel(parts, run.run_id, patience=60)
    thread.join(60)
    assert (cancelled.status, cancelled.accepted) == ("partial", 1)
    assert "cancelled" in cancelled.notes
    assert ended == [cancelled]
    with pytest.raises(RunEnded):
        cancel(parts, run.run_id)


def test_a_place_that_is_being_read_is_not_read_twice(parts: Parts) -> None:
    first = open_run(parts, "agent", "default", "all", errand=Errand(place="here"))
    with pytest.raises(AlreadyRunning) as caught:
        open_run(parts, "agent", "default", "all", errand=Errand(place="here"))
    assert caught.value.run_id == first.run_id
    open_run(parts, "agent", "default", "all", errand=Errand(place="there"))
    finish(parts, first.run_id, complete=True)
    assert open_run(parts, "agent", "default", "all", errand=Errand(place="here")).status == "running"


def test_no_report_holds_a_secret_that_a_source_writes_into_its_errors(parts: Parts, say: Say) -> None:
    planted = "pl4nted s3cret"

    class Settings(SourceSettings):
        password: SecretStr | None = None

    def fetch(settings: Settings, reading: Reading) -> Iterator[Fetched]:
        assert settings.password is not None
        said = settings.password.get_secret_value()
        yield Progress(0, 1, "things", f"logging in with {said}")
        yield Raw("all", said)
        yield ScopeEnd("all", complete=False, reason=f"https://me:{quote(said)}@host refuses")
        raise RuntimeError(f"{said!r} was refused")

    def observe(raw: str, hearing: Hearing) -> Iterator[Observation]:
        raise RecordRejected(f"no such thing: {raw}")
        yield say("never")

    source = Source("agent", "", Settings, SOURCES["json_lines"].traits, fetch, observe)
    report = run_source(parts, source, Settings(password=SecretStr(planted)))
    assert report.status == "failed"
    assert "[hidden]" in report.errors[0]
    for text in (
        str(report),
        str(list(parts.store.dump())),
        str(preview_run(parts, source, Settings(password=SecretStr(planted)))),
    ):
        assert planted not in text
        assert quote(planted) not in text
