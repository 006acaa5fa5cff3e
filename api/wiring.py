"""The only place where parts are put together."""

import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from api.looked_at import LookedAt
from api.settings import Settings
from cmdb.errors import Invalid
from cmdb.vocabulary import Vocabulary, vocabulary
from cmdb.vocabulary_file import with_file
from discovery.means import Means
from discovery.run import Parts
from discovery.secret_reference import SecretsOf
from discovery.secret_store import SecretStore
from discovery.source import Source
from discovery.sources import SOURCES
from graph.open_store import open_store
from graph.past import HORIZON
from graph.store import GraphStore

if TYPE_CHECKING:
    from api.past_held import PastHeld
    from api.stock_taken import StockTaken
    from impact.live_graph import LiveGraph

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that can be taken for a digit"""


@dataclass(frozen=True)
class System:
    """Everything that answers and everything that writes, around one store."""

    settings: Settings
    vocabulary: Vocabulary
    store: GraphStore
    parts: Parts
    looked: LookedAt
    sources: Mapping[str, Source]
    owner: str
    """this process, as others see it in leases and runs"""

    @cached_property
    def secrets(self) -> SecretStore:
        """Secrets that the store keeps. Raises Invalid where their key cannot be read."""
        return SecretStore(self.store, self.settings.secret_keys())

    @cached_property
    def means(self) -> Means:
        """What running sources needs."""
        return Means(self.parts, self.sources, lambda reference: SecretsOf(os.environ, self.secrets)(reference))

    @cached_property
    def graph(self) -> "LiveGraph":
        """Today's impact graph. Made when first asked for: most commands never do, and its compiler is slow to load."""
        from impact.live_graph import LiveGraph

        store = self.store
        return LiveGraph(
            lambda held: store.renewed(held) if held is not None else store.topology(), lambda: store.revision()[0]
        )

    @cached_property
    def past(self) -> "PastHeld":
        """Searches of the past, kept for those who read them page by page."""
        from api.past_held import PastHeld

        return PastHeld(self.store, self.vocabulary)

    def past_begins(self) -> int:
        """The first revision of which the past is kept."""
        kept = self.store.document(*HORIZON)
        return 0 if kept is None else int(kept.body["revision"])

    @cached_property
    def stock(self) -> "StockTaken":
        """How good what is known is, kept until the revision moves."""
        from api.stock_taken import StockTaken

        return StockTaken(self.store, self.vocabulary)

    def close(self) -> None:
        """Release the store."""
        self.store.close()


def build(
    settings: Settings, *, clock: Callable[[], int] | None = None, sources: Mapping[str, Source] = SOURCES
) -> System:
    """The parts around one store. Raises StoreError where it cannot be opened, Invalid for a wrong vocabulary file."""
    words = declared_words(settings)
    store = open_store(settings.store, words, user=settings.store_user, password=settings.password())
    parts = Parts(store, words, clock or now, new_id, settings.hold_share, settings.hold_least)
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    return System(settings, words, store, parts, LookedAt(parts), sources, owner)


def declared_words(settings: Settings) -> Vocabulary:
    """What is built in and what the vocabulary file adds. Raises cmdb.errors.Invalid with file and line."""
    return words_with("", "") if settings.vocabulary is None else words_of(settings.vocabulary)


def words_of(file: Path) -> Vocabulary:
    """What is built in and what a vocabulary file adds. Raises cmdb.errors.Invalid with file and line."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"the vocabulary file {file} cannot be read: {error}") from None
    return words_with(text, str(file))


def words_with(text: str, name: str) -> Vocabulary:
    """What is built in and what the text of a vocabulary file adds, whose name is for messages. Raises Invalid."""
    return with_file(vocabulary({name: source.traits for name, source in SOURCES.items()}), text, name)


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


def new_id() -> str:
    """An id that nothing else bears: 16 characters, those made together lie together in an index."""
    tick = time.time_ns() // 1_000_000_000 & (1 << 35) - 1
    return _spelled(tick, 7) + _spelled(secrets.randbits(45), 9)


def _spelled(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(length - 1, -1, -1))
