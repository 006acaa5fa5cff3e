"""What an answer of impact rests on: unknown is not none."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.impact_views import Drawing
from api.looked_at import Looked
from api.tokens import Caller
from impact.coverage import SEEN_THROUGH_CONNECTIONS, UnseenRelations, coverage

NAMED = 20
"""CIs that nobody ever looked at which an answer names; the rest are counted"""


def spelled_coverage(
    looked: Looked, caller: Caller, drawing: Drawing, asked: list[int], cone: NDArray[np.bool_]
) -> dict[str, Any]:
    """Coverage of an answer about `asked` that reached `cone`.

    A dependency that nobody declared shows in network connections only. So every CI of the cone whose class could
    have such dependants counts as never looked at, until a source of connections has a record of it.
    """
    graph = drawing.graph
    never = _never_looked(looked, drawing, asked, cone)
    seen = [ci for ci in never if drawing.sees(ci)]
    found = coverage(
        graph,
        seen[:NAMED],
        cone,
        unscanned_scopes=tuple(str(scope) for scope in looked.unread if caller.sees(scope.realm)),
        connections_known=frozenset(),
        unseen_relations=_unseen(looked, drawing, cone),
    )
    more = len(never) - len(seen[:NAMED])
    return {
        "unscanned_scopes": list(found.unscanned_scopes),
        "stale_relations": found.stale_relations,
        "never_looked": [
            *found.never_looked,
            *([f"network connections of {more} more CIs"] if more else []),
        ],
        "unseen_relations": [
            {
                "ci": drawing.graph.topology.ids[one.ci],
                "name": drawing.graph.topology.names[one.ci],
                "share": one.share,
                "low": one.low,
                "high": one.high,
            }
            for one in [one for one in found.unseen_relations if drawing.sees(one.ci)][:NAMED]
        ],
        "undiscovered": found.undiscovered,
        "complete": found.complete and not more,
    }


def _never_looked(looked: Looked, drawing: Drawing, asked: list[int], cone: NDArray[np.bool_]) -> list[int]:
    """Numbers of the CIs, those asked about first, then in the order of id."""
    topology = drawing.graph.topology
    shows = [at for at, name in enumerate(topology.classes) if name in SEEN_THROUGH_CONNECTIONS]
    of_interest = cone & np.isin(topology.class_of, shows)
    number = drawing.graph.number
    read = [number[ci] for ci in looked.connections_of if ci in number]
    of_interest[read] = False
    first = [ci for ci in sorted(set(asked)) if of_interest[ci]]
    of_interest[first] = False
    return first + np.flatnonzero(of_interest).tolist()


def _unseen(looked: Looked, drawing: Drawing, cone: NDArray[np.bool_]) -> tuple[UnseenRelations, ...]:
    """Of the CIs of the cone and what they run on, the largest share first, then in the order of id.

    Who talks to an application shows in the connections of the host that it runs on.
    """
    topology, number = drawing.graph.topology, drawing.graph.number
    told = [UnseenRelations(number[ci], *said) for ci, said in looked.unseen.items() if ci in number]
    below = cone.copy()
    if told and "runs_on" in topology.types:
        runs_on = topology.type_of == topology.types.index("runs_on")
        below[topology.to_ci[runs_on & cone[topology.from_ci]]] = True
    return tuple(sorted((one for one in told if below[one.ci]), key=lambda one: (-one.share, one.ci)))
