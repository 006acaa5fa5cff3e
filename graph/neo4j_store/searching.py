"""How CIs are found: words by the full-text index, everything else by properties."""

from typing import Any

from graph.encoding import from_json
from graph.neo4j_store.looking_up import Lookups
from graph.neo4j_store.schema import WORDS
from graph.store import FoundCI, Search

_COLUMNS = "c.id, c.class, c.name, c.lifecycle, c.environment, c.tier, c.owner, c.last_seen, c._facts"
_SEEN_BY = "EXISTS {{ MATCH (r:Record) WHERE r.key IN c._records AND r.source = ${0} AND NOT r.gone AND r.ci = c.id }}"
_AT_ONCE = 2_000
"""CIs looked at in one go for facts, which Cypher cannot compare"""


def search(look: Lookups, query: Search, *, after: tuple[str, str] | None, limit: int) -> tuple[FoundCI, ...]:
    """CIs in the order of (name key, id), beginning after that pair."""
    found: list[FoundCI] = []
    while len(found) < limit:
        pieces = limit if not query.facts else _AT_ONCE
        rows = _page(look, query, after, pieces)
        for row in rows:
            if not query.facts or _says(row[8], query):
                found.append(FoundCI(*row[:8]))
            if len(found) == limit:
                break
        if len(rows) < pieces:
            break
        after = (rows[-1][9], rows[-1][0])
    return tuple(found)


def _page(look: Lookups, query: Search, after: tuple[str, str] | None, limit: int) -> list[list[Any]]:
    where: list[str] = []
    values: dict[str, Any] = {"limit": limit}

    def must(condition: str, **given: Any) -> None:
        where.append(condition)
        values.update(given)

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
        if wanted is not None:
            must(f"c.{name} = ${name}", **{name: wanted})
    if query.realm is not None:
        must("$realm IN c._realms", realm=query.realm)
    if query.bearing is not None:
        bearers = look.bearers([query.bearing], 1000, every_realm=True).get(query.bearing, ())
        must("c.id IN $bearers", bearers=[bearer.ci for bearer in bearers])
    if query.seen_by is not None:
        must(_SEEN_BY.format("seen_by"), seen_by=query.seen_by)
    if query.not_seen_by is not None:
        must("NOT " + _SEEN_BY.format("not_seen_by"), not_seen_by=query.not_seen_by)
    if query.seen_before is not None:
        must("c.last_seen < $seen_before", seen_before=query.seen_before)
    # Said even where nothing was asked for: the index of names then gives the order, and nothing has to be sorted.
    key, id_ = after or ("", "")
    must("c.name_key >= $key AND (c.name_key > $key OR c.id > $id)", key=key, id=id_)
    return look.run(
        f"{begin} WHERE {' AND '.join(where)} RETURN {_COLUMNS}, c.name_key ORDER BY c.name_key, c.id LIMIT $limit",
        **values,
    )


def _says(facts: str, query: Search) -> bool:
    held = from_json(facts)
    return all(name in held and _text(held[name][0]) == wanted for name, wanted in query.facts.items())


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
