"""What was worked out for a page of the past, kept for a while for the pages that follow."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from cmdb.vocabulary import Vocabulary
from graph.estate_then import cis_then
from graph.past import PURGED
from graph.past_search import PastFound, asks_records, brought_forward, page_of, past_found
from graph.store import FoundCI, GraphStore, ReadTransaction, Search

HELD_FOR = 15 * 60.0
"""seconds that an answer is held after it was last read"""
MOST = 1_000_000
"""ids of moved CIs held by all answers together, a line that is shown counting as LINE of them: some 100 MB"""
LINE = 5


class Asked(NamedTuple):
    """Which past of which search."""

    known_at: int | None
    as_of: int | None
    query: str
    purged: int
    """the revision in which something was purged last"""


@dataclass(slots=True)
class PastHeld:
    """Answers by what was asked. Each is true of the past that it names however far the present moves on.

    Thread-safe; what does not fit is worked out anew for each page.
    """

    store: GraphStore
    vocabulary: Vocabulary
    clock: Callable[[], float] = time.monotonic
    most: int = MOST
    _held: OrderedDict[Asked, tuple[PastFound, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def page(
        self, known_at: int | None, as_of: int | None, query: Search, *, after: tuple[str, str] | None, limit: int
    ) -> tuple[FoundCI, ...]:
        """A page of a search of the past; at least one of the two times is given.

        The first costs what moved since, those behind it what they show and what moved since the one before.
        """

        def work(look: ReadTransaction, last: int) -> tuple[FoundCI, ...]:
            last_purge = look.document(*PURGED)
            purged = 0 if last_purge is None else int(last_purge.body["revision"])
            asked = Asked(known_at, as_of, repr(query), purged) if known_at is not None else None
            found = self._get(asked)
            if found is None or found.present > last:
                pinned = None if known_at == last and as_of is not None else known_at
                records = asks_records(query)
                moved = cis_then(look, last, pinned, as_of, self.vocabulary, records=records)
                found = past_found(moved, query, self.vocabulary, last)
            elif found.present < last:
                found = brought_forward(look, found, query, self.vocabulary, last)
            self._put(asked, found)
            return page_of(look, found, query, after=after, limit=limit)

        return self.store.read(work)

    def held(self) -> int:
        """How much is held, in ids."""
        with self._lock:
            return sum(_weight(found) for found, _ in self._held.values())

    def _get(self, asked: Asked | None) -> PastFound | None:
        with self._lock:
            now = self.clock()
            for old in [key for key, (_, until) in self._held.items() if until <= now]:
                del self._held[old]
            held = self._held.get(asked) if asked is not None else None
            return held[0] if held else None

    def _put(self, asked: Asked | None, found: PastFound) -> None:
        if asked is None or _weight(found) > self.most:
            return
        with self._lock:
            self._held[asked] = (found, self.clock() + HELD_FOR)
            self._held.move_to_end(asked)
            weight = sum(_weight(one) for one, _ in self._held.values())
            while weight > self.most:
                weight -= _weight(self._held.popitem(last=False)[1][0])


def _weight(found: PastFound) -> int:
    return 1 + len(found.moved) + LINE * len(found.lines)
