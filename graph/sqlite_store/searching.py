"""How CIs are found: words by the full-text index, everything else by columns."""

import sqlite3

from graph.encoding import from_json, to_json
from graph.sqlite_store.looking_up import Lookups
from graph.store import FoundCI, Search

_COLUMNS = "c.id, c.class, c.name, c.lifecycle, c.environment, c.tier, c.owner, c.last_seen"


def search(
    connection: sqlite3.Connection, query: Search, *, after: tuple[str, str] | None, limit: int
) -> tuple[FoundCI, ...]:
    """CIs in the order of (name key, id), beginning after that pair."""
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
        if wanted is not None:
            must(f"c.{column} = ?", wanted)
    if query.realm is not None:
        must("exists (select 1 from json_each(c.realms) where value = ?)", query.realm)
    if query.bearing is not None:
        bearers = Lookups(connection).bearers([query.bearing], 1000, every_realm=True).get(query.bearing, ())
        must("c.id in (select value from json_each(?))", to_json([bearer.ci for bearer in bearers]))
    if query.seen_by is not None:
        must(_SEEN_BY, query.seen_by)
    if query.not_seen_by is not None:
        must(f"not {_SEEN_BY}", query.not_seen_by)
    if query.seen_before is not None:
        must("c.last_seen < ?", query.seen_before)
    if after is not None:
        must("(c.name_key, c.id) > (?, ?)", *after)
    found: list[FoundCI] = []
    statement = f"select {_COLUMNS}, c.facts from ci c where {' and '.join(where) or '1'} order by c.name_key, c.id"
    cursor = connection.execute(statement, values)
    for row in cursor:
        if query.facts and not _says(row[-1], query):
            continue
        found.append(FoundCI(*row[:-1]))
        if len(found) == limit:
            break
    cursor.close()
    return tuple(found)


_SEEN_BY = (
    "exists (select 1 from json_each(c.records) k join record r on r.key = k.value "
    "where r.source = ? and not r.gone and r.ci = c.id)"
)


def _says(facts: str, query: Search) -> bool:
    held = from_json(facts)
    return all(name in held and _text(held[name][0]) == wanted for name, wanted in query.facts.items())


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
