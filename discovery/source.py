"""What a source is: a name, settings, traits, one function that reads and one that understands.

`fetch` is the only I/O; `observe` is pure, so a recording of what `fetch` yielded is a complete test of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from cmdb.observation import Observation
from cmdb.vocabulary import SourceTraits, Vocabulary


class SourceSettings(BaseModel):
    """What every source can be told; each source adds its own fields in its folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    realm: str = Field("default", description="the address space of what is read: a site, a tenant")


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as the source gave it, inside the scope it was read in."""

    scope: str
    payload: Any
    line: int | None = None
    """the line of the file that it ends in, counted from 1; None where there are no lines: records are counted"""


@dataclass(frozen=True, slots=True)
class ScopeEnd:
    """A scope has been left: read to the end (`complete`), or not, and then why."""

    scope: str
    complete: bool
    reason: str | None = None
    delta: bool = False
    """only what had moved was read: nothing is missed, only what the source calls gone is"""
    left_out: tuple[str, ...] = ()
    """addresses and ranges in it that were not to be asked: what is at them is not missed"""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where the next reading of a scope may go on; `value` is JSON and holds no secret.

    Kept once everything yielded before it has been taken, and only if all of the scope could be understood.
    """

    scope: str
    value: Any


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading has come, in the source's own unit; `total` None where it cannot know."""

    done: float
    total: float | None
    unit: str
    note: str = ""


Fetched = Raw | ScopeEnd | Bookmark | Progress


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading may ask of its surroundings: the time, whether to stop, and where it left off."""

    now: Callable[[], int]
    """microseconds since 1970, UTC"""
    stopped: Callable[[], bool] = field(default=lambda: False)
    bookmark: Callable[[str], Any] = field(default=lambda scope: None)
    """scope → the value of the Bookmark kept last for it in this realm, None where there is none"""
    hurried: bool = False
    """somebody waits for the answer: what does not answer soon need not be asked again and again"""


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing a reading needs to be allowed; `fix` says what to grant where it is not."""

    name: str
    ok: bool
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What `observe` needs beside the raw record: the words, the realm, and when it was read."""

    vocabulary: Vocabulary
    realm: str
    received_at: int


class Known(NamedTuple):
    """A record as it is known: its key, and the scope in which it was last reported (None: in none)."""

    record: str
    scope: str | None


def places_in(scope: str, wanted: Mapping[str, Sequence[Known]]) -> list[str]:
    """Of the places (each one record's) those whose record was last reported in a scope."""
    return [place for place, known in wanted.items() if known[0].scope == scope]


@dataclass(frozen=True, slots=True)
class Again:
    """How a source looks again at what it once said, record by record."""

    place_of: Callable[[Known], str | None]
    """where a record is found again: its own key, an address, a machine, a scope; None where it cannot be"""
    fetch: Callable[[Any, Mapping[str, Sequence[Known]], Reading], Iterator[Fetched]]
    """(settings, place → the records wanted there): Raws whose scope is their place, and a ScopeEnd for each place that
    these settings lead to. One that they do not lead to (another server's, another tenant's) is passed over: that it is
    not found here says nothing. Complete means: what was not told of it is not there."""
    alone: bool = False
    """whether it can look without a source instance: at the machine it runs on, at the networks around it"""
    whole: bool = False
    """whether it tells all of a record again: what it no longer tells is no longer so"""
    may_be_set: tuple[str, ...] = ()
    """settings that whoever asks may choose; what is read the records say"""
    passing: frozenset[str] = frozenset()
    """attributes, or their first parts, that tell how something was read, or move from hour to hour by themselves"""


@dataclass(frozen=True, slots=True)
class Source:
    """`fetch` yields what it reads as it reads it, and a ScopeEnd for every scope it entered, also when it fails.

    `observe` turns one raw record into any number of observations; it raises RecordRejected for one it cannot read.
    """

    name: str
    description: str
    settings: type[SourceSettings]
    traits: SourceTraits
    fetch: Callable[[Any, Reading], Iterator[Fetched]]
    observe: Callable[[Any, Hearing], Iterable[Observation]]
    again: Again | None = None
    """None: it cannot be asked about single records"""
    check: Callable[[Any, Reading], Iterator[Permission]] | None = None
    """tries login and rights one by one and reads no more than it must; None: it needs none"""
    covers: Callable[[Any], Sequence[str]] | None = None
    """settings → the scopes that a reading would enter, as far as they can be told without asking anybody; no two runs
    read one of them at the same time. None: they cannot be told"""
