"""How the estate of one revision is read from SQLite into arrays."""

import sqlite3

from graph.encoding import from_json
from graph.topology import Topology
from graph.topology_building import CIRow, RelationRow, WaitingRow, build_topology

_CIS = "select id, name, class, tier, lifecycle, owner, network_root from ci order by id"
_RELATIONS = (
    "select from_ci, to_ci, type, requirements, effect, strength, confidence, human, stale from relation "
    "where effect != 'none' or type in ('owned_by', 'connects_to') order by id"
)
_WAITING = (
    "select r.ci, r.source, b.payload from record r join record_body b on b.n = r.n "
    "where r.gone = 0 and r.key in (select record from waiting) order by r.key"
)


def read_topology(connection: sqlite3.Connection, revision: int) -> Topology:
    """Everything in the connection's snapshot."""
    return build_topology(
        revision,
        (CIRow(*row) for row in connection.execute(_CIS)),
        (RelationRow(*row) for row in connection.execute(_RELATIONS)),
        (WaitingRow(ci, source, from_json(payload)) for ci, source, payload in connection.execute(_WAITING)),
    )  # fmt: skip
