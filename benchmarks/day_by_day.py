"""Benchmark: an estate that four sources tell of every day, each thing alike but for its times.

python benchmarks/day_by_day.py                    5,000 laptops, 20,000 records, six days, into SQLite
python benchmarks/day_by_day.py --devices 1000 --neo4j

The first day everything is new; from the second on nothing is, and a tool that decides nothing would write one time a
record. That bare write of the same days stands beside us, with no question asked of what else the record may be.
"""

import argparse
import itertools
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cmdb.ci_class import DAY, HOUR
from cmdb.observation import Observation, observation
from cmdb.vocabulary import SourceTraits, vocabulary
from discovery.run import MAX_BATCH, Parts, take
from graph.open_store import open_store
from graph.store import GraphStore
from ingest import NOW, neo4j_server

WORDS = vocabulary(
    {
        "directory": SourceTraits(knows_contact=True, guarantees_names=True),
        "mdm": SourceTraits(authority=2.0, knows_contact=True),
        "agent": SourceTraits(authority=1.5, knows_contact=True),
        "nmap": SourceTraits(authority=0.3, one_record_per_thing=False, by_address=True, scan=True),
    }
)


def told(devices: int, day: int) -> Iterator[Observation]:
    """What a directory, an MDM, an agent and a scan say of every laptop on one day, an hour after each other."""
    for n in range(devices):
        serial, card = ("serial", f"SN{n:07d}"), ("mac", f"8c:85:90:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}")
        name, address = ("fqdn", f"ws{n}.corp.example"), ("ip", f"10.{n >> 14}.{n >> 7 & 127}.{n & 127}")
        sayings = [
            ("directory", f"d{n}", [name], {"os": "Windows 11"}),
            ("mdm", f"m{n}", [serial, card], {"os": "Windows 11", "os_version": "23H2"}),
            ("agent", f"a{n}", [serial, card, ("hostname", f"ws{n}"), address], {"os_version": "23H2"}),
            ("nmap", address[1], [address, card, name], {}),
        ]
        for hour, (source, record, identifiers, attributes) in enumerate(sayings):
            yield observation(
                WORDS,
                source=source,
                record=record,
                ci_class="device" if source == "nmap" else "workstation",
                observed_at=NOW + day * DAY + hour * HOUR,
                identifiers=identifiers,
                attributes=attributes,
            )


def measure(name: str, store: GraphStore, devices: int, days: int) -> list[float]:
    """Observations a second of each day; prints them, and checks that there is one CI for each laptop."""
    ids, rates = itertools.count(), []
    for day in range(days):
        batch = list(told(devices, day))
        parts = Parts(store, WORDS, lambda day=day: NOW + day * DAY + 5 * HOUR, lambda: f"{next(ids):016x}")
        began = time.perf_counter()
        for begin in range(0, len(batch), MAX_BATCH // 2):
            take(parts, None, batch[begin : begin + MAX_BATCH // 2])
        rates.append(len(batch) / (time.perf_counter() - began))
    assert sum(1 for kind in store.dump() if kind["kind"] == "ci") == devices
    print(f"{name:8} observations/s by day: {'  '.join(f'{rate:,.0f}' for rate in rates)}", flush=True)
    return rates


def bare(path: Path, devices: int, days: int) -> list[float]:
    """The same of plain rows: each record's name and last time, under its key."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute(
        "create table record (source text, record text, name text, last integer, primary key (source, record))"
    )
    rates = []
    for day in range(days):
        batch = list(told(devices, day))
        began = time.perf_counter()
        connection.execute("begin")
        connection.executemany(
            "insert or replace into record values (?, ?, ?, ?)",
            [(said.source, said.record, said.name, said.observed_at) for said in batch],
        )
        connection.execute("commit")
        rates.append(len(batch) / (time.perf_counter() - began))
    connection.close()
    print(f"{'bare':8} observations/s by day: {'  '.join(f'{rate:,.0f}' for rate in rates)}", flush=True)
    return rates


def main() -> None:
    """Measure and print."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--devices", type=int, default=5_000)
    said.add_argument("--days", type=int, default=6)
    said.add_argument("--neo4j", action="store_true", help="into Neo4j, too")
    asked = said.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain = bare(Path(folder, "bare.db"), asked.devices, asked.days)
        store = open_store(f"sqlite:///{folder}/graph.db", WORDS)
        ours = measure("sqlite", store, asked.devices, asked.days)
        store.close()
        print(
            f"bare write / sqlite: {plain[0] / ours[0]:.1f}x on the first day, {plain[-1] / ours[-1]:.1f}x on the last"
        )
    if asked.neo4j:
        with neo4j_server() as server:
            store = open_store(server.url, WORDS, user=server.user, password=server.password)
            measure("neo4j", store, asked.devices, asked.days)
            store.close()


if __name__ == "__main__":
    main()
