"""Values that identify nothing in this estate because somebody said so: unsaid before anything is weighed.

A store keeps them as it keeps every value, so that they identify again once nobody stops them any more.
"""

from collections.abc import Iterable, Mapping

from cmdb.identifier import BOTH_ORDERS, linking_key, swapped_uuid
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

Borne = Mapping[str, tuple[int, int]]
"""linking key → the first and the last time (microseconds) at which it was said"""


class StopValues:
    """What the declared kinds of identifier stop; false where they stop nothing."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._values = frozenset(
            (kind.name, spelled)
            for kind in vocabulary.identifier_kinds.values()
            for value in kind.stop
            for spelled in _spellings(kind.name, value)
        )
        kinds = vocabulary.identifier_kinds
        self._keys = frozenset(linking_key(kinds[kind], value, "") for kind, value in self._values)

    def __bool__(self) -> bool:
        return bool(self._values)

    def unsaid(self, sighting: Sighting) -> Sighting:
        """The sighting as if its source had never said any of them."""
        lives = tuple([life for life in sighting.lifetimes if (life.kind, life.value) not in self._values])
        return sighting if len(lives) == len(sighting.lifetimes) else sighting._replace(lifetimes=lives)

    def unborne(self, borne: Borne) -> Borne:
        """Keys that follow from something else that it says, such as a host name from the name of the thing."""
        return {key: times for key, times in borne.items() if key[: key.rindex("|") + 1] not in self._keys}


def _spellings(kind: str, value: str) -> Iterable[str]:
    return (value, swapped_uuid(value)) if kind in BOTH_ORDERS else (value,)
