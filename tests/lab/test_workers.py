"""Workers as real processes behind a real broker: killed in the middle, the run is finished once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import pytest

from api.settings import Settings
from api.wiring import System, build
from api.workers import sender
from discovery.clock import beat
from discovery.job import jobs
from discovery.run import LOST, report, reports
from discovery.run_report import RunReport
from discovery.schedule import run_now
from discovery.source_instance import SourceInstance, add
from graph.store import Search
from http_api import line, ndjson
from lab.redis_server import RedisServer, redis_server
from lab.unavailable import real

PATIENCE = 90.0
"""seconds that anything here may take on a busy machine"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    with real(redis_server(tmp_path)) as server:
        yield server


@pytest.fixture
def system(tmp_path: Path, redis: RedisServer) -> Iterator[System]:
    built = build(Settings(store=f"sqlite:///{tmp_path}/graph.db", broker=redis.url))  # type: ignore[arg-type]
    yield built
    built.close()


@contextmanager
def _worker(system: System, redis: RedisServer, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    env = {**os.environ, "CMDB_STORE": system.settings.store, "CMDB_BROKER": redis.url}
    command = [str(Path(sys.executable).with_name("cmdb")), "worker", *words]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(30)


def _until(true: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def _beat(system: System, *, later: int = 0) -> None:
    means = replace(system.means, parts=replace(system.parts, now=lambda: system.parts.now() + later))
    assert beat(means, "scheduler", sender(system.settings))


def _ended(system: System, run_id: str) -> RunReport:
    return _until(lambda: found if (found := report(system.parts, run_id)).status != "running" else None)  # type: ignore[no-any-return]


def _instance(system: System, file: Path, **more: Any) -> None:
    add(system.means, SourceInstance("estate", "json_lines", settings={"file": str(file)}, **more))


@contextmanager
def _stopped_in_the_middle(
    system: System, redis: RedisServer, pipe: Path
) -> Iterator[tuple[str, "subprocess.Popen[bytes]", IO[bytes]]]:
    """A run whose worker has read the first line of a pipe and waits for the next: the run, the worker, our end."""
    os.mkfifo(pipe)
    _instance(system, pipe)
    asked = run_now(system.means, "estate")
    _beat(system)
    with _worker(system, redis) as worker, pipe.open("wb", buffering=0) as half:
        half.write(ndjson(line("a")))
        half.flush()
        _until(lambda: report(system.parts, asked.run_id).owner)
        yield asked.run_id, worker, half
        worker.wait(30)


def test_a_run_is_sent_read_elsewhere_and_reported_here(system: System, redis: RedisServer, tmp_path: Path) -> None:
    file = tmp_path / "estate.jsonl"
    file.write_bytes(ndjson(line("a"), line("b")))
    _instance(system, file)
    asked = run_now(system.means, "estate")
    _beat(system)
    with _worker(system, redis):
        done = _ended(system, asked.run_id)
        assert (done.status, done.accepted) == ("complete", 2)
        assert done.owner not in (None, system.owner)
        _until(lambda: not list(jobs(system.store)))


def test_a_worker_reads_only_what_is_meant_for_its_zone(system: System, redis: RedisServer, tmp_path: Path) -> None:
    file = tmp_path / "estate.jsonl"
    file.write_bytes(ndjson(line("a")))
    _instance(system, file, zone="plant")
    add(system.means, SourceInstance("open", "json_lines", realm="open", settings={"file": str(file)}))
    inside, outside = run_now(system.means, "estate"), run_now(system.means, "open")
    _beat(system)
    with _worker(system, redis):
        assert _ended(system, outside.run_id).status == "complete"
        assert report(system.parts, inside.run_id).status == "running"
    with _worker(system, redis, "--zone", "plant"):
        assert _ended(system, inside.run_id).status == "complete"


def test_a_run_whose_worker_is_killed_in_the_middle_is_finished_once(
    system: System, redis: RedisServer, tmp_path: Path
) -> None:
    """The source is a pipe, so that it is known where the worker is; the broker is killed too, and comes again."""
    pipe = tmp_path / "estate.jsonl"
    with _stopped_in_the_middle(system, redis, pipe) as (run_id, first, _):
        first.send_signal(signal.SIGKILL)
    redis.kill()
    redis.start()
    _beat(system)
    assert report(system.parts, run_id).status == "running"
    _beat(system, later=LOST + 1_000_000)
    assert report(system.parts, run_id).status == "failed"
    with _worker(system, redis), _worker(system, redis):
        with pipe.open("wb") as whole:
            whole.write(ndjson(line("a"), line("b")))
        _until(lambda: not list(jobs(system.store)))
        found = reports(system.parts, after=None, limit=10)
    assert [run.status for run in found] == ["complete", "failed"]
    assert found[0].accepted == 2
    names = [ci.name for ci in system.store.search(Search(), after=None, limit=10)]
    assert names == ["a", "b"]


def test_a_worker_that_is_stopped_leaves_its_run_to_another_one(
    system: System, redis: RedisServer, tmp_path: Path
) -> None:
    pipe = tmp_path / "estate.jsonl"
    with _stopped_in_the_middle(system, redis, pipe) as (run_id, first, half):
        first.send_signal(signal.SIGTERM)
        with suppress(BrokenPipeError):  # it looks whether to stop between two lines
            while first.poll() is None:
                half.write(ndjson(line("b")))
                time.sleep(0.05)
    stopped = report(system.parts, run_id)
    assert (stopped.status, stopped.scopes[0].reason) == ("partial", "stopped")
    assert [job.state for job, _ in jobs(system.store)] == ["waiting"]
    _beat(system)
    with _worker(system, redis):
        with pipe.open("wb") as whole:
            whole.write(ndjson(line("a")))
        _until(lambda: not list(jobs(system.store)))
    assert reports(system.parts, after=None, limit=1)[0].status == "complete"


def test_a_broker_that_does_not_answer_loses_nothing(system: System, redis: RedisServer, tmp_path: Path) -> None:
    file = tmp_path / "estate.jsonl"
    file.write_bytes(ndjson(line("a")))
    _instance(system, file)
    redis.kill()
    asked = run_now(system.means, "estate")
    _beat(system)
    assert [job.state for job, _ in jobs(system.store)] == ["waiting"]
    redis.start()
    _beat(system)
    with _worker(system, redis):
        assert _ended(system, asked.run_id).status == "complete"
