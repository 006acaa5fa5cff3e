"""Benchmark: an estate that four sources tell of every day, each thing alike but for its times.

python benchmarks/day_by_day.py                    5,000 laptops, 20,000 records, six days, into SQLite
python benchmarks/day_by_day.py --devices 1000 --neo4j
python benchmarks/day_by_day.py --devices 1000 --pool 500 --days 20 --batch 100

The first day everything is new; from the second on nothing is, and a tool that decides nothing would write one time a
record. That bare write of the same days stands beside us, with no question asked of what else the record may be.

With `--pool` there are fewer addresses than laptops: six of ten are there each day, keep the address that they had if
it is still free and else get another, so that after a while everybody has held what everybody else held.
"""

import argparse
import itertools
import random
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


def lent(devices: int, days: int, pool: int | None) -> Iterator[dict[int, int]]:
    """Which laptop has which address, day by day."""
    dice, held = random.Random(devices), {n: n for n in range(devices)}
    for _ in range(days):
        if pool is None:
            yield held
            continue
        there = [n for n in range(devices) if dice.random() < 0.6][:pool]
        free = set(range(pool))
        today = {}
        for n in there:
            if held[n] in free:
                free.remove(held[n])
                today[n] = held[n]
        rest = sorted(free)
        dice.shuffle(rest)
        today |= {n: rest.pop() for n in there if n not in today}
        held |= today
        yield today


def told(leases: dict[int, int], day: int) -> Iterator[Observation]:
    """What a directory, an MDM, an agent and a scan say of every laptop on one day, an hour after each other."""
    for n, place in leases.items():
        serial, card = ("serial", f"SN{n:07d}"), ("mac", f"8c:85:90:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}")
        name, address = ("fqdn", f"ws{n}.corp.example"), ("ip", f"10.{place >> 14}.{place >> 7 & 127}.{place & 127}")
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


def measure(name: str, store: GraphStore, told_by_day: list[list[Observation]], size: int) -> list[float]:
    """Observations a second of each day; prints them, and checks that there is one CI for each laptop."""
    ids, rates = itertools.count(), []
    for day, batch in enumerate(told_by_day):
        parts = Parts(store, WORDS, lambda day=day: NOW + day * DAY + 5 * HOUR, lambda: f"{next(ids):016x}")
        began = time.perf_counter()
        for begin in range(0, len(batch), size):
            take(parts, None, batch[begin : begin + size])
        rates.append(len(batch) / (time.perf_counter() - began))
    laptops = {said.record for batch in told_by_day for said in batch if said.source == "agent"}
    assert sum(1 for row in store.dump() if row["kind"] == "ci") == len(laptops)
    print(f"{name:8} observations/s by day: {'  '.join(f'{rate:,.0f}' for rate in rates)}", flush=True)
    return rates


def bare(path: Path, told_by_day: list[list[Observation]]) -> list[float]:
    """The same of plain rows: each record's name and last time, under its key."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute(
        "create table record (source text, record text, name text, last integer, primary key (source, record))"
    )
    rates = []
    for batch in told_by_day:
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
    said.add_argument("--pool", type=int, help="addresses that are lent in turn (else each laptop has its own)")
    said.add_argument("--batch", type=int, default=MAX_BATCH // 2, help="observations taken in at once")
    said.add_argument("--neo4j", action="store_true", help="into Neo4j, too")
    asked = said.parse_args()
    leases = lent(asked.devices, asked.days, asked.pool)
    estate = [list(told(today, day)) for day, today in enumerate(leases)]
    with tempfile.TemporaryDirectory() as folder:
        plain = bare(Path(folder, "bare.db"), estate)
        store = open_store(f"sqlite:///{folder}/graph.db", WORDS)
        ours = measure("sqlite", store, estate, asked.batch)
        store.close()
        print(
            f"bare write / sqlite: {plain[0] / ours[0]:.1f}x on the first day, {plain[-1] / ours[-1]:.1f}x on the last"
        )
    if asked.neo4j:
        with neo4j_server() as server:
            store = open_store(server.url, WORDS, user=server.user, password=server.password)
            measure("neo4j", store, estate, asked.batch)
            store.close()


if __name__ == "__main__":
    main()
