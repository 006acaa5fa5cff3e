"""Eight processes that bring the same records at once: no duplicate, no deadlock, nothing lost."""

import multiprocessing
from collections.abc import Callable

import pytest

from graph.store import GraphStore
from one_writer import RECORDS, write

WRITERS = 8


@pytest.mark.timeout(900)
def test_eight_processes_bring_the_same_records_at_once(
    opened: Callable[[], GraphStore], login_of: Callable[[], tuple[str, str | None, str | None]]
) -> None:
    opened().close()
    url, user, password = login_of()
    context = multiprocessing.get_context("spawn")
    began, done = context.Barrier(WRITERS), context.Queue()
    writers = [
        context.Process(target=write, args=(n, url, user, password, began, done), daemon=True) for n in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(timeout=800)
        assert writer.exitcode == 0
    fates = [done.get(timeout=30) for _ in writers]
    assert all(sum(of_one) == RECORDS for of_one in fates)
    store = opened()
    counts = store.counts()
    places = store.record_places(None, None, after=None, limit=2 * RECORDS)
    store.close()
    assert (counts.cis, counts.records, counts.relations) == (RECORDS // 2, RECORDS, RECORDS // 2 - 1)
    assert len({place.record for place in places}) == RECORDS
    assert sum(created for created, _, _ in fates) == RECORDS // 2
