"""What one patch changed of one record, as the events that history keeps."""

from collections.abc import Iterator

from cmdb.draft import Draft
from cmdb.graph_patch import Event, EventGroup
from cmdb.observation import Claim, Observation, spelled_need
from cmdb.sighting import Record, Sighting


def events_of(draft: Draft, key: str) -> Iterator[EventGroup]:
    """The events of a record, at most one group per CI concerned; nothing where only times moved."""
    new, old = draft.new[key], draft.old.get(key)
    now = draft.open_sighting(key)
    ci = new.ci
    if old is None:
        kind = "created" if draft.items[ci].id == now.brought and ci not in draft.were else "joined"
        yield _group(new, ci, now, (Event(kind, "record", None, _whole(now.said)),))
        return
    then = draft.sightings_before(key)[-1]
    if old.ci != ci:
        yield _group(new, old.ci, now, (Event("parted", "record", ci, None),))
    changed = (
        *((Event("joined", "record", old.ci, _whole(now.said)),) if old.ci != ci else ()),
        *_said_otherwise(then.said, now.said),
        *_states(then, now),
        *_ends(old, then, new, now),
        *_rulings(old, new),
    )
    if changed:
        yield _group(new, ci, now, changed)


def lifecycle_events(draft: Draft) -> Iterator[EventGroup]:
    """One event for every CI whose lifecycle moved; one that comes is live unless an event says otherwise.

    One that goes needs none where a record parts from it. Where it held only what records were before, none does.
    """
    for ci in sorted(draft.items):
        item, was = draft.items[ci], draft.were.get(ci)
        if item.lifecycle != ("live" if was is None else was.lifecycle):
            moved = (Event("lifecycle", "lifecycle", None if was is None else was.lifecycle, item.lifecycle),)
            yield EventGroup(ci, "", "", draft.context.now, moved)
    for ci in sorted(draft.were.keys() - draft.items.keys()):
        was = draft.were[ci]
        if not any(key in draft.old and draft.old[key].ci == ci for key in was.records):
            over = (Event("lifecycle", "lifecycle", was.lifecycle, None),)
            yield EventGroup(ci, "", "", draft.context.now, over)


def _group(record: Record, ci: str, now: Sighting, events: tuple[Event, ...]) -> EventGroup:
    return EventGroup(ci, record.key, record.source, now.said.observed_at, events)


def _whole(said: Observation) -> dict[str, object]:
    return {
        "class": said.ci_class,
        "name": said.name,
        "identifiers": [list(found) for found in said.identifiers],
        "attributes": dict(said.attributes),
        "relations": [_spelled(claim) for claim in said.claims],
    }


def _spelled(claim: Claim) -> dict[str, object]:
    spelled: dict[str, object] = {"type": claim.type, "to" if claim.outgoing else "from": claim.reference}
    if claim.group is not None:
        spelled["group"] = claim.group
    if claim.need:
        spelled["need"] = spelled_need(claim.need)
    return spelled


def _said_otherwise(then: Observation, now: Observation) -> Iterator[Event]:
    if then.content == now.content:
        return
    if then.ci_class != now.ci_class:
        yield Event("fact", "class", then.ci_class, now.ci_class)
    if then.name != now.name:
        yield Event("fact", "name", then.name, now.name)
    before, after = dict(then.attributes), dict(now.attributes)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name) or (name in before) != (name in after):
            yield Event("fact", name, before.get(name), after.get(name))
    for kind, value in sorted(set(then.identifiers) - set(now.identifiers)):
        yield Event("identifier", kind, value, None)
    for kind, value in sorted(set(now.identifiers) - set(then.identifiers)):
        yield Event("identifier", kind, None, value)


def _states(then: Sighting, now: Sighting) -> Iterator[Event]:
    if then.gone != now.gone:
        yield Event("fact", "record.gone", then.gone, now.gone)
    if then.misses != now.misses:
        yield Event("fact", "record.misses", then.misses, now.misses)


def _rulings(old: Record, new: Record) -> Iterator[Event]:
    before = {ruling.decision: ruling.verdict for ruling in old.rulings}
    after = {ruling.decision: ruling.verdict for ruling in new.rulings}
    for decision in sorted(before.keys() ^ after.keys()):
        yield Event("decision", decision, before.get(decision), after.get(decision))


def _ends(old: Record, then: Sighting, new: Record, now: Sighting) -> Iterator[Event]:
    before = dict(zip(then.said.claims, old.ends, strict=True)) if then.is_open else {}
    after = dict(zip(now.said.claims, new.ends, strict=True)) if now.is_open else {}
    for claim in sorted(before.keys() | after.keys(), key=repr):
        was, is_now = before.get(claim), after.get(claim)
        if was != is_now or (claim in before) != (claim in after):
            yield Event(
                "relation",
                claim.type,
                {**_spelled(claim), "ci": was} if claim in before else None,
                {**_spelled(claim), "ci": is_now} if claim in after else None,
            )
