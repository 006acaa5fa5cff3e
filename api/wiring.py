"""The only place where parts are put together."""

import secrets
import time
from dataclasses import dataclass

from api.settings import Settings
from cmdb.vocabulary import Vocabulary, vocabulary
from discovery.run import Parts
from discovery.sources import SOURCES
from graph.open_store import open_store
from graph.store import GraphStore
from impact.live_graph import LiveGraph

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that can be taken for a digit"""


@dataclass(frozen=True, slots=True)
class System:
    """Everything that answers and everything that writes, around one store."""

    settings: Settings
    vocabulary: Vocabulary
    store: GraphStore
    graph: LiveGraph
    parts: Parts

    def close(self) -> None:
        """Release the store."""
        self.store.close()


def build(settings: Settings) -> System:
    """Raises graph.store.StoreError where the store cannot be opened."""
    words = vocabulary({name: source.traits for name, source in SOURCES.items()})
    store = open_store(settings.store, words, user=settings.store_user, password=settings.password())
    graph = LiveGraph(store.topology, lambda: store.revision()[0])
    return System(settings, words, store, graph, Parts(store, words, now, new_id))


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


def new_id() -> str:
    """An id that nothing else bears: 16 characters, those made together lie together in an index."""
    tick = time.time_ns() // 1_000_000_000 & (1 << 35) - 1
    return _spelled(tick, 7) + _spelled(secrets.randbits(45), 9)


def _spelled(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(length - 1, -1, -1))
