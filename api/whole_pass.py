"""A pass over the whole estate, or what it would do, as route and command line ask for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.identity_views import resolution
from api.wiring import System
from cmdb.errors import Invalid
from cmdb.vocabulary import Vocabulary
from discovery.estimating import estimate
from discovery.resolving import foresee, resolve_estate


@dataclass(frozen=True, slots=True)
class PassAsked:
    """What is to be tried, or done."""

    shadow: bool
    settings: Mapping[str, int | float] = field(default_factory=dict)
    """changes to those in force; they stand over what is estimated"""
    words: Vocabulary | None = None
    """those of a vocabulary file that is not in place yet"""
    estimate: bool = False
    """whether the estate is to say what an address is worth in it"""


def pass_over_all(system: System, asked: PassAsked) -> dict[str, Any]:
    """The answer. Raises Invalid for what cannot be asked."""
    if asked.words is not None and not asked.shadow:
        raise Invalid(
            "vocabulary goes with shadow: it comes into force at the next start as the file of CMDB_VOCABULARY"
        )
    worth = estimate(system.parts) if asked.estimate else None
    settings = {**(worth.settings() if worth else {}), **asked.settings}
    if asked.shadow:
        found = foresee(system.parts, settings, asked.words)
    else:
        found = resolve_estate(system.parts, settings)
    return resolution(found, worth, shadow=asked.shadow)
