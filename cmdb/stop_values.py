"""Values that identify nothing in this estate because somebody said so.

They are kept as every value is, and found under their keys, so that they identify again once nobody stops them any
more; but nothing is weighed by them.
"""

from collections.abc import Mapping

from cmdb.identifier import linking_key
from cmdb.vocabulary import Vocabulary

Borne = Mapping[str, tuple[int, int]]
"""linking key → the first and the last time (microseconds) at which it was said"""


def stopped_keys(vocabulary: Vocabulary) -> frozenset[str]:
    """Linking keys, without their realm, of everything that is stopped."""
    return frozenset(
        linking_key(kind, value, "") for kind in vocabulary.identifier_kinds.values() for value in kind.stop
    )


def without_stopped(borne: Borne, stopped: frozenset[str]) -> dict[str, tuple[int, int]]:
    """A copy of what a sighting bears without what is stopped, be it said as an identifier or in a name."""
    if not stopped:
        return dict(borne)
    return {key: times for key, times in borne.items() if key[: key.rindex("|") + 1] not in stopped}
