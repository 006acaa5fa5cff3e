"""Backups of every store: whole, of one moment, and good for a store of either kind."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmdb.observation import Claim, Observation
from cmdb.vocabulary import Vocabulary
from graph.backup import rows_of_backup
from graph.dump import TABLES
from graph.open_store import open_store
from graph.store import GraphStore, StoreError

Say = Callable[..., Observation]
Put = Callable[..., Any]


def test_a_backup_fills_another_store_with_the_same(
    store: GraphStore, say: Say, put: Put, tmp_path: Path, words: Vocabulary
) -> None:
    put(store, say("a", name="a"), say("b", name="b", claims=[Claim("depends_on", True, "name:nobody")]))
    assert store.backup(tmp_path / "backup") == 1
    put(store, say("c", name="later"))
    other = open_store(f"sqlite:///{tmp_path}/other.db", words)
    assert other.load(rows_of_backup(tmp_path / "backup")) == 1
    assert (other.counts().cis, other.counts().waiting) == (2, 1)
    with pytest.raises(StoreError, match="only an empty store"):
        other.load(rows_of_backup(tmp_path / "backup"))
    other.close()


def test_a_backup_of_sqlite_fills_every_store(
    store: GraphStore, say: Say, put: Put, tmp_path: Path, words: Vocabulary
) -> None:
    origin = open_store(f"sqlite:///{tmp_path}/origin.db", words)
    put(origin, say("a", name="a", identifiers=[("serial", "S1AB")]))
    origin.backup(tmp_path / "backup")
    store.load(rows_of_backup(tmp_path / "backup"))
    assert list(store.dump()) == list(origin.dump())
    origin.close()


def test_a_backup_of_sqlite_is_one_file_of_one_moment_while_others_write(
    say: Say, put: Put, tmp_path: Path, words: Vocabulary
) -> None:
    origin = open_store(f"sqlite:///{tmp_path}/origin.db", words)
    put(origin, say("a0", name="a0"))
    done = threading.Event()

    def write() -> None:
        for n in range(1, 30):
            put(origin, say(f"a{n}", name=f"a{n}"))
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    made = 0
    while not done.is_set() or made == 0:
        file = tmp_path / f"backup{made}"
        revision = origin.backup(file)
        rows = list(rows_of_backup(file))
        assert rows[-1]["revision"] == revision
        assert sum(row["kind"] == "ci" for row in rows) == revision, "one new thing a revision"
        assert not list(tmp_path.glob(f"{file.name}-*")), "nothing lies beside it"
        made += 1
    writer.join()
    origin.close()


def test_what_is_no_backup_is_refused_and_changes_nothing(tmp_path: Path, words: Vocabulary) -> None:
    foreign = sqlite3.connect(tmp_path / "foreign")
    foreign.execute("create table t (x)")
    foreign.close()
    complete = dict.fromkeys(TABLES["ci"], "x")
    bad = {
        "text": b"hello\n", "no row": b'{"kind": "ci"}\n', "lacks": b'{"kind": "ci", "row": {}}\n',
        "odd end": b'{"kind": "end"}\n', "empty": b"", "list": b"[]\n", "unknown": b'{"kind": "x", "row": {}}\n',
        "cut": ('{"kind": "ci", "row": ' + str(complete).replace("'", '"') + "}\n").encode(),
        "cut copy": b"SQLite format 3\x00" + b"\x00" * 200,
    }  # fmt: skip
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    store = open_store(f"sqlite:///{tmp_path}/store.db", words)
    for name in ("foreign", *bad):
        with pytest.raises(StoreError):
            store.load(rows_of_backup(tmp_path / name))
    assert (store.counts().cis, store.revision()) == (0, (0, 0))
    store.close()
