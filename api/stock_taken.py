"""StockTaken: the quality of the present revision, counted when first asked for and kept until the revision moves."""

import threading
from collections.abc import Sequence

from api.open_reviews import open_reviews
from cmdb.vocabulary import Vocabulary
from graph.quality import Quality, take_stock
from graph.store import GraphStore

KEPT = 8
"""sets of realms whose quality is kept"""


class StockTaken:
    """Thread-safe; one counts while the others wait, so that many who ask at once cost as much as one."""

    def __init__(self, store: GraphStore, vocabulary: Vocabulary) -> None:
        self._store, self._vocabulary = store, vocabulary
        self._kept: dict[tuple[str, ...], Quality] = {}
        self._lock = threading.Lock()

    def now(self, realms: Sequence[str] = ()) -> Quality:
        """Of what stands in these realms, of everything where none is named. Cost: see `take_stock`."""
        wanted = tuple(sorted(set(realms)))
        with self._lock:
            kept = self._kept.pop(wanted, None)
            if kept is None or kept.revision != self._store.revision()[0]:
                asked = open_reviews(self._store)
                kept = self._store.survey(lambda survey: take_stock(survey, self._vocabulary, wanted, asked))
            self._kept[wanted] = kept
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return kept

    def last(self) -> Quality | None:
        """What was last counted of everything, without counting anew."""
        return self._kept.get(())
