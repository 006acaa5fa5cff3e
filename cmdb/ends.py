"""Which CI a reference means: found among those that bear it, never guessed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cmdb.ci_class import PART
from cmdb.draft import Draft, name_key
from cmdb.reference import Reference
from cmdb.sighting import sightings_of
from cmdb.surroundings import Bearer
from cmdb.vocabulary import Vocabulary

BEARERS_READ = 16
"""bearers of one key that are looked at; where there are more, no single one can be meant"""

MOVING_KINDS = frozenset({"ip", "socket", "hostname", "fqdn"})
"""an end named so means what bore it when it was observed"""


def fitting(reference: Reference, bearers: Iterable[Bearer], vocabulary: Vocabulary) -> tuple[Bearer, ...]:
    """The bearers that a reference can mean, one a CI, the best kind of them only.

    Live and missing before retired, devices and the like before parts.
    """
    fits: dict[str, Bearer] = {}
    for bearer in bearers:
        if _can_mean(reference, bearer):
            fits.setdefault(bearer.ci, bearer)
    if len(fits) < 2:
        return tuple(fits.values())
    ranked = [(_rank(bearer, vocabulary), bearer) for bearer in fits.values()]
    best = min(rank for rank, _ in ranked)
    return tuple(bearer for rank, bearer in ranked if rank == best)


def _can_mean(reference: Reference, bearer: Bearer) -> bool:
    if reference.ci_class is not None and bearer.ci_class != reference.ci_class:
        return False
    return reference.realm is None or bearer.realm in ("", reference.realm)


def _rank(bearer: Bearer, vocabulary: Vocabulary) -> tuple[bool, bool]:
    declared = vocabulary.classes.get(bearer.ci_class)
    return (bearer.lifecycle == "retired", declared is not None and declared.family == PART)


@dataclass(frozen=True, slots=True)
class Bearers:
    """Who bears a key, with everything that the draft has moved taken into account."""

    draft: Draft
    stored: Mapping[str, tuple[Bearer, ...]]
    fresh: Mapping[str, list[Bearer]]

    def of(self, key: str) -> list[Bearer]:
        """Bearers of a lookup key as the graph will be after the patch."""
        draft = self.draft
        found = list(self.fresh.get(key, ()))
        for bearer in self.stored.get(key, ()):
            moved = draft.is_settled(bearer.record) if bearer.record else bearer.ci in draft.were
            if not moved:
                found.append(bearer)
        return found

    def meant(self, reference: str, observed_at: int) -> str | None:
        """The one CI that a reference means, None where none or several fit."""
        parsed, key = self.draft.meaning(reference)
        bearers = self.of(key)
        if not bearers:
            return None
        if len(bearers) == 1:  # nearly always
            return bearers[0].ci if _can_mean(parsed, bearers[0]) else None
        fits = fitting(parsed, bearers, self.draft.vocabulary)
        if len(fits) > 1 and parsed.kind in MOVING_KINDS:
            fits = self._at_the_time(fits, bearers, parsed, observed_at)
        return fits[0].ci if len(fits) == 1 else None

    def _at_the_time(
        self, fits: tuple[Bearer, ...], bearers: list[Bearer], reference: Reference, observed_at: int
    ) -> tuple[Bearer, ...]:
        """Those whose lifetime of the value lies nearest to the observation."""
        draft = self.draft
        draft.load(draft.around.records([bearer.record for bearer in bearers if bearer.record not in draft.new]))
        gaps: dict[str, int] = {}
        for bearer in bearers:
            record = draft.new.get(bearer.record)
            for sighting in sightings_of(record, draft.vocabulary) if record else ():
                for kind, value, first, last in sighting.lifetimes:
                    if kind == reference.kind and value == reference.value:
                        gap = max(0, first - observed_at, observed_at - last)
                        gaps[bearer.ci] = min(gap, gaps.get(bearer.ci, gap))
        if not gaps:
            return fits
        nearest = min(gaps.get(bearer.ci, 1 << 62) for bearer in fits)
        return tuple(bearer for bearer in fits if gaps.get(bearer.ci, 1 << 62) == nearest)


def bearers_of(draft: Draft, references: Collection[str]) -> Bearers:
    """Bearers of everything that these references name: one read of the graph."""
    wanted = {draft.meaning(reference)[1] for reference in references}
    stored = draft.around.bearers(sorted(wanted), BEARERS_READ) if wanted else {}
    return Bearers(draft, stored, _fresh(draft, wanted))


def _fresh(draft: Draft, wanted: set[str]) -> dict[str, list[Bearer]]:
    """Bearers among the settled records, for the wanted keys: a record's open sighting stands for all its past."""
    found: dict[str, list[Bearer]] = {}
    if not wanted:
        return found
    for ci, item in draft.items.items():
        name = name_key(item.name)
        if name in wanted:
            found.setdefault(name, []).extend(
                Bearer(name, ci, item.ci_class, item.name, item.lifecycle, realm, "") for realm in item.realms
            )
        if (own := f"id|{ci}") in wanted:
            found.setdefault(own, []).append(Bearer(own, ci, item.ci_class, item.name, item.lifecycle, "", ""))
        for sighting in draft.groups[ci]:
            if sighting.brought != ci and (alias := f"id|{sighting.brought}") in wanted:
                found.setdefault(alias, []).append(Bearer(alias, ci, item.ci_class, item.name, item.lifecycle, "", ""))
    for key in draft.settled_records():
        record = draft.new[key]
        item = draft.items[record.ci]
        for linking in (draft.laid_out_keys(key) | {f"record|{key}"}) & wanted:
            found.setdefault(linking, []).append(
                Bearer(linking, item.id, item.ci_class, item.name, item.lifecycle, record.realm, key)
            )
    return found


def is_moving(reference: Reference) -> bool:
    """Whether what the reference means depends on when it was said."""
    return reference.kind in MOVING_KINDS
