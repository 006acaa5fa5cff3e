"""How the estate of one revision is read from SQLite into arrays."""

from collections.abc import Iterator

from cmdb.observation import Claim
from cmdb.vocabulary import Vocabulary
from graph.encoding import from_json
from graph.estate_at import MovedEstate
from graph.sqlite_store.looking_up import Lookups
from graph.topology import Topology
from graph.topology_building import CIRow, RelationRow, WaitingRow, build_topology, waiting_row

_CIS = "select id, name, class, tier, lifecycle, owner, network_root from ci order by id"
_RELATIONS = (
    "select from_ci, to_ci, type, requirements, effect, strength, confidence, human, stale from relation "
    "where effect != 'none' or type in ('owned_by', 'connects_to') order by id"
)
_WAITING = (
    "select r.ci, r.source, b.payload, r.key from record r join record_body b on b.n = r.n "
    "where r.gone = 0 and r.key in (select record from waiting) order by r.key"
)


def read_topology(look: Lookups, revision: int, vocabulary: Vocabulary, moved: MovedEstate | None = None) -> Topology:
    """Everything in the connection's snapshot; with `moved` put back, as it stood at that revision."""
    cis = (CIRow(*row) for row in look.connection.execute(_CIS))
    relations = (RelationRow(*row) for row in look.connection.execute(_RELATIONS))
    waiting = read_waiting(look, vocabulary)
    if moved is None:
        return build_topology(revision, cis, relations, waiting)
    return build_topology(revision, moved.ci_rows(cis), moved.relation_rows(relations), moved.waiting_rows(waiting))


def read_waiting(look: Lookups, vocabulary: Vocabulary) -> Iterator[WaitingRow]:
    """Every record with a claim that waits."""

    def open_claims(key: str) -> tuple[Claim, ...]:
        return look.open_said(key, vocabulary).claims

    for ci, source, payload, key in look.connection.execute(_WAITING):
        yield waiting_row(ci, source, from_json(payload), key, open_claims)
