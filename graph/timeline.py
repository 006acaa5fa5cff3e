"""What a record is known to have said, from when to when."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from cmdb.observation import Observation
from cmdb.past import open_said
from cmdb.sighting import Record, Sighting
from cmdb.vocabulary import Vocabulary
from graph.as_it_stood import by_id
from graph.encoding import from_json
from graph.past import RECORD, SAYING, PastRow, read_said, said_before
from graph.store_at import Look


class Said(NamedTuple):
    """What a record said from a first to a last time, and where its claims led; None where that was never tied."""

    first: int
    last: int
    said: Observation
    ends: tuple[str | None, ...] | None


def timeline(
    record: Record, moved: Sequence[PastRow], sayings: Sequence[PastRow], vocabulary: Vocabulary
) -> Iterator[Said]:
    """Everything that a record is known to have said."""
    said = open_said(record, vocabulary)
    yield Said(record.since, said.read_at, said, record.ends)
    ends = record.ends
    for row in moved:
        body = from_json(row.body)
        ends = tuple(body["ends"]) if "ends" in body else ends
        if "said" in body:
            said = said_before(said, body["said"])
            yield Said(body["since"], said.read_at, said, ends)
    for row in sayings:
        body = from_json(row.body)
        said = read_said(body["said"], record.source, record.realm, record.record)
        yield Said(body["first"], body["last"], said, None)


def told_by(sayings: Iterable[Said], at: int) -> list[Said]:
    """What had been said by a time, that which counts at it last; what was said before and after it alike counts."""
    told = [one for one in sayings if one.first <= at]
    told.sort(key=lambda one: (one.last if one.last <= at else one.first, one.said.observed_at, one.said.content))
    return told


def said_then(
    look: Look, keys: Collection[str], at: int | None, vocabulary: Vocabulary
) -> Iterator[tuple[str, Observation]]:
    """(CI, what the record said) of those of these records that had said anything by a time; None: by any time."""
    rows, sayings = by_id(look.past(RECORD, keys, 0)), by_id(look.past(SAYING, keys, 0))
    for key, record in look.records(keys).items():
        told = list(timeline(record, rows.get(key, ()), sayings.get(key, ()), vocabulary))
        if at is None:
            yield record.ci, told[0].said
        elif by_then := told_by(told, at):
            yield record.ci, by_then[-1].said


def life_of(said: Observation, lives: Sequence[Sighting]) -> int:
    """Which of the record's sightings said it: the one that shares most of its identifiers, the open one if several."""
    own = set(said.identifiers)
    return max(range(len(lives)), key=lambda at: (len(own & {(n.kind, n.value) for n in lives[at].lifetimes}), at))
