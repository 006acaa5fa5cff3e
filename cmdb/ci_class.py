"""How a class of configuration items is declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

HOUR = 3_600_000_000
DAY = 24 * HOUR
"""Durations and times are whole microseconds (UTC since 1970) everywhere in the core."""

AttributeType = Literal["string", "integer", "number", "boolean", "strings", "numbers"]

DEVICE = "device"
PART = "part"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute that a class declares; others are kept as they come, declared ones are type-checked."""

    type: AttributeType
    description: str
    watched: bool = False
    """a change of it is worth knowing when something broke"""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """When silence means that a CI is missing, and when that it is retired (`model.md` 4)."""

    misses_to_retire: int = 3
    age_to_retire: int = 14 * DAY
    """microseconds since the last contact of the newest sighting"""
    contact_age: int | None = None
    """microseconds without contact after which a record that is still listed keeps nothing alive, where its source
    knows contact; None: never"""
    by_scan: bool = True
    """whether the silence of a scan counts: a laptop that is switched off is not missing"""
    ever: bool = True
    """False: never missing by itself, only by a person or the source that declared it"""
    with_holder: bool = False
    """retired with the thing that it is on (its `within`), unless it was seen after that one's last sign of life"""


@dataclass(frozen=True, slots=True)
class CIClass:
    """A class of configuration items: its family decides what it can ever be one with."""

    name: str
    area: str
    """hardware, network, software, identity or service: where docs and pages list it"""
    family: str
    """DEVICE, PART or the class's own name; two families are never one CI"""
    description: str
    absence: Absence = Absence()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    named: bool = False
    """whether `name` identifies within realm and class"""
    apart: bool = False
    """whether, within its family, it goes with nothing but `device`"""
    own_record: bool = False
    """without `within` or a better identifier every record is a CI of its own"""
    counts_in_hold: bool = True
    """whether it counts when a run is held for missing too much"""
