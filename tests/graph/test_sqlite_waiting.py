"""A writer of the SQLite store waits as long as the others get on, and no longer."""

import threading
import time
from pathlib import Path

import pytest

from graph.sqlite_store.connections import Connections
from graph.store import StoreUnavailable

PATIENCE = 1.0
"""seconds"""


def _hold(connections: Connections, seconds: float, times: int, holds: threading.Event) -> None:
    """Write again and again, each time that long, and hardly leave a gap."""
    for _ in range(times):
        with connections.writing() as connection:
            holds.set()
            connection.execute("create table if not exists t (n integer)")
            connection.execute("insert into t values (1)")
            time.sleep(seconds)


def test_a_writer_that_is_passed_over_waits_on_while_others_commit(tmp_path: Path) -> None:
    file, holds = tmp_path / "graph.db", threading.Event()
    busy, connections = Connections(file), Connections(file, busy_seconds=PATIENCE)
    crowd = threading.Thread(target=_hold, args=(busy, PATIENCE / 4, 12, holds))
    crowd.start()
    assert holds.wait(30)
    with connections.writing() as connection:
        assert connection.execute("select count(*) from t").fetchone()[0] > 0
    crowd.join()
    for one in (busy, connections):
        one.close()


def test_a_writer_that_gets_nothing_done_is_not_waited_for(tmp_path: Path) -> None:
    file, holds = tmp_path / "graph.db", threading.Event()
    slow, connections = Connections(file), Connections(file, busy_seconds=PATIENCE)
    holder = threading.Thread(target=_hold, args=(slow, 3 * PATIENCE, 1, holds))
    holder.start()
    assert holds.wait(30)
    with pytest.raises(StoreUnavailable, match="try again"), connections.writing():
        pass
    holder.join()
    for one in (slow, connections):
        one.close()
