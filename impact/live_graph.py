"""LiveGraph: today's impact graph, renewed when the revision moves."""

import threading
from collections.abc import Callable

import numpy as np

from graph.topology import Topology
from impact.impact_graph import ImpactGraph, orient
from impact.propagation import fallen


class LiveGraph:
    """Holds the graph of the last revision that was asked for. Thread-safe; loads once however many ask."""

    def __init__(self, load: Callable[[], Topology], revision: Callable[[], int]) -> None:
        self._load, self._revision = load, revision
        self._held: ImpactGraph | None = None
        self._lock = threading.Lock()

    def now(self) -> ImpactGraph:
        """The graph of the store's present revision: never older than what the caller may have read before."""
        wanted = self._revision()
        held = self._held
        if held is not None and held.topology.revision >= wanted:
            return held
        with self._lock:
            held = self._held
            if held is None or held.topology.revision < wanted:
                held = self._held = orient(self._load())
        return held

    def is_loaded(self) -> bool:
        """Whether an answer can be given without loading first."""
        return self._held is not None

    def warm(self) -> None:
        """Load the graph and compile what answers questions, so that the first one does not wait for it."""
        graph = self.now()
        fallen(graph, np.array([], np.int32))
