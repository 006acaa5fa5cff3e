"""The clock: what is due runs once, whoever is alive; what cannot run says why; what died is taken up again."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cmdb.observation import Observation
from discovery.clock import LIVES, beat
from discovery.clock_work import ClockWork
from discovery.ending import cancel
from discovery.errors import SourceMisconfigured, SourceUnavailable
from discovery.job import Job, claim, drop, jobs, mark_sent
from discovery.means import Means
from discovery.run import LOST, Parts, report, reports
from discovery.schedule import add, edit, remove, run_now, schedule
from discovery.source_instance import SourceInstance
from discovery.source_instance import add as add_instance
from discovery.source_instance import remove as remove_instance
from discovery.worker import BACK_OFF
from machines import Here, Machines

SECOND = 1_000_000
HOUR = 3600 * SECOND
Say = Callable[..., Observation]


@pytest.fixture
def machines(say: Say) -> Machines:
    return Machines(say)


@pytest.fixture
def means(parts: Parts, machines: Machines) -> Means:
    means = Means(parts, {"machines": machines.as_source()}, lambda reference: reference)
    add_instance(means, SourceInstance("berlin", "machines"))
    return means


@pytest.fixture
def here(means: Means) -> Here:
    return Here(means, "first")


def _hourly(means: Means, **more: Any) -> str:
    return add(means, {"source_instance": "berlin", "interval": "1h", **more}).id


def test_what_is_due_is_read_once_each_time(means: Means, here: Here, clock: Any, machines: Machines) -> None:
    made = _hourly(means)
    here.beat()
    assert machines.read == 0
    for hour in (1, 2, 3):
        clock.at += HOUR
        here.beat()
        here.beat()
        assert machines.read == hour
    (run, *_) = reports(means.parts, after=None, limit=10)
    assert (run.status, run.instance, run.schedule, run.source) == ("complete", "berlin", made, "machines")
    last = schedule(means, made).last
    assert last is not None
    assert (last["outcome"], last["run_id"]) == ("started", run.run_id)
    assert list(jobs(means.parts.store)) == []


def test_times_that_nobody_was_there_for_are_one_run_if_it_is_not_too_late(
    means: Means, here: Here, clock: Any, machines: Machines
) -> None:
    _hourly(means)
    clock.at += 5 * HOUR + 600 * SECOND  # the last of five was ten minutes ago, the first four hours
    here.beat()
    assert machines.read == 0
    clock.at += HOUR - 600 * SECOND
    here.beat()
    assert machines.read == 1


def test_a_time_that_was_missed_for_too_long_says_so_and_the_next_one_comes(
    means: Means, here: Here, clock: Any, machines: Machines
) -> None:
    made = add(means, {"source_instance": "berlin", "cron": "0 2 * * *", "misfire_grace": 600})
    assert made.next_at is not None
    clock.at = made.next_at + 601 * SECOND + SECOND
    here.beat()
    after = schedule(means, made.id)
    assert after.last is not None
    assert after.last["outcome"] == "missed"
    assert "misfire_grace" in after.last["why"]
    assert machines.read == 0
    assert after.next_at == made.next_at + 24 * HOUR
    clock.at = after.next_at + 599 * SECOND
    here.beat()
    assert machines.read == 1


def test_nothing_begins_in_a_blackout(means: Means, here: Here, clock: Any, machines: Machines) -> None:
    made = _hourly(means, blackouts=[{"from": "00:30", "to": "01:30"}])
    clock.at += HOUR
    here.beat()
    last = schedule(means, made).last
    assert last is not None
    assert (machines.read, last["outcome"], last["why"]) == (0, "blackout", "blackout from 00:30 to 01:30 (UTC)")
    clock.at += HOUR
    here.beat()
    assert machines.read == 1


def test_a_schedule_that_is_off_or_gone_does_nothing(means: Means, here: Here, clock: Any, machines: Machines) -> None:
    off, gone = _hourly(means, enabled=False), _hourly(means)
    remove(means, gone)
    clock.at += 2 * HOUR
    here.beat()
    assert machines.read == 0
    assert edit(means, off, {"enabled": True}).next_at == clock.at + HOUR
    clock.at += HOUR
    here.beat()
    assert machines.read == 1


def test_of_two_schedulers_one_acts_and_the_other_takes_over_when_it_is_gone(
    means: Means, here: Here, clock: Any, machines: Machines
) -> None:
    _hourly(means)
    other = Here(means, "second")
    assert here.beat()
    clock.at += HOUR - SECOND
    assert here.beat()
    clock.at += SECOND
    assert not other.beat()
    assert here.beat()
    assert machines.read == 1
    clock.at += LIVES - 2 * SECOND
    assert not other.beat()
    clock.at += 2 * SECOND  # nothing was heard of the first one for the whole life of its lease
    assert other.beat()
    assert not here.beat()
    clock.at += HOUR
    assert other.beat()
    assert machines.read == 2


def test_a_scheduler_that_lost_its_lease_without_noticing_doubles_nothing(
    means: Means, here: Here, clock: Any, machines: Machines
) -> None:
    """Both go through what is due at the same moment; the schedule can be moved once."""
    from discovery.clock import fire_due

    _hourly(means)
    clock.at += HOUR
    both = threading.Barrier(2)

    def fire() -> None:
        both.wait(60)
        fire_due(means)

    threads = [threading.Thread(target=fire) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(list(jobs(means.parts.store))) == 1


def test_what_is_being_read_is_not_read_a_second_time(means: Means, here: Here, clock: Any, machines: Machines) -> None:
    first, second = _hourly(means), _hourly(means)
    told: list[Job] = []
    clock.at += HOUR
    beat(means, "first", lambda job: told.append(job) is None)
    assert [job.schedule for job in told] == [min(first, second)]
    last = schedule(means, max(first, second)).last
    assert last is not None
    assert last["outcome"] == "overlap"
    asked = run_now(means, "berlin")
    assert run_now(means, "berlin").run_id == asked.run_id


def test_the_same_place_under_two_names_is_read_by_one_at_a_time(means: Means, here: Here) -> None:
    add_instance(means, SourceInstance("again", "machines"))
    add_instance(means, SourceInstance("elsewhere", "machines", realm="paris"))
    asked = run_now(means, "berlin")
    assert run_now(means, "again").run_id == asked.run_id
    assert run_now(means, "elsewhere").run_id != asked.run_id


def test_a_run_asked_for_now_begins_with_the_next_beat(means: Means, here: Here, machines: Machines) -> None:
    asked = run_now(means, "berlin")
    assert (asked.status, machines.read) == ("running", 0)
    here.beat()
    assert report(means.parts, asked.run_id).status == "complete"
    assert machines.read == 1


def test_a_run_that_is_cancelled_before_it_begins_is_never_read(means: Means, here: Here, machines: Machines) -> None:
    asked = run_now(means, "berlin")
    assert cancel(means.parts, asked.run_id).status == "partial"
    here.beat()
    assert machines.read == 0
    assert list(jobs(means.parts.store)) == []


def test_a_failure_that_may_pass_is_tried_again_later_and_later(
    means: Means, here: Here, clock: Any, machines: Machines
) -> None:
    machines.fails = [SourceUnavailable("no answer")] * 3
    run_now(means, "berlin")
    here.beat()
    for attempt, wait in ((1, BACK_OFF), (2, 4 * BACK_OFF), (3, 16 * BACK_OFF)):
        assert machines.read == attempt
        clock.at += wait - SECOND
        here.beat()
        assert machines.read == attempt
        clock.at += SECOND
        here.beat()
    found = reports(means.parts, after=None, limit=10)
    assert [(run.status, run.attempt) for run in found] == [
        ("complete", 4),
        ("failed", 3),
        ("failed", 2),
        ("failed", 1),
    ]


def test_what_would_come_to_the_same_is_not_tried_again(
    means: Means, here: Here, clock: Any, machines: Machines
) -> None:
    for wrong in (SourceMisconfigured("no such base"), ValueError("a bug")):
        machines.fails = [wrong]
        run_now(means, "berlin")
        here.beat()
        clock.at += HOUR
        here.beat()
    assert machines.read == 2
    assert list(jobs(means.parts.store)) == []


def test_no_more_attempts_are_made_than_the_schedule_allows(
    means: Means, here: Here, clock: Any, machines: Machines
) -> None:
    machines.fails = [SourceUnavailable("no answer")] * 9
    _hourly(means, retries=1)
    clock.at += HOUR
    here.beat()
    clock.at += 30 * 60 * SECOND
    here.beat()
    clock.at += 29 * 60 * SECOND
    here.beat()
    assert machines.read == 2


def test_an_instance_that_is_gone_is_said_with_its_schedule(means: Means, here: Here, clock: Any) -> None:
    made = _hourly(means)
    remove_instance(means, "berlin")
    clock.at += HOUR
    here.beat()
    last = schedule(means, made).last
    assert last is not None
    assert last["outcome"] == "refused"
    assert last["why"].startswith("no source instance 'berlin'")


def test_a_run_whose_process_died_ends_failed_and_is_taken_up_again_once(
    means: Means, here: Here, clock: Any, machines: Machines
) -> None:
    """A process that dies leaves what it had claimed exactly so."""
    made = _hourly(means)
    clock.at += HOUR

    def die(job: Job) -> bool:
        claimed = claim(means.parts.store, job.id, "dead", clock.at)
        assert claimed is not None
        from discovery.job import keep_run
        from discovery.schedule import opened_for, settings_for
        from discovery.source_instance import instance

        of = instance(means, "berlin")
        keep_run(means.parts.store, claimed, opened_for(means, claimed, of, settings_for(means, claimed, of)).run_id)
        return True

    beat(means, "dead", die)
    (lost,) = reports(means.parts, after=None, limit=10)
    clock.at += LOST
    here.beat()
    assert machines.read == 0
    clock.at += SECOND
    here.beat()
    assert machines.read == 1
    first, second = reversed(reports(means.parts, after=None, limit=10))
    assert (first.run_id, first.status, second.status) == (lost.run_id, "failed", "complete")
    assert "died" in first.errors[0]
    clock.at += HOUR
    beat(means, "first", die)
    clock.at += LOST + SECOND
    beat(means, "first", die)
    clock.at += LOST + SECOND
    beat(means, "first", die)
    assert [run.status for run in reports(means.parts, after=None, limit=10)].count("failed") == 3
    assert list(jobs(means.parts.store)) == []
    last = schedule(means, made).last
    assert last is not None
    assert last["outcome"] == "failed"


def test_a_process_that_ends_leaves_its_run_to_the_next_one(means: Means, here: Here, machines: Machines) -> None:
    machines.waits = True
    work = ClockWork(means, "ending", at_once=2)
    work.start()
    run_now(means, "berlin")
    assert machines.begun.wait(60)
    work.stop()
    (stopped,) = reports(means.parts, after=None, limit=10)
    assert (stopped.status, stopped.accepted) == ("partial", 1)
    machines.waits = False
    assert here.beat()  # the lease was given back
    assert machines.read == 2
    assert reports(means.parts, after=None, limit=1)[0].status == "complete"


def test_several_clocks_in_several_threads_are_one(means: Means, clock: Any, machines: Machines) -> None:
    works = [ClockWork(means, f"process {n}", at_once=2) for n in range(3)]
    for work in works:
        work.start()
    asked = [run_now(means, "berlin")]
    add_instance(means, SourceInstance("paris", "machines", realm="paris"))
    asked.append(run_now(means, "paris"))
    try:
        for run in asked:
            while report(means.parts, run.run_id).status == "running":
                threading.Event().wait(0.05)
    finally:
        for work in works:
            work.stop()
    assert machines.read == 2
    assert [report(means.parts, run.run_id).status for run in asked] == ["complete", "complete"]


def test_a_job_that_is_marked_as_sent_while_it_is_claimed_is_claimed_all_the_same(means: Means, clock: Any) -> None:
    """Whoever sends it marks it after it was taken note of: the two come at the same time."""
    for _ in range(30):
        asked = run_now(means, "berlin")
        ((job, version),) = jobs(means.parts.store)
        both, claimed = threading.Barrier(2), []

        def take(job: Job = job, both: threading.Barrier = both, claimed: list[Any] = claimed) -> None:
            both.wait(60)
            claimed.append(claim(means.parts.store, job.id, "a", clock.at))

        thread = threading.Thread(target=take)
        thread.start()
        both.wait(60)
        mark_sent(means.parts.store, job, version, clock.at)
        thread.join(60)
        assert [found is not None for found in claimed] == [True]
        drop(means.parts.store, job)
        cancel(means.parts, asked.run_id)


def test_a_job_is_claimed_by_one(means: Means, clock: Any) -> None:
    run_now(means, "berlin")
    ((job, _),) = jobs(means.parts.store)
    claimed = [claim(means.parts.store, job.id, owner, clock.at) for owner in ("a", "b")]
    assert [found is not None for found in claimed] == [True, False]
    assert claimed[0] == replace(job, state="taken", owner="a", moved_at=clock.at)
