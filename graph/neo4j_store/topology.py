"""How the estate of one revision is read from Neo4j into arrays."""

from collections.abc import Iterator

from cmdb.observation import Claim
from cmdb.vocabulary import Vocabulary
from graph.encoding import from_json
from graph.estate_at import MovedEstate
from graph.neo4j_store.looking_up import Lookups
from graph.topology import Topology
from graph.topology_building import CIRow, RelationRow, WaitingRow, build_topology, waiting_row

# A condition that always holds lets the index of the key give the order, so that nothing has to be sorted.
_CIS = (
    "MATCH (c:CI) WHERE c.id >= '' WITH c ORDER BY c.id "
    "RETURN c.id, c.name, c.class, c.tier, c.lifecycle, c.owner, c._network_root"
)
_RELATIONS = (
    "MATCH (a:CI)-[r]->(b:CI) WHERE r.effect <> 'none' OR type(r) IN ['OWNED_BY', 'CONNECTS_TO'] "
    "WITH a, r, b ORDER BY r.id "
    "RETURN a.id, b.id, type(r), r._requirements, r.effect, r.strength, r.confidence, r.human, r.stale"
)
_WAITING = (
    "MATCH (w:Waiting) WITH DISTINCT w.record AS key MATCH (r:Record {key: key}) WHERE NOT r.gone "
    "RETURN r.ci, r.source, r.payload, r.key ORDER BY r.key"
)


def read_topology(look: Lookups, revision: int, vocabulary: Vocabulary, moved: MovedEstate | None = None) -> Topology:
    """Everything that the transaction sees; with `moved` put back, as it stood at that revision."""
    types = look.spelling.types
    cis = (CIRow(*row) for row in look.stream(_CIS))
    relations = (
        RelationRow(from_ci, to_ci, types[type_], requirements, *rest)
        for from_ci, to_ci, type_, requirements, *rest in look.stream(_RELATIONS)
    )
    waiting = read_waiting(look, vocabulary)
    if moved is None:
        return build_topology(revision, cis, relations, waiting)
    return build_topology(revision, moved.ci_rows(cis), moved.relation_rows(relations), moved.waiting_rows(waiting))


def read_waiting(look: Lookups, vocabulary: Vocabulary) -> Iterator[WaitingRow]:
    """Every record with a claim that waits."""

    def open_claims(key: str) -> tuple[Claim, ...]:
        return look.open_said(key, vocabulary).claims

    for ci, source, payload, key in look.stream(_WAITING):
        yield waiting_row(ci, source, from_json(payload), key, open_claims)
