"""What one patch changed of one record, as the events that history keeps."""

from collections.abc import Iterator

from cmdb.configuration_item import ConfigurationItem
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
        # What a batch tells and takes back again comes as what is gone already.
        unmissed = now._replace(gone=False, misses=0)
        yield _group(new, ci, now, (Event(kind, "record", None, _whole(new, now)), *_states(unmissed, now)))
        return
    then = draft.sightings_before(key)[-1]
    if old.ci != ci:
        yield _group(new, old.ci, now, (Event("parted", "record", ci, None),))
    changed = (
        *((Event("joined", "record", old.ci, _whole(new, now)),) if old.ci != ci else ()),
        *_said_otherwise(then.said, now.said),
        *_states(then, now),
        *_ends(old, then, new, now),
        *_rulings(old, new),
    )
    if changed:
        yield _group(new, ci, now, changed)


def lifecycle_events(draft: Draft) -> Iterator[EventGroup]:
    """One event for every CI whose lifecycle moved; one that comes is live unless an event says otherwise.

    One that goes needs none where a record parts from it. Where it held only what records were before, none does. One
    that stays when its last record parts, because it holds what that was before, has one though it be what it was.
    """
    for ci in sorted(draft.items):
        item, was = draft.items[ci], draft.were.get(ci)
        if item.lifecycle != ("live" if was is None else was.lifecycle) or (
            was is not None and _left_by_all(draft, was)
        ):
            moved = (Event("lifecycle", "lifecycle", None if was is None else was.lifecycle, item.lifecycle),)
            yield EventGroup(ci, "", "", draft.context.now, moved)
    for ci in sorted(draft.were.keys() - draft.items.keys()):
        was = draft.were[ci]
        if not _was_told_of(draft, was):
            over = (Event("lifecycle", "lifecycle", was.lifecycle, None),)
            yield EventGroup(ci, "", "", draft.context.now, over)


def _was_told_of(draft: Draft, was: ConfigurationItem) -> bool:
    """Whether a record's open sighting was of it before this patch."""
    return any(key in draft.old and draft.old[key].ci == was.id for key in was.records)


def _left_by_all(draft: Draft, was: ConfigurationItem) -> bool:
    """Whether the last open sighting has parted from it in this patch."""
    told_of_now = any(sighting.key == sighting.record_key for sighting in draft.groups[was.id])
    return not told_of_now and _was_told_of(draft, was)


def _group(record: Record, ci: str, now: Sighting, events: tuple[Event, ...]) -> EventGroup:
    return EventGroup(ci, record.key, record.source, now.said.observed_at, events)


def _whole(record: Record, now: Sighting) -> dict[str, object]:
    said = now.said
    return {
        "class": said.ci_class,
        "name": said.name,
        "identifiers": [list(found) for found in said.identifiers],
        "attributes": dict(said.attributes),
        "relations": [_tied(claim, end) for claim, end in zip(said.claims, record.ends, strict=True)],
    }


def _spelled(claim: Claim) -> dict[str, object]:
    spelled: dict[str, object] = {"type": claim.type, "to" if claim.outgoing else "from": claim.reference}
    if claim.group is not None:
        spelled["group"] = claim.group
    if claim.need:
        spelled["need"] = spelled_need(claim.need)
    return spelled


def _tied(claim: Claim, end: str | None) -> dict[str, object]:
    """A claim with the CI that its other end is, None while it waits for one."""
    return {**_spelled(claim), "ci": end}


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
                _tied(claim, was) if claim in before else None,
                _tied(claim, is_now) if claim in after else None,
            )
