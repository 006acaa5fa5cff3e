"""A pass over the whole estate, or what it would do, as route and command line ask for it."""

from collections.abc import Mapping
from typing import Any

from api.identity_views import resolution
from api.wiring import System
from cmdb.errors import Invalid
from cmdb.vocabulary import Vocabulary
from discovery.resolving import foresee, resolve_estate


def pass_over_all(
    system: System, settings: Mapping[str, int | float], words: Vocabulary | None, *, shadow: bool
) -> dict[str, Any]:
    """`words`: those of a vocabulary file that is not in place yet. Raises Invalid for what cannot be asked."""
    if shadow:
        return resolution(foresee(system.parts, settings, words), shadow=True)
    if words is not None:
        raise Invalid("vocabulary goes with shadow: it comes into force at the next start as the file of CMDB_VOCABULARY")
    return resolution(resolve_estate(system.parts, settings), shadow=False)
