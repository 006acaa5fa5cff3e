"""What is expected of a CI of each class: which attributes somebody says, and how soon it is seen again."""

from collections.abc import Mapping

from cmdb.ci_class import DAY, PART, CIClass
from cmdb.vocabulary import Vocabulary

ANSWERED_FOR = frozenset({"hardware", "network", "software"})
"""areas whose CIs somebody answers for, in some environment; parts go with what they are part of"""

SERVICES = frozenset({"business_service", "service_offering", "technical_service", "external_service"})

SOON, LATER, SELDOM = 1 * DAY, 30 * DAY, 90 * DAY
"""microseconds without contact after which a CI is stale (settings)"""


def expected_attributes(declared: CIClass) -> tuple[str, ...]:
    """Attributes without which a CI of this class is incomplete; sorted."""
    more: tuple[str, ...] = ()
    if declared.name in SERVICES:
        more = ("owner", "tier")
    elif declared.area in ANSWERED_FOR and declared.family != PART:
        more = ("environment", "owner")
    return tuple(sorted({*declared.attributes, *more}))


def stale_after(declared: CIClass) -> int | None:
    """Microseconds without contact after which a CI of this class is stale; None where silence says nothing.

    What is only declared is never stale. What is switched off at night, and accounts, are given a month; containers a
    day; everything else three months, because a complete scope tells of its absence long before.
    """
    absence = declared.absence
    if not absence.ever:
        return None
    if declared.family == "workload" or declared.name == "container":
        return SOON
    return LATER if not absence.by_scan or declared.area == "identity" else SELDOM


def expected_of_classes(vocabulary: Vocabulary) -> Mapping[str, tuple[str, ...]]:
    """Class → attributes expected of it, for the classes of which any is."""
    found = {name: expected_attributes(declared) for name, declared in vocabulary.classes.items()}
    return {name: attributes for name, attributes in found.items() if attributes}


def stale_before(vocabulary: Vocabulary, now: int) -> Mapping[str, int]:
    """Class → the time before which one last seen is stale, for the classes that can be."""
    ages = {name: stale_after(declared) for name, declared in vocabulary.classes.items()}
    return {name: now - age for name, age in ages.items() if age is not None}
