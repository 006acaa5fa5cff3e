"""Which CI a reference means: found among those that bear it, never guessed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from cmdb.ci_class import PART
from cmdb.draft import Draft, name_key
from cmdb.meaning import Meaning
from cmdb.reference import Reference
from cmdb.surroundings import Bearer
from cmdb.time import FOR_EVER
from cmdb.vocabulary import Vocabulary

EVERY_BEARER = 1 << 30
"""bearers of one key that are read: all of them, or which is meant would hang on their ids"""

MOVING_KINDS = frozenset({"ip", "socket", "hostname", "fqdn"})
"""an end named so means what bore it when it was observed"""


def fitting(meant: Reference | Meaning, bearers: Iterable[Bearer], vocabulary: Vocabulary) -> tuple[Bearer, ...]:
    """The bearers that a reference can mean, one a CI, the best kind of them only.

    Live and missing before retired, devices and the like before parts.
    """
    fits: dict[str, Bearer] = {}
    for bearer in bearers:
        if _can_be(meant, bearer):
            fits.setdefault(bearer.ci, bearer)
    if len(fits) < 2:
        return tuple(fits.values())
    ranked = [(_rank(bearer, vocabulary), bearer) for bearer in fits.values()]
    best = min(rank for rank, _ in ranked)
    return tuple(bearer for rank, bearer in ranked if rank == best)


def _can_be(meant: Reference | Meaning, bearer: Bearer) -> bool:
    if meant.ci_class is not None and bearer.ci_class != meant.ci_class:
        return False
    return meant.realm is None or bearer.realm in ("", meant.realm)


def _rank(bearer: Bearer, vocabulary: Vocabulary) -> tuple[bool, bool]:
    declared = vocabulary.classes.get(bearer.ci_class)
    return (bearer.lifecycle == "retired", declared is not None and declared.family == PART)


@dataclass(frozen=True, slots=True)
class Bearers:
    """Who bears a key, with everything that the draft has moved taken into account."""

    draft: Draft
    of: Mapping[str, list[Bearer]]
    """lookup key → its bearers as the graph will be after the patch"""

    def meant(self, reference: str, observed_at: int, but_not: Collection[str] = ()) -> str | None:
        """The one CI that a reference means, None where none or several fit; none of `but_not`."""
        meant = self.draft.meanings[reference]
        bearers = self.of.get(meant.key)
        if bearers and but_not:
            bearers = [bearer for bearer in bearers if bearer.ci not in but_not]
        if not bearers:
            return None
        if len(bearers) == 1:  # nearly always
            return bearers[0].ci if _can_be(meant, bearers[0]) else None
        if is_moving(meant) and len(bearers) > self.draft.context.settings.common_at:
            return None  # what so many have borne in turn names nobody, as it identifies nobody
        fits = fitting(meant, bearers, self.draft.vocabulary)
        if len(fits) > 1 and is_moving(meant):
            gaps = self._gaps(meant.key, bearers, observed_at)
            nearest = min(gaps.get(bearer.ci, FOR_EVER) for bearer in fits)
            fits = tuple(bearer for bearer in fits if gaps.get(bearer.ci, FOR_EVER) == nearest)
        return fits[0].ci if len(fits) == 1 else None

    def borne_since(self, reference: str, ci: str) -> int:
        """Since when a CI bears what a moving reference names and others have borne, too; 0 for any other reference."""
        meant = self.draft.meanings[reference]
        bearers = self.of.get(meant.key, ())
        if not is_moving(meant) or len({bearer.ci for bearer in bearers}) < 2:
            return 0
        return min((first for of, first, _ in self._times(meant.key, bearers) if of == ci), default=0)

    def _gaps(self, key: str, bearers: Iterable[Bearer], observed_at: int) -> Mapping[str, int]:
        """CI → microseconds between the observation and the time for which it bore the key."""
        gaps: dict[str, int] = {}
        for ci, first, last in self._times(key, bearers):
            gap = max(0, first - observed_at, observed_at - last)
            gaps[ci] = min(gap, gaps.get(ci, gap))
        return gaps

    def _times(self, key: str, bearers: Iterable[Bearer]) -> list[tuple[str, int, int]]:
        """(CI, first, last) of each sighting of these bearers that bore the key."""
        draft = self.draft
        draft.load(draft.around.records([bearer.record for bearer in bearers if bearer.record not in draft.new]))
        draft.timed.update(bearer.record for bearer in bearers)
        return [
            (ci, *times)
            for record in {bearer.record for bearer in bearers}
            for sighting, ci in zip(draft.sightings_now(record), draft.new[record].cis, strict=True)
            if (times := draft.borne.of(sighting).get(key)) is not None
        ]


def bearers_of(draft: Draft, references: Collection[str]) -> Bearers:
    """Bearers of everything that these references name: one read of the graph."""
    wanted = {draft.meanings[reference].key for reference in references}
    if not wanted:
        return Bearers(draft, {})
    found = _settled_bearers(draft, wanted)
    if any(key.startswith(("name|", "id|")) for key in wanted):
        _add_standing(draft, wanted, found)
    for key, stored in draft.around.bearers(sorted(wanted), EVERY_BEARER).items():
        kept = [bearer for bearer in stored if not _has_moved(draft, bearer)]
        found[key] = found[key] + kept if key in found else kept
    return Bearers(draft, found)


def _has_moved(draft: Draft, bearer: Bearer) -> bool:
    return bearer.record in draft.placed if bearer.record else bearer.ci in draft.were


def _settled_bearers(draft: Draft, wanted: set[str]) -> dict[str, list[Bearer]]:
    """Bearers of these keys through records of which anything was settled: an open sighting stands for all its past."""
    found: dict[str, list[Bearer]] = {}
    elsewhere = draft.around.items(sorted({draft.new[key].ci for key in draft.placed - draft.settled}))
    for key in draft.placed:
        borne = [linking for linking in draft.laid_out_keys(key) if linking in wanted]
        if (itself := f"record|{key}") in wanted:
            borne.append(itself)
        if borne:
            record = draft.new[key]
            item = draft.items.get(record.ci) or elsewhere[record.ci]
            for linking in borne:
                bearer = Bearer(linking, item.id, item.ci_class, item.name, item.lifecycle, record.realm, key)
                found.setdefault(linking, []).append(bearer)
    return found


def _add_standing(draft: Draft, wanted: set[str], found: dict[str, list[Bearer]]) -> None:
    """Bearers of these keys by what the CIs of the draft are called, and by the ids that lead to them."""
    for ci, item in draft.items.items():
        name = name_key(item.name)
        if name in wanted:
            found.setdefault(name, []).extend(
                Bearer(name, ci, item.ci_class, item.name, item.lifecycle, realm, "") for realm in item.realms
            )
        for brought in {ci, *(sighting.brought for sighting in draft.groups[ci])}:
            if (own := f"id|{brought}") in wanted:
                found.setdefault(own, []).append(Bearer(own, ci, item.ci_class, item.name, item.lifecycle, "", ""))


def is_moving(meant: Meaning) -> bool:
    """Whether what the reference means depends on when it was said."""
    return meant.kind in MOVING_KINDS
