"""What a search finds in a past: what stands now, with everything that stood otherwise put back."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cmdb.draft import name_key
from cmdb.vocabulary import Vocabulary
from graph.as_it_stood import MovedCIs, moved_cis, not_later
from graph.matching import fits, line
from graph.store import FoundCI, ReadTransaction, Search

AT_ONCE = 200
"""CIs looked at in one go, as some of them may have moved"""


@dataclass(frozen=True, slots=True)
class PastFound:
    """What one search finds among the CIs that stood otherwise than at the revision `present`."""

    present: int
    at: int
    """the time that is meant; no contact is shown behind it"""
    moved: frozenset[str]
    """ids of all those CIs, found or not"""
    lines: tuple[tuple[str, str, FoundCI], ...]
    """(name key, id, line) of those found, in order"""


def past_found(moved: MovedCIs, query: Search, vocabulary: Vocabulary, present: int) -> PastFound:
    """O(what moved): worked out once, then good for every page."""
    return PastFound(present, moved.at, frozenset(moved.cis), _lines(moved, frozenset(), query, vocabulary))


def brought_forward(
    look: ReadTransaction, found: PastFound, query: Search, vocabulary: Vocabulary, present: int
) -> PastFound:
    """The same past, seen from a later present. O(what moved in between)."""
    since = moved_cis(look, found.present, vocabulary, records=asks_records(query))
    capped = {id_: None if ci is None else not_later(ci, found.at) for id_, ci in since.cis.items()}
    lines = _lines(replace(since, at=found.at, cis=capped), found.moved, query, vocabulary)
    return PastFound(present, found.at, found.moved | since.cis.keys(), tuple(heapq.merge(found.lines, lines)))


def asks_records(query: Search) -> bool:
    """Whether only the records of a CI tell if it fits."""
    return query.bearing is not None or bool(query.seen_by or query.not_seen_by)


def _lines(
    moved: MovedCIs, known: frozenset[str], query: Search, vocabulary: Vocabulary
) -> tuple[tuple[str, str, FoundCI], ...]:
    fitting = (
        ci
        for id_, ci in moved.cis.items()
        if ci is not None and id_ not in known and fits(ci, query, moved, vocabulary)
    )
    return tuple(sorted((name_key(ci.name), ci.id, line(ci)) for ci in fitting))


def page_of(
    look: ReadTransaction, found: PastFound, query: Search, *, after: tuple[str, str] | None, limit: int
) -> tuple[FoundCI, ...]:
    """CIs as they stood, in the order of (name key, id), beginning after that pair; `look`: at `found.present`."""
    place = after or ("", "")
    before = (one for one in found.lines if one[:2] > place)
    page: list[FoundCI] = []
    for _, _, one in heapq.merge(before, _unmoved(look, found, query, after, limit)):
        page.append(one)
        if len(page) == limit:
            break
    return tuple(page)


def _unmoved(
    look: ReadTransaction, found: PastFound, query: Search, after: tuple[str, str] | None, limit: int
) -> Iterator[tuple[str, str, FoundCI]]:
    several = max(limit, AT_ONCE)
    while page := look.search(query, after=after, limit=several):
        for one in page:
            if one.id not in found.moved:
                yield name_key(one.name), one.id, one._replace(last_seen=min(one.last_seen, found.at))
        after = (name_key(page[-1].name), page[-1].id)
        if len(page) < several:
            return


def search_at(
    look: ReadTransaction,
    moved: MovedCIs,
    query: Search,
    vocabulary: Vocabulary,
    *,
    after: tuple[str, str] | None,
    limit: int,
) -> tuple[FoundCI, ...]:
    """A page that nobody goes on from."""
    return page_of(look, past_found(moved, query, vocabulary, 0), query, after=after, limit=limit)
