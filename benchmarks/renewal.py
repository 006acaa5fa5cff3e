"""Benchmark: how long an answer waits for the graph after a write; renewing what is held against reading it whole.

python benchmarks/renewal.py                     100,000 CIs with 500,000 relations in SQLite
python benchmarks/renewal.py --cis 20000 --neo4j the same estate, smaller, in Neo4j too
"""

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from cmdb.observation import Claim, Observation
from discovery.run import Parts, take
from graph.open_store import open_store
from graph.store import GraphStore
from graph.topology import Topology
from impact.impact_graph import orient
from ingest import NOW, WORDS, neo4j_server, observations

MOVED = (1, 100, 5_000)
"""CIs that say something else, each with another need"""


def same(one: Topology, other: Topology) -> bool:
    """Whether two readings are equal to the last bit."""
    pairs = ((getattr(one, name), getattr(other, name)) for name in Topology.__slots__)
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


def changed(estate: list[Observation], several: Iterable[int], dice: random.Random) -> list[Observation]:
    """The same CIs, each with its last need replaced."""
    return [
        replace(
            estate[n],
            claims=(*estate[n].claims[:-1], Claim("depends_on", True, f"serial:SN{dice.randrange(len(estate)):08d}")),
            content=f"{estate[n].content}'",
        )
        for n in several
    ]


def measure(name: str, store: GraphStore, estate: list[Observation], batch: int) -> None:
    """Fill the store, move some of it, and print a line for each number of CIs that moved."""
    ids, dice = itertools.count(), random.Random(2)
    parts = Parts(store, WORDS, lambda: NOW, lambda: f"{next(ids):016x}")
    for begin in range(0, len(estate), batch):
        take(parts, None, estate[begin : begin + batch])
    held = store.topology()
    for count in MOVED:
        take(parts, None, changed(estate, dice.sample(range(1, len(estate)), min(count, len(estate) - 1)), dice))
        began = time.perf_counter()
        renewed = store.renewed(held)
        read = time.perf_counter()
        orient(renewed)
        ready = time.perf_counter()
        whole = store.topology()
        all_read = time.perf_counter()
        assert same(renewed, whole)
        print(
            f"{name:7} {count:6,} CIs moved: renewed {read - began:7.3f} s   read whole {all_read - ready:7.3f} s "
            f"({(all_read - ready) / (read - began):.0f}x)   made ready in {ready - read:.3f} s",
            flush=True,
        )
        held = whole


def main() -> None:
    """Measure and print."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--cis", type=int, default=100_000)
    said.add_argument("--neo4j", action="store_true")
    asked = said.parse_args()
    estate = list(observations(asked.cis, 1))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/graph.db", WORDS)
        measure("sqlite", store, estate, 10_000)
        store.close()
    if asked.neo4j:
        with neo4j_server() as server:
            store = open_store(server.url, WORDS, user=server.user, password=server.password)
            measure("neo4j", store, estate, 5_000)
            store.close()


if __name__ == "__main__":
    main()
