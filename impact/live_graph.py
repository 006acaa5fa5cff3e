"""LiveGraph: today's impact graph, renewed when the revision moves."""

import threading
import time
from collections.abc import Callable, Hashable

from graph.topology import Topology
from impact.impact_graph import ImpactGraph, orient
from impact.warming import warm

HELD_FOR = 15 * 60.0
"""seconds that a graph is held after a list was begun on it"""
HELD = 8
"""graphs held at the same time; beyond them the one that was asked for longest ago is let go"""


class LiveGraph:
    """Holds the graph of the last revision that was asked for. Thread-safe; loads once however many ask."""

    def __init__(
        self,
        load: Callable[[Topology | None], Topology],
        revision: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`load`: the present topology, from the one that is held, if any."""
        self._load, self._revision, self._clock = load, revision, clock
        self._now: ImpactGraph | None = None
        self._held: dict[tuple[int, Hashable], tuple[ImpactGraph, float]] = {}
        self._lock = threading.Lock()

    def now(self) -> ImpactGraph:
        """The graph of the store's present revision: never older than what the caller may have read before."""
        wanted = self._revision()
        graph = self._now
        if graph is not None and graph.topology.revision >= wanted:
            return graph
        with self._lock:
            graph = self._now
            if graph is None or graph.topology.revision < wanted:
                graph = self._now = orient(self._load(graph.topology if graph is not None else None))
        return graph

    def hold(self, graph: ImpactGraph, of: Hashable = None) -> None:
        """Keep a graph for those who read a list of it page by page; `of`: what beside its revision it follows from."""
        now = self._clock()
        with self._lock:
            held = {asked: (g, until) for asked, (g, until) in self._held.items() if until > now}
            held.pop((graph.topology.revision, of), None)
            held[graph.topology.revision, of] = (graph, now + HELD_FOR)
            self._held = dict(list(held.items())[-HELD:])

    def held(self, revision: int, of: Hashable = None) -> ImpactGraph | None:
        """The graph of a revision that was held `of` the same; None where it is gone."""
        with self._lock:
            held = self._held.get((revision, of))
        return held[0] if held is not None and held[1] > self._clock() else None

    def at(self, revision: int) -> ImpactGraph | None:
        """The present graph if it is of this revision."""
        if self._revision() != revision:
            return None  # and nothing is loaded for it
        graph = self.now()
        return graph if graph.topology.revision == revision else None

    def is_loaded(self) -> bool:
        """Whether an answer can be given without loading first."""
        return self._now is not None

    def warm(self) -> None:
        """Compile what answers questions and load the graph, so that the first question waits for neither."""
        warm()
        self.now()
