"""How often each edge of a host was seen: what is kept from one run to the next.

Polls that lie close together see the same connections, so they count as one *look*; looks tell how much was never
seen. How sure an edge is goes by days: an edge that is used once a night is as real as one that is always there.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from discovery.sources.connections.edges import Edge
from discovery.sources.connections.estimates import Trials, Unseen, confidence, faded, unseen

DAY = 24 * 3600 * 1_000_000
MOST_EDGES = 2_000
"""edges of one host that are kept; beyond, those seen least lately are dropped"""
FORGOTTEN = 4
"""half-lives without a sighting after which an edge is dropped"""
WINDOW = 2
"""half-lives after which the counting of looks begins anew, with the count before beside it"""
VERSION = 1


class Seen(NamedTuple):
    """What is remembered of one edge. Times are microseconds since 1970, UTC."""

    days: Trials
    """days on which it was seen, of those on which somebody looked since it was first seen; they fade"""
    looks: int
    """in how many looks of this window it was seen"""
    before: int
    """the same of the window before"""
    last: int

    @property
    def in_looks(self) -> int:
        """In how many looks it was seen, of those that still count."""
        return self.looks + self.before


@dataclass(frozen=True, slots=True)
class Tally:
    """Everything that is remembered of one host's edges."""

    edges: Mapping[Edge, Seen] = field(default_factory=dict)
    look: int = 0
    """when the present look began"""
    looks: int = 0
    """in this window"""
    before: int = 0
    window: int = 0
    """when this window began"""
    at: int = 0
    """when it was looked at last"""

    def unseen(self) -> Unseen:
        """How much is probably there that was never seen."""
        return unseen(seen.in_looks for seen in self.edges.values())

    def confidence(self, edge: Edge) -> float:
        """How sure it is that an edge is still in use."""
        return confidence(self.edges[edge].days)


def tallied(
    tally: Tally, edges: Collection[Edge], now: int, *, half_life: int, apart: int, most: int = MOST_EDGES
) -> tuple[Tally, int]:
    """The tally after one more poll that saw these edges, and how many others were dropped for want of room.

    `half_life` and `apart`, the time from which on a poll is another look, are microseconds. A clock that was put
    back stands still until it has caught up.
    """
    now = max(now, tally.at)
    known = dict(tally.edges)
    if not tally.looks and not tally.before:
        tally = replace(tally, look=now, looks=1, window=now, at=now)
    elif now - tally.look >= apart:
        tally = replace(tally, look=now, looks=tally.looks + 1)
    if (windows := (now - tally.window) // (WINDOW * half_life)) > 0:
        # The present look belongs to the new window.
        known = {edge: seen._replace(looks=0, before=seen.looks if windows == 1 else 0) for edge, seen in known.items()}
        before = tally.looks - 1 if windows == 1 else 0
        tally = replace(tally, window=now, look=now, looks=1, before=before)
    today = now // DAY
    if (days := today - tally.at // DAY) > 0:
        known = {edge: seen._replace(days=_another(seen.days, days, half_life)) for edge, seen in known.items()}
    for edge in edges:
        known[edge] = _seen_again(known.get(edge), tally.look, today, now)
    ends = {edge[1:] for edge in known if edge.program is not None}
    kept = {
        edge: seen
        for edge, seen in known.items()
        if now - seen.last < FORGOTTEN * half_life and (edge.program is not None or edge[1:] not in ends)
    }
    dropped = sorted(kept, key=lambda edge: (-kept[edge].last, -kept[edge].in_looks, _order(edge)))[most:]
    for edge in dropped:
        del kept[edge]
    return replace(tally, edges=kept, at=now), len(dropped)


def _another(days: Trials, passed: int, half_life: int) -> Trials:
    worth = faded(days, passed * DAY, half_life)
    return Trials(worth.seen, worth.looked + 1)


def _seen_again(seen: Seen | None, look: int, today: int, now: int) -> Seen:
    if seen is None:
        return Seen(Trials(1, 1), 1, 0, now)
    days = seen.days if seen.last // DAY == today else Trials(seen.days.seen + 1, seen.days.looked)
    return Seen(days, seen.looks + (seen.last < look), seen.before, now)


def _order(edge: Edge) -> tuple[str, bool, str, int]:
    return (edge.program or "", edge.outgoing, edge.far, edge.port)


def as_json(tally: Tally) -> dict[str, Any]:
    """What a bookmark keeps."""
    return {
        "version": VERSION, "look": tally.look, "looks": tally.looks, "before": tally.before, "window": tally.window,
        "at": tally.at,
        "edges": [
            [*edge, round(seen.days.seen, 6), round(seen.days.looked, 6), seen.looks, seen.before, seen.last]
            for edge, seen in sorted(tally.edges.items(), key=lambda item: _order(item[0]))
        ],
    }  # fmt: skip


def from_json(kept: Any) -> Tally:
    """The other way round; an empty tally for what another version kept, or nobody."""
    if not isinstance(kept, dict) or kept.get("version") != VERSION:
        return Tally()
    return Tally(
        dict(_edges(kept["edges"])), kept["look"], kept["looks"], kept["before"], kept["window"], kept["at"]
    )  # fmt: skip


def _edges(rows: list[Any]) -> Iterator[tuple[Edge, Seen]]:
    for program, outgoing, far, port, seen, looked, looks, before, last in rows:
        yield Edge(program, outgoing, far, port), Seen(Trials(seen, looked), looks, before, last)
