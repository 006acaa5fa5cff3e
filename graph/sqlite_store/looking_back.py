"""What a reader may look up of the past, answered from SQLite."""

from collections.abc import Collection, Iterator, Mapping

from graph.encoding import to_json
from graph.events import first_events
from graph.past import CI, PastRow
from graph.sqlite_store import searching
from graph.sqlite_store import statements as sql
from graph.sqlite_store.looking_up import Lookups
from graph.store import FoundCI, PastEvent, Search


class LookingBack(Lookups):
    """Reads on one connection, in one snapshot."""

    def leads(self, ids: Collection[str]) -> Mapping[str, str]:
        return dict(self.rows(sql.ALIASES, ids))

    def born(self, kind: str, ids: Collection[str]) -> Mapping[str, int]:
        return dict(self.rows(sql.CIS_BORN if kind == CI else sql.RELATIONS_BORN, ids))

    def born_since(self, kind: str, revision: int) -> Iterator[str]:
        statement = sql.CIS_SINCE if kind == CI else sql.RELATIONS_SINCE
        return (id_ for (id_,) in self.connection.execute(statement, (revision,)))

    def past(self, kind: str, ids: Collection[str], revision: int) -> Iterator[PastRow]:
        given = (to_json(sorted(set(ids))), kind, revision)
        return (PastRow(*row) for row in self.connection.execute(sql.PAST_OF, given))

    def past_touching(self, cis: Collection[str], revision: int) -> Iterator[PastRow]:
        given = (to_json(sorted(set(cis))), revision)
        return (PastRow(*row) for row in self.connection.execute(sql.PAST_TOUCHING, given))

    def past_since(self, kind: str, revision: int) -> Iterator[PastRow]:
        return (PastRow(*row) for row in self.connection.execute(sql.PAST_SINCE, (kind, revision)))

    def search(self, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
        return searching.search(self.connection, query, after=after, limit=limit)

    def events(self, after: tuple[int, int], limit: int) -> tuple[PastEvent, ...]:
        return first_events(self.connection.execute(sql.EVENTS, after), after, limit)

    def waiting_records(self) -> frozenset[str]:
        return frozenset(key for (key,) in self.connection.execute(sql.WAITING_RECORDS))

    def revision_at(self, at: int) -> int:
        (found,) = self.connection.execute(sql.REVISION_AT, (at,)).fetchone()
        return int(found)

    def recorded_at(self, revision: int) -> int:
        row = self.connection.execute(sql.RECORDED_AT, (revision,)).fetchone()
        return int(row[0]) if row else 0
