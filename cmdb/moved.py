"""What moved between the graph as it was and as the draft will leave it, and which claims must be read anew for it."""

from collections.abc import Iterable

from cmdb.draft import Draft, keys_of, name_key
from cmdb.sighting import Record, sightings_of


def moved_keys(draft: Draft) -> set[str]:
    """Lookup keys that something begins or ceases to bear, or that go from one CI to another."""
    moved: set[str] = set()
    for key, now_keys in draft.keys.items():
        record, before = draft.new[key], draft.old.get(key)
        if before is None:
            moved |= now_keys
            moved.add(f"record|{key}")
        elif before.cis != record.cis or before.versions is not record.versions or before.parent != record.parent:
            now = _borne(draft, record)
            then = _borne(draft, before)
            moved |= {linking for linking, _ in now ^ then}
    for ci, item in draft.items.items():
        was = draft.were.get(ci)
        if was is None:
            moved.add(name_key(item.name))
        elif was.name != item.name:
            moved.update((name_key(was.name), name_key(item.name)))
        elif (was.lifecycle == "retired") != (item.lifecycle == "retired") or was.ci_class != item.ci_class:
            moved.add(name_key(item.name))
            moved.update(linking for record in item.records for linking in draft.keys.get(record, ()))
    for ci, was in draft.were.items():
        if ci not in draft.items:
            moved.add(name_key(was.name))
            moved.add(f"id|{ci}")
    return moved


def _borne(draft: Draft, record: Record) -> set[tuple[str, str]]:
    borne: set[tuple[str, str]] = set()
    for sighting, ci in zip(sightings_of(record, draft.vocabulary), record.cis, strict=True):
        borne.update((linking, ci) for linking in keys_of((sighting,), draft.vocabulary))
        if not sighting.closed:
            borne.add((f"record|{record.key}", ci))
    return borne


def load_claimants(draft: Draft, moved: set[str]) -> set[str]:
    """Load every record outside the draft with a claim, or a `within`, on a moved key; all their keys.

    Those that wait are indexed by what they wait for. Those that are tied already are witnesses of relations of the
    CIs that bore the key before, or bear it beside another one now.
    """
    claimants = {key for keys in draft.around.waiting(sorted(moved)).values() for key in keys}
    for relation in draft.around.incident(sorted(_former_bearers(draft, moved))):
        for witness in relation.witnesses:
            if witness.record not in claimants and draft.meaning(witness.reference)[1] in moved:
                claimants.add(witness.record)
    draft.load(draft.around.records(sorted(claimants - draft.new.keys())))
    return claimants & draft.new.keys()


def _former_bearers(draft: Draft, moved: set[str]) -> set[str]:
    former = {
        ci
        for ci, was in draft.were.items()
        if ci not in draft.items or name_key(was.name) in moved or any(key in moved for key in _all_keys(draft, ci))
    }
    names = [key for key in moved if key.startswith("name|")]
    for bearers in draft.around.bearers(sorted(names), 4).values():
        former.update(bearer.ci for bearer in bearers)
    return former


def _all_keys(draft: Draft, ci: str) -> Iterable[str]:
    was = draft.were[ci]
    for key in was.records:
        record = draft.old.get(key)
        if record is not None:
            yield f"record|{key}"
            yield from keys_of(sightings_of(record, draft.vocabulary), draft.vocabulary)


def displaced_children(draft: Draft) -> set[str]:
    """Records outside the draft whose `within` means a CI that went, gained or lost members."""
    shaken = [ci for ci, was in draft.were.items() if ci not in draft.items or draft.items[ci].records != was.records]
    children = set(draft.around.children(sorted(shaken))) if shaken else set()
    draft.load(draft.around.records(sorted(children - draft.new.keys())))
    return children
