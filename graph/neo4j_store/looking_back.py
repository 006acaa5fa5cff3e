"""What a reader may look up of the past, answered from Neo4j."""

from collections.abc import Collection, Iterator, Mapping

from graph.events import first_events
from graph.neo4j_store import searching
from graph.neo4j_store import statements as cypher
from graph.neo4j_store.looking_up import AT_ONCE, Lookups
from graph.neo4j_store.spelling import statement
from graph.past import CI, PastRow
from graph.store import FoundCI, PastEvent, Search


class LookingBack(Lookups):
    """Reads in one transaction."""

    def leads(self, ids: Collection[str]) -> Mapping[str, str]:
        return dict(self.rows(cypher.ALIASES, ids))

    def born(self, kind: str, ids: Collection[str]) -> Mapping[str, int]:
        return born_of(self, kind, ids)

    def born_since(self, kind: str, revision: int) -> Iterator[str]:
        asked = cypher.CIS_SINCE if kind == CI else cypher.RELATIONS_SINCE
        return (id_ for (id_,) in self.stream(asked, revision=revision))

    def past(self, kind: str, ids: Collection[str], revision: int) -> Iterator[PastRow]:
        listed = sorted(set(ids))
        for begin in range(0, len(listed), AT_ONCE):
            some = listed[begin : begin + AT_ONCE]
            for row in self.run(cypher.PAST_OF, keys=some, kind=kind, revision=revision):
                yield PastRow(*row)

    def past_touching(self, cis: Collection[str], revision: int) -> Iterator[PastRow]:
        return (PastRow(*row) for row in self.run(cypher.PAST_TOUCHING, keys=sorted(set(cis)), revision=revision))

    def past_since(self, kind: str, revision: int) -> Iterator[PastRow]:
        return (PastRow(*row) for row in self.run(cypher.PAST_SINCE, kind=kind, revision=revision))

    def search(self, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
        return searching.search(self, query, after=after, limit=limit)

    def events(self, after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
        revision, seq = after
        last = self.last_revision()[0]
        rows = self.stream(cypher.EVENTS, revision=revision, seq=seq, limit=limit + 1, last=last)
        return first_events(rows, after, limit)

    def waiting_records(self) -> frozenset[str]:
        return frozenset(key for (key,) in self.run(cypher.WAITING_RECORDS))

    def revision_at(self, at: int) -> int:
        ((found,),) = self.run(cypher.REVISION_AT, at=at)
        return int(found)

    def recorded_at(self, revision: int) -> int:
        return next((int(at) for (at,) in self.run(cypher.RECORDED_AT, n=revision)), 0)


def born_of(look: Lookups, kind: str, ids: Collection[str]) -> dict[str, int]:
    """CIs or relations by id → the revision in which they came to be."""
    found: dict[str, int] = {}
    if kind == CI:
        for id_, born in look.rows(cypher.CIS_BORN, ids):
            found[id_] = born
        return found
    for type_, ends in look.spelling.ends(ids).items():
        for begin in range(0, len(ends), AT_ONCE):
            for id_, born in look.run(statement(cypher.RELATIONS_BORN, type_), keys=ends[begin : begin + AT_ONCE]):
                found[id_] = born
    return found
