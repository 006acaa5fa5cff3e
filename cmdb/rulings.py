"""rulings_on: what people decided about the sightings of a block, as identification takes it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cmdb.decision import Decision
from cmdb.draft import Draft
from cmdb.sighting import Record, Sighting, bringers, record_of
from cmdb.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Rulings:
    """Decisions on sighting keys, and the ids that people chose to keep."""

    decisions: tuple[Decision, ...]
    kept: Mapping[str, tuple[int, str]]
    """sighting key → when a person kept an id for its CI, and which"""

    def kept_id(self, group: Sequence[Sighting]) -> str | None:
        """The id that a person kept last for what these sightings are; it must be one that they brought."""
        if not self.kept:
            return None
        brought = {sighting.brought for sighting in group}
        kept = [self.kept[sighting.key] for sighting in group if sighting.key in self.kept]
        return max((at_id for at_id in kept if at_id[1] in brought), default=(0, None))[1]


NOTHING_DECIDED = Rulings((), {})


def rulings_on(draft: Draft, members: Collection[str]) -> Rulings:
    """Of a block's sightings as they will be."""
    found = rulings_of((draft.new[key] for key in {record_of(member) for member in members}), draft.vocabulary)
    if not found.decisions:
        return found
    return replace(found, decisions=tuple(d for d in found.decisions if d.a in members and d.b in members))


def rulings_of(records: Iterable[Record], vocabulary: Vocabulary) -> Rulings:
    """Of these records; a pair of which one sighting is not among theirs decides nothing."""
    ruled = [record for record in records if record.rulings]
    if not ruled:
        return NOTHING_DECIDED
    bearer: dict[str, str] = {}
    for record in ruled:
        bearer.update(bringers(record, vocabulary))
    decisions: dict[tuple[str, str, str], Decision] = {}
    kept: dict[str, tuple[int, str]] = {}
    for ruling in sorted({ruling for record in ruled for ruling in record.rulings}):
        a, b = bearer.get(ruling.a), bearer.get(ruling.b)
        if a is None or b is None or a == b:
            continue
        a, b = min(a, b), max(a, b)
        decisions[ruling.decision, a, b] = Decision(ruling.decision, a, b, ruling.verdict, "", "", ruling.decided_at)
        if ruling.keep is not None:
            for key in (a, b):
                kept[key] = max(kept.get(key, (0, "")), (ruling.decided_at, ruling.keep))
    return Rulings(tuple(decisions.values()), kept)
