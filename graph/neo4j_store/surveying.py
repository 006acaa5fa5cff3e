"""How a whole revision of Neo4j is gone through: two statements, each row read as it is wanted."""

from collections.abc import Iterator
from functools import partial

from cmdb.vocabulary import Vocabulary
from graph.encoding import from_json
from graph.neo4j_store.looking_up import Lookups
from graph.survey import Survey, SurveyedCI, UnresolvedEnd, ends_of, every_record

IS_ORPHAN = "(c._parent IS NULL AND NOT EXISTS { (c)--(:CI) })"
# A condition that always holds lets the index of the id give the order, so that nothing has to be sorted.
_CIS = (
    "MATCH (c:CI) WHERE c.id >= '' AND c.lifecycle IN ['live', 'missing'] WITH c ORDER BY c.id "
    "RETURN c.id, c.class, c.name, c.last_seen, c._facts, c._identifiers, c._realms, "
    "COLLECT { MATCH (r:Record) WHERE r.key IN c._records AND NOT r.gone AND r.ci = c.id RETURN DISTINCT r.source }, "
    f"{IS_ORPHAN}"
)
_WAITING = (
    "MATCH (w:Waiting) WHERE w.record >= $begin WITH DISTINCT w.record AS key "
    "MATCH (r:Record {key: key}) WHERE NOT r.gone "
    "MATCH (c:CI {id: r.ci}) WHERE c.lifecycle IN ['live', 'missing'] "
    "RETURN r.payload, r.key, r.source, r.realm, r.record, c.id, c.class, c.name ORDER BY r.key"
)


def survey(look: Lookups, revision: int, vocabulary: Vocabulary) -> Survey:
    """The survey of what the transaction sees, which the caller has made sure is one revision."""

    def cis() -> Iterator[SurveyedCI]:
        for row in look.stream(_CIS):
            yield SurveyedCI._make((*row[:6], tuple(row[6]), tuple(sorted(row[7])), row[8]))

    def ends(begin: str) -> Iterator[UnresolvedEnd]:
        for payload, *row in look.stream(_WAITING, begin=begin):
            yield from ends_of(partial(look.open_said, vocabulary=vocabulary), from_json(payload), *row)

    return Survey(revision, look.last_revision()[1], cis, ends, look.items, partial(every_record, look))
