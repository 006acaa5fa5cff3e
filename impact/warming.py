"""warm: everything compiled before the first question, so that nobody waits for a compiler."""

import numpy as np

from graph.topology import EFFECTS, NO_GROUP, Topology
from impact.blast_radius import blast_radius
from impact.dependencies import dependencies
from impact.impact_graph import orient
from impact.propagation import swept
from impact.single_points_of_failure import explained, single_points_of_failure


def warm() -> None:
    """Compiles every kernel on an estate of two CIs or reads it from the cache on disk: seconds once, then a moment."""
    graph = orient(_two())
    swept(graph, np.zeros(graph.size, np.uint8))
    blast_radius(graph, [1], limit=1)
    dependencies(graph, [0], limit=1)
    for point in single_points_of_failure(graph, 0).tolist():
        explained(graph, 0, point)


def _two() -> Topology:
    """`a` needs `b`: by itself, in a group and to be well."""
    return Topology(
        revision=0,
        ids=["a", "b"],
        names=["a", "b"],
        classes=["server"],
        class_of=np.zeros(2, np.int16),
        tier=np.zeros(2, np.int8),
        lifecycle=np.zeros(2, np.int8),
        owners={},
        network_roots=np.empty(0, np.int32),
        from_ci=np.zeros(3, np.int32),
        to_ci=np.ones(3, np.int32),
        types=["depends_on"],
        type_of=np.zeros(3, np.int16),
        groups=["pair"],
        group_of=np.array([NO_GROUP, 0, NO_GROUP], np.int32),
        need=np.zeros(3, np.int32),
        effect=np.array([EFFECTS.index(effect) for effect in ("down", "down", "degraded")], np.int8),
        strength=np.ones(3, np.float32),
        confidence=np.ones(3, np.float32),
        human=np.zeros(3, np.bool_),
        stale=np.zeros(3, np.bool_),
        loose_ends=(),
    )
