"""How CIs are found: words by the full-text index, everything else by columns."""

import sqlite3
from collections.abc import Iterator
from itertools import islice

from cmdb.ends import EVERY_BEARER
from graph.encoding import to_json
from graph.fact_conditions import facts_fit, looks_into_facts
from graph.sqlite_store.looking_up import Lookups
from graph.sqlite_store.surveying import IS_ORPHAN
from graph.store import FoundCI, Search

_COLUMNS = "c.id, c.class, c.name, c.lifecycle, c.environment, c.tier, c.owner, c.last_seen"


def search(
    connection: sqlite3.Connection, query: Search, *, after: tuple[str, str] | None, limit: int
) -> tuple[FoundCI, ...]:
    """CIs in the order of (name key, id), beginning after that pair."""
    return tuple(islice(_found(connection, query, after, "ci c"), limit))


def search_all(connection: sqlite3.Connection, query: Search) -> Iterator[FoundCI]:
    """The same from the beginning to the end, as it is read: the index gives the order, so nothing is sorted."""
    return _found(connection, query, None, "ci c indexed by ci_name")


def _found(
    connection: sqlite3.Connection, query: Search, after: tuple[str, str] | None, table: str
) -> Iterator[FoundCI]:
    where: list[str] = []
    values: list[object] = []

    def must(condition: str, *given: object) -> None:
        where.append(condition)
        values.extend(given)

    if query.words:
        # Words are letters and digits only, so quoting them leaves no syntax to slip through.
        must("c.n in (select rowid from word where word match ?)", " AND ".join(f'"{w}"*' for w in query.words))
    if query.classes:
        must("c.class in (select value from json_each(?))", to_json(query.classes))
    if query.lifecycles:
        must("c.lifecycle in (select value from json_each(?))", to_json(query.lifecycles))
    for column in ("environment", "tier", "owner", "status"):
        wanted = getattr(query, column)
        if wanted:
            must(f"c.{column} in (select value from json_each(?))", to_json(wanted))
    if query.realm:
        must("exists (select 1 from json_each(c.realms) where value in (select value from json_each(?)))",
             to_json(query.realm))  # fmt: skip
    if query.only is not None:
        must("c.id in (select value from json_each(?))", to_json(sorted(query.only)))
    if query.bearing is not None:
        bearers = Lookups(connection).bearers([query.bearing], EVERY_BEARER, every_realm=True).get(query.bearing, ())
        must("c.id in (select value from json_each(?))", to_json([bearer.ci for bearer in bearers]))
    if query.seen_by:
        must(_SEEN_BY, to_json(query.seen_by))
    if query.not_seen_by:
        must(f"not {_SEEN_BY}", to_json(query.not_seen_by))
    if query.seen_before is not None:
        must("c.last_seen < ?", query.seen_before)
    if query.stale is not None:
        classes: dict[int, list[str]] = {}
        for name, before in query.stale.items():
            classes.setdefault(before, []).append(name)
        each = ["(c.last_seen < ? and c.class in (select value from json_each(?)))"] * len(classes)
        given = [part for before, names in classes.items() for part in (before, to_json(names))]
        must(f"({' or '.join(each) or '0'})", *given)
    if query.orphan:
        must(IS_ORPHAN)
    if after is not None:
        must("(c.name_key, c.id) > (?, ?)", *after)
    into_facts = looks_into_facts(query)
    columns = f"{_COLUMNS}, c.facts" if into_facts else _COLUMNS
    statement = f"select {columns} from {table} where {' and '.join(where) or '1'} order by c.name_key, c.id"
    cursor = connection.execute(statement, values)
    try:
        for row in cursor:
            if not into_facts or facts_fit(query, row[1], row[-1]):
                yield FoundCI(*row[:8])
    finally:
        cursor.close()


_SEEN_BY = (
    "exists (select 1 from json_each(c.records) k join record r on r.key = k.value "
    "where r.source in (select value from json_each(?)) and not r.gone and r.ci = c.id)"
)
