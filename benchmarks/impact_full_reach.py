"""Benchmark (b): what falls when the most needed CI does, beside five peers on the same graph in the same run.

    python benchmarks/impact_full_reach.py                       100,000 CIs, 500,000 relations
    python benchmarks/impact_full_reach.py --cis 1000000         a million and five
    python benchmarks/impact_full_reach.py --no-neo4j            without the server, which takes minutes to fill

The peers count what can be reached, because that is all they can: none of them knows that one of two is enough. So the
graph of the comparison has no redundancy, and every answer must be the same number. Below stands our time on the same
estate with a third of its relations in redundancy groups, which is what we are asked in earnest.

Each figure is the best of several runs in one thread, with everything loaded and warm.
"""

import argparse
import platform
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import networkx
import numpy as np
import rustworkx

from estates import batches, layered_estate, most_needed
from graph.topology import Topology
from impact.blast_radius import blast_radius
from impact.impact_graph import orient
from impact.propagation import fallen
from impact.warming import warm

GROUPED = 0.3
REPEATS = 7
AT_ONCE = 10_000
DISTINCT = "MATCH (s:Host {n: $n})<-[:NEEDS*1..]-(x:Host) WHERE x <> s RETURN count(DISTINCT x)"
SUBGRAPH = (
    "MATCH (s:Host {n: $n}) CALL apoc.path.subgraphNodes(s, {relationshipFilter: '<NEEDS'}) YIELD node "
    "RETURN count(node) - 1"
)
RECURSIVE = (
    "with recursive hit(n) as (select ? union select r.one from hit join relation r on r.other = hit.n) "
    "select count(*) - 1 from hit"
)


def best_of(repeats: int, answer: Callable[[], int]) -> tuple[float, int]:
    """(milliseconds of the fastest run, what it answered)."""
    fastest = float("inf")
    found = -1
    for _ in range(repeats):
        began = time.perf_counter()
        found = answer()
        fastest = min(fastest, time.perf_counter() - began)
    return fastest * 1000, found


def ours(topology: Topology, failed: int) -> Iterator[tuple[str, float, int]]:
    """Who falls; and the whole answer: rounds, summary, services, and a page of 200 with paths and margins."""
    graph = orient(topology)
    place = graph.places(np.array([failed], np.int32))
    yield "ours: who falls", *best_of(REPEATS, lambda: int(fallen(graph, place).sum()) - 1)
    yield "ours: whole answer", *best_of(REPEATS, lambda: blast_radius(graph, [failed]).summary.down)


def in_rustworkx(topology: Topology, failed: int) -> tuple[float, int]:
    """rustworkx.descendants on the graph turned round."""
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(len(topology.ids)))
    graph.add_edges_from_no_data(list(zip(topology.to_ci.tolist(), topology.from_ci.tolist(), strict=True)))
    return best_of(REPEATS, lambda: len(rustworkx.descendants(graph, failed)))


def in_networkx(topology: Topology, failed: int) -> tuple[float, int]:
    """networkx.descendants on the graph turned round."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(range(len(topology.ids)))
    graph.add_edges_from(zip(topology.to_ci.tolist(), topology.from_ci.tolist(), strict=True))
    return best_of(2, lambda: len(networkx.descendants(graph, failed)))


def in_sqlite(topology: Topology, failed: int) -> tuple[float, int]:
    """A recursive query in memory, with the index that suits it."""
    connection = sqlite3.connect(":memory:")
    connection.execute("create table relation (other integer, one integer, primary key (other, one)) without rowid")
    connection.executemany(
        "insert into relation values (?, ?)",
        zip(topology.to_ci.tolist(), topology.from_ci.tolist(), strict=True),
    )
    found = best_of(2, lambda: int(connection.execute(RECURSIVE, (failed,)).fetchone()[0]))
    connection.close()
    return found


@contextmanager
def filled_neo4j(topology: Topology) -> Iterator[Any]:
    """A session on a server of its own that holds the graph and knows APOC."""
    from lab.neo4j_server import any_neo4j, wanted_version

    with (
        any_neo4j(wanted_version(), apoc=True, heap="6g", page_cache="2g") as server,
        server.driver() as driver,
        driver.session() as session,
    ):
        session.run("CREATE CONSTRAINT host IF NOT EXISTS FOR (h:Host) REQUIRE h.n IS UNIQUE").consume()
        for begin in range(0, len(topology.ids), AT_ONCE):
            numbers = list(range(begin, min(begin + AT_ONCE, len(topology.ids))))
            session.run("UNWIND $rows AS row CREATE (:Host {n: row})", rows=numbers).consume()
        for pairs in batches(topology.from_ci, topology.to_ci, AT_ONCE):
            session.run(
                "UNWIND $rows AS row MATCH (a:Host {n: row[0]}) MATCH (b:Host {n: row[1]}) CREATE (a)-[:NEEDS]->(b)",
                rows=[list(pair) for pair in pairs],
            ).consume()
        yield session


def in_neo4j(topology: Topology, failed: int) -> Iterator[tuple[str, float, int]]:
    """The two ways that reach everything without walking every path."""
    with filled_neo4j(topology) as session:
        for name, asked in (("Neo4j DISTINCT *1..", DISTINCT), ("Neo4j APOC subgraphNodes", SUBGRAPH)):
            yield name, *best_of(3, lambda asked=asked: int(session.run(asked, n=failed).single()[0]))


def main() -> None:
    """Measure, check that all answers agree, and print."""
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("--cis", type=int, default=100_000)
    said.add_argument("--seed", type=int, default=1)
    said.add_argument("--no-neo4j", action="store_true")
    asked = said.parse_args()
    warm()
    topology = layered_estate(asked.cis, 5 * asked.cis, seed=asked.seed)
    failed = most_needed(topology)
    print(f"{asked.cis:,} CIs, {5 * asked.cis:,} relations; {platform.machine()}, Python {platform.python_version()}")
    began = time.perf_counter()
    orient(topology)
    print(f"graph made ready from the store's arrays in {time.perf_counter() - began:.2f} s")
    (fall, own), (whole, _) = [(ms, found) for _, ms, found in ours(topology, failed)]
    print(f"{'ours: who falls':28} {fall:10.1f} ms   {own:,} CIs")
    print(f"{'ours: the whole answer':28} {whole:10.1f} ms   rounds, summary, services, 200 CIs with path and margin")
    peers: list[tuple[str, float, int]] = [
        ("rustworkx", *in_rustworkx(topology, failed)),
        ("NetworkX", *in_networkx(topology, failed)),
        ("SQLite recursive query", *in_sqlite(topology, failed)),
    ]
    if not asked.no_neo4j:
        peers.extend(in_neo4j(topology, failed))
    for name, ms, found in peers:
        assert found == own, f"{name} answers {found}, we answer {own}"
        print(f"{name:28} {ms:10.1f} ms   {ms / fall:6.1f} x who falls, {ms / whole:6.1f} x the whole answer")
    redundant = layered_estate(asked.cis, 5 * asked.cis, seed=asked.seed, grouped=GROUPED)
    for name, ms, found in ours(redundant, most_needed(redundant)):
        print(f"{name:28} {ms:10.1f} ms   {found:,} CIs down where {GROUPED:.0%} of the relations stand in groups")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB, peers in it included")


if __name__ == "__main__":
    main()
