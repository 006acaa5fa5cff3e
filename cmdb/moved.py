"""What moved between the graph as it was and as the draft will leave it, and which claims must be read anew for it."""

from collections.abc import Iterable

from cmdb.draft import Draft, name_key, united
from cmdb.ends import EVERY_BEARER, MOVING_KINDS
from cmdb.group import kind_of
from cmdb.linking import leads_on
from cmdb.sighting import Record, Sighting


def moved_keys(draft: Draft) -> set[str]:
    """Lookup keys that something begins or ceases to bear, or that go from one CI to another."""
    moved: set[str] = set()
    for key in draft.placed:
        record, before = draft.new[key], draft.old.get(key)
        if before is None:
            moved |= draft.laid_out_keys(key)
            moved.add(f"record|{key}")
        elif before.cis != record.cis or before.versions is not record.versions or before.parent != record.parent:
            now = _borne(draft, record, draft.sightings[key], draft.laid_out_keys(key))
            then = _borne(draft, before, draft.sightings_before(key), united(draft.around.kept_keys(key)))
            moved |= {linking for linking, *_ in now ^ then}
    for ci, item in draft.items.items():
        was = draft.were.get(ci)
        if was is None:
            moved.add(name_key(item.name))
        elif was.name != item.name:
            moved.update((name_key(was.name), name_key(item.name)))
        elif (was.lifecycle == "retired") != (item.lifecycle == "retired") or was.ci_class != item.ci_class:
            moved.add(name_key(item.name))
            moved.update(linking for key in item.records if key in draft.keys for linking in draft.laid_out_keys(key))
    for ci, was in draft.were.items():
        if ci not in draft.items:
            moved.add(name_key(was.name))
            moved.add(f"id|{ci}")
    return moved


_AT_ALL = (-1, -1)
"""no time: where only matters whether a key is borne"""


def _borne(
    draft: Draft, record: Record, sightings: Iterable[Sighting], keys: Iterable[str]
) -> set[tuple[str, str, int, int]]:
    """(key, CI, first, last); the times only where a reference means what bore the key at its time."""
    borne = {(linking, record.ci, *_AT_ALL) for linking in keys}
    borne.update(
        (linking, ci, *times)
        for sighting, ci in zip(sightings, record.cis, strict=True)
        for linking, times in draft.borne.of(sighting).items()
        if kind_of(linking) in MOVING_KINDS
    )
    borne.add((f"record|{record.key}", record.ci, *_AT_ALL))
    return borne


def load_claimants(draft: Draft, moved: set[str]) -> set[str]:
    """Load every record outside the draft with a claim, or a `within`, on a moved key; all their keys.

    Those that wait are indexed by what they wait for. Those that are tied already are witnesses of relations of the
    CIs that bore the key before, or bear it beside another one now. A claim on the claimant's own CI is no relation: it
    waits for another one.
    """
    claimants = _among_the_drafted(draft, moved)
    claimants |= {key for keys in draft.around.waiting(sorted(moved)).values() for key in keys}
    former = sorted(_former_bearers(draft, moved))
    claimants |= set(draft.around.children(former)) if former else set()
    for relation in draft.around.incident(former) if former else ():
        for witness in relation.witnesses:
            if witness.record not in claimants and draft.meanings[witness.reference].key in moved:
                claimants.add(witness.record)
    draft.load(draft.around.records(sorted(claimants - draft.new.keys())))
    return claimants & draft.new.keys()


def _among_the_drafted(draft: Draft, moved: set[str]) -> set[str]:
    found = set()
    for key in draft.old:
        said = draft.open_sighting(key).said
        names = [claim.reference for claim in said.claims]
        if said.within is not None:
            names.append(said.within)
        if any(draft.meanings[name].key in moved for name in names):
            found.add(key)
    return found


def _former_bearers(draft: Draft, moved: set[str]) -> set[str]:
    former = {
        ci
        for ci, was in draft.were.items()
        if ci not in draft.items or name_key(was.name) in moved or any(key in moved for key in _all_keys(draft, ci))
    }
    # A record's open sighting stands for all that it was, also where only what it was has been settled.
    for key in draft.placed - draft.settled:
        if not moved.isdisjoint(draft.laid_out_keys(key)):
            former.add(draft.new[key].ci)
    # Those who bear such a key need not be in the draft: no block is followed over it.
    apart = [key for key in moved if key.startswith("name|") or not leads_on(key)]
    for key, bearers in draft.around.bearers(sorted(apart), EVERY_BEARER).items():
        if key.startswith("name|") or len(bearers) <= draft.context.settings.common_at:
            former.update(bearer.ci for bearer in bearers)
    return former


def _all_keys(draft: Draft, ci: str) -> Iterable[str]:
    was = draft.were[ci]
    for key in was.records:
        if key in draft.old:
            yield f"record|{key}"
            yield from united(draft.around.kept_keys(key))


def displaced_children(draft: Draft) -> set[str]:
    """Records outside the draft whose `within` means a CI that went, gained or lost members."""
    shaken = [ci for ci, was in draft.were.items() if ci not in draft.items or draft.items[ci].records != was.records]
    children = set(draft.around.children(sorted(shaken))) if shaken else set()
    draft.load(draft.around.records(sorted(children - draft.new.keys())))
    return children
