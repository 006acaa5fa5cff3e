"""Why two CIs, or two records, are one thing or are not, read from the store as identification would read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cmdb.explanation import Explanation, explain
from cmdb.sighting import Record, Sighting
from cmdb.surroundings import Asked
from discovery.block_read import block_read
from discovery.members import ci_of_id, reported_of
from discovery.run import Parts
from discovery.settings_kept import identity_settings
from graph.store import ReadTransaction


@dataclass(frozen=True, slots=True)
class End:
    """What is asked about: a CI, or one record of it."""

    ci: str
    record: str | None = None
    """its key; None for everything the CI holds"""


@dataclass(frozen=True, slots=True)
class Explained:
    """`explanation` is None where one record is all there is and nothing has to hold it together."""

    same: bool
    explanation: Explanation | None
    decisions: tuple[str, ...]
    """what people decided between both"""


def explained(parts: Parts, a: End, b: End) -> Explained:
    """Evidence and vetoes between two ends; of one CI, what holds it together.

    Raises UnknownReference for a CI that is gone by now, Invalid for one that people alone speak of.
    """

    def look_at(look: ReadTransaction, _: int) -> Explained:
        same = a.ci == b.ci
        one, other = _sightings(parts, look, a), _sightings(parts, look, b)
        if same and {s.key for s in one} & {s.key for s in other}:
            one, other = _first_and_rest([*one, *(s for s in other if s not in one)])
        settings = identity_settings(look)
        asked = Asked([sighting.key for sighting in (*one, *other)])
        around = block_read(look, asked, parts.vocabulary, settings)
        decisions = _decided(around.records.values(), one, other)
        if not other:
            return Explained(same, None, decisions)
        why = explain(one, other, around.sightings, parts.vocabulary, settings, around.block.common)
        return Explained(same, why, decisions)

    return parts.store.read(look_at)


def _sightings(parts: Parts, look: ReadTransaction, end: End) -> list[Sighting]:
    reported = reported_of(look, ci_of_id(look, end.ci), parts.vocabulary)
    return [sighting for sighting in reported if end.record in (None, sighting.record_key)]


def _first_and_rest(sightings: Sequence[Sighting]) -> tuple[list[Sighting], list[Sighting]]:
    ordered = sorted(sightings, key=lambda sighting: sighting.applied)
    return ordered[:1], ordered[1:]


def _decided(block: Iterable[Record], one: Sequence[Sighting], other: Sequence[Sighting]) -> tuple[str, ...]:
    mine, theirs = {sighting.brought for sighting in one}, {sighting.brought for sighting in other}
    return tuple(
        sorted(
            {
                ruling.decision
                for record in block
                for ruling in record.rulings
                if (ruling.a in mine and ruling.b in theirs) or (ruling.b in mine and ruling.a in theirs)
            }
        )
    )
