"""Benchmark (a): 100,000 CIs with 500,000 relations into each store, then the same again unchanged.

    python benchmarks/ingest.py                      SQLite
    python benchmarks/ingest.py --neo4j              SQLite and Neo4j (started from its published jars)
    python benchmarks/ingest.py --cis 20000          a smaller estate

Beside us, in the same run, the bare write: the same CIs and relations as plain rows, with no identity, no belief, no
history and no question asked whether they were there already. It is what any tool pays before it thinks.
"""

import argparse
import itertools
import platform
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cmdb.observation import Claim, Observation, observation
from cmdb.vocabulary import vocabulary
from discovery.run import Parts, take
from graph.open_store import open_store
from graph.store import GraphStore

RELATIONS = 5
NOW = 1_750_000_000_000_000
WORDS = vocabulary()


def observations(cis: int, seed: int) -> Iterator[Observation]:
    """One observation a CI, each needing five that came before it, by serial number."""
    dice = random.Random(seed)
    for n in range(cis):
        needs = {dice.randrange(n) for _ in range(RELATIONS)} if n else set()
        yield observation(
            WORDS,
            source="bench",
            record=f"r{n}",
            ci_class="server",
            observed_at=NOW,
            name=f"host-{n}",
            identifiers=[("serial", f"SN{n:08d}"), ("fqdn", f"host-{n}.corp.example")],
            attributes={"os": "Debian 12", "environment": "production", "tier": n % 5},
            claims=[Claim("depends_on", True, f"serial:SN{other:08d}") for other in sorted(needs)],
        )


def measure(store: GraphStore, estate: list[Observation], batch: int) -> tuple[float, float]:
    """Seconds for the first time and for the second."""
    ids = itertools.count()
    parts = Parts(store, WORDS, lambda: NOW, lambda: f"{next(ids):016x}")
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        for begin in range(0, len(estate), batch):
            take(parts, None, estate[begin : begin + batch])
        seconds.append(time.perf_counter() - began)
    return seconds[0], seconds[1]


def bare_sqlite(path: Path, estate: list[Observation], batch: int) -> float:
    """Seconds for plain rows in a SQLite file with the same journal."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    connection.execute("create table ci (id text primary key, name text, facts text)")
    connection.execute("create table relation (one text, other text, primary key (one, other)) without rowid")
    began = time.perf_counter()
    for begin in range(0, len(estate), batch):
        part = estate[begin : begin + batch]
        connection.execute("begin")
        connection.executemany(
            "insert or replace into ci values (?, ?, ?)", [(o.record, o.name, repr(o.attributes)) for o in part]
        )
        connection.executemany(
            "insert or replace into relation values (?, ?)", [(o.record, c.reference) for o in part for c in o.claims]
        )
        connection.execute("commit")
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def bare_neo4j(server: Any, estate: list[Observation], batch: int) -> float:
    """Seconds for MERGE in batches by a unique key, as collectors for Neo4j do it."""
    with server.driver() as driver, driver.session(database="neo4j") as session:
        session.run("CREATE CONSTRAINT bare IF NOT EXISTS FOR (n:Bare) REQUIRE n.serial IS UNIQUE").consume()
        began = time.perf_counter()
        for begin in range(0, len(estate), batch):
            part = estate[begin : begin + batch]
            nodes = [{"serial": f"serial:{o.identifiers[1].value}", "is": dict(o.attributes)} for o in part]
            edges = [
                [node["serial"], claim.reference] for node, o in zip(nodes, part, strict=True) for claim in o.claims
            ]
            session.execute_write(
                lambda tx, nodes=nodes: tx.run(
                    "UNWIND $rows AS row MERGE (n:Bare {serial: row.serial}) SET n += row.is", rows=nodes
                ).consume()
            )
            session.execute_write(
                lambda tx, edges=edges: tx.run(
                    "UNWIND $rows AS row MATCH (a:Bare {serial: row[0]}) MATCH (b:Bare {serial: row[1]}) "
                    "MERGE (a)-[:DEPENDS_ON]->(b)",
                    rows=edges,
                ).consume()
            )
        return time.perf_counter() - began


@contextmanager
def neo4j_server() -> Iterator[Any]:
    """A server from its jars, with the memory a production one would have."""
    from lab.neo4j_server import any_neo4j, wanted_version, wipe

    with any_neo4j(wanted_version(), heap="3g", page_cache="1g") as server:
        wipe(server)
        yield server


def report(name: str, cis: int, first: float, again: float, bare: float) -> None:
    """One line of the result."""
    print(
        f"{name:8} {cis / first:10,.0f} obs/s first   {cis / again:10,.0f} obs/s unchanged ({first / again:.1f}x)   "
        f"bare write {cis / bare:10,.0f} /s (ours takes {first / bare:.1f}x as long)"
    )


def main() -> None:
    """Measure and print."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--cis", type=int, default=100_000)
    said.add_argument("--seed", type=int, default=1)
    said.add_argument("--neo4j", action="store_true")
    asked = said.parse_args()
    estate = list(observations(asked.cis, asked.seed))
    relations = sum(len(one.claims) for one in estate)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{asked.cis:,} CIs, {relations:,} relations; {platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/graph.db", WORDS)
        first, again = measure(store, estate, 10_000)
        assert store.counts()[:2] == (asked.cis, relations)
        store.close()
        report("sqlite", asked.cis, first, again, bare_sqlite(Path(folder) / "bare.db", estate, 10_000))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"peak memory {peak / 1024:,.0f} MiB, of which the input {before / 1024:,.0f} MiB")
    if asked.neo4j:
        with neo4j_server() as server:
            store = open_store(server.url, WORDS, user=server.user, password=server.password)
            first, again = measure(store, estate, 5_000)
            assert store.counts()[:2] == (asked.cis, relations)
            store.close()
            report("neo4j", asked.cis, first, again, bare_neo4j(server, estate, 5_000))


if __name__ == "__main__":
    main()
