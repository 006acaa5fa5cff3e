"""How CIs are found: words by the full-text index, everything else by properties."""

from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import Any

from cmdb.ends import EVERY_BEARER
from graph.fact_conditions import facts_fit, looks_into_facts
from graph.neo4j_store.looking_up import Lookups
from graph.neo4j_store.schema import WORDS
from graph.neo4j_store.surveying import IS_ORPHAN
from graph.store import FoundCI, Search

_COLUMNS = "c.id, c.class, c.name, c.lifecycle, c.environment, c.tier, c.owner, c.last_seen, c._facts"
_SEEN_BY = "EXISTS {{ MATCH (r:Record) WHERE r.key IN c._records AND r.source IN ${0} AND NOT r.gone AND r.ci = c.id }}"
_AT_ONCE = 2_000
"""CIs looked at in one go for facts, which Cypher cannot compare"""


def search(look: Lookups, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
    """CIs in the order of (name key, id), beginning after that pair."""
    pieces = _AT_ONCE if looks_into_facts(query) else limit
    found: list[FoundCI] = []
    while len(found) < limit:
        if after is not None and _compared_rightly(after[0]) != after[0]:
            found += islice(_behind(look, query, after), limit - len(found))
            break
        asked, values = _asked(look, query, after)
        rows = look.run(f"{asked} LIMIT $limit", limit=pieces, **values)
        found += islice(_fitting(query, rows), limit - len(found))
        if len(rows) < pieces:
            break
        after = (rows[-1][9], rows[-1][0])
    return tuple(found)


def _behind(look: Lookups, query: Search, after: tuple[str, str]) -> Iterator[FoundCI]:
    """What is found behind a name that Neo4j cannot compare: what shares the beginning of the name is passed over here.

    O(CIs between that beginning and the name) for each page.
    """
    asked, values = _asked(look, query, (_compared_rightly(after[0]), ""))
    return _fitting(query, (row for row in look.stream(asked, **values) if (row[9], row[0]) > after))


def search_all(look: Lookups, query: Search) -> Iterator[FoundCI]:
    """The same from the beginning to the end, as it is read."""
    asked, values = _asked(look, query, None)
    return _fitting(query, look.stream(asked, **values))


def _fitting(query: Search, rows: Iterable[list[Any]]) -> Iterator[FoundCI]:
    into_facts = looks_into_facts(query)
    return (FoundCI(*row[:8]) for row in rows if not into_facts or facts_fit(query, row[1], row[8]))


def _asked(look: Lookups, query: Search, after: tuple[str, str] | None) -> tuple[str, dict[str, Any]]:
    """The statement, in order but without a limit, and its parameters."""
    where: list[str] = []
    values: dict[str, Any] = {}

    def must(condition: str, **given: Any) -> None:
        where.append(condition)
        values.update(given)

    key, id_ = after or ("", "")
    if query.words:
        # Words are letters and digits only, so no syntax of the index can slip through.
        begin = f"CALL db.index.fulltext.queryNodes('{WORDS}', $words) YIELD node AS c WITH c"
        values["words"] = " ".join(f"+{word}*" for word in query.words)
    else:
        begin = "MATCH (c:CI)"
    if query.classes:
        must("c.class IN $classes", classes=list(query.classes))
    if query.lifecycles:
        must("c.lifecycle IN $lifecycles", lifecycles=list(query.lifecycles))
    for name in ("environment", "tier", "owner", "status"):
        wanted = getattr(query, name)
        if wanted:
            must(f"c.{name} IN ${name}", **{name: list(wanted)})
    if query.realm:
        must("any(realm IN c._realms WHERE realm IN $realm)", realm=list(query.realm))
    if query.only is not None:
        must("c.id IN $only", only=sorted(query.only))
    if query.bearing is not None:
        bearers = look.bearers([query.bearing], EVERY_BEARER, every_realm=True).get(query.bearing, ())
        must("c.id IN $bearers", bearers=[bearer.ci for bearer in bearers])
    if query.seen_by:
        must(_SEEN_BY.format("seen_by"), seen_by=list(query.seen_by))
    if query.not_seen_by:
        must("NOT " + _SEEN_BY.format("not_seen_by"), not_seen_by=list(query.not_seen_by))
    if query.seen_before is not None:
        must("c.last_seen < $seen_before", seen_before=query.seen_before)
    if query.stale is not None:
        must("c.last_seen < coalesce($stale[c.class], c.last_seen)", stale=dict(query.stale))
    if query.orphan:
        must(IS_ORPHAN)
    # Said even where nothing was asked for: the index of names then gives the order, and nothing has to be sorted.
    must("c.name_key >= $key AND (c.name_key <> $key OR c.id > $id)", key=key, id=id_)
    asked = f"{begin} WHERE {' AND '.join(where)} RETURN {_COLUMNS}, c.name_key ORDER BY c.name_key, c.id"
    return asked, values


def _compared_rightly(key: str) -> str:
    """As much of a name's beginning as Neo4j compares with others by code points, as answers are ordered.

    It compares a parameter by UTF-16 units, which puts what lies beyond U+FFFF before what begins at U+E000.
    """
    return "".join(takewhile(lambda letter: letter < "\ud800", key))
