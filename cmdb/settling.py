"""settle: to which CI each sighting belongs, decided anew for everything that the batch may concern."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from cmdb.asking import ask
from cmdb.decision import Decision
from cmdb.draft import Draft, keys_of, united
from cmdb.fold import Weights, fold
from cmdb.identification import Match, Review, identify
from cmdb.linking import leads_on
from cmdb.meeting import is_meeting
from cmdb.newcomers import newcomers, place_newcomers
from cmdb.rulings import Rulings, rulings_on
from cmdb.sighting import Record, Sighting, closed_number, record_of, sightings_of
from cmdb.surroundings import Asked, Block


@dataclass(slots=True)
class _Shaken:
    """Where the decision begins: what may have moved, as it will be and as the store has it."""

    members: set[str] = field(default_factory=set)
    stored: set[str] = field(default_factory=set)
    cis: set[str] = field(default_factory=set)


def settle(draft: Draft, keys: Collection[str], cis: Collection[str] = ()) -> None:
    """Decide the CI of what has moved of these records, of all of these CIs, and of all that may be one with them.

    Reads their block once. Fills sightings, keys, groups, items, steady and reviews of the draft, and the CIs of its
    records; can be called again when a record's parent has become known.
    """
    shaken = _Shaken(cis=set(cis))
    carried: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    said: dict[str, frozenset[str]] = {}
    for key in keys:
        before = _keys_before(draft, key)
        _lay_out(draft, key)
        dropped.update(before - draft.laid_out_keys(key))
        moved = {draft.sightings[key][at].key: draft.keys[key][at] for at in _moved(draft, key, shaken)}
        carried.update({linking for held in moved.values() for linking in held})
        said |= moved
    settings = draft.context.settings
    asked = Asked(shaken.stored, _ordered(draft, said), said, carried, dropped, shaken.cis)
    _let_go(draft, dropped.keys(), shaken)
    block = draft.around.block(asked, draft.meetings, common_at=settings.common_at, largest=settings.largest_block)
    _look_at_neighbours(draft, block)
    if block.cut:
        _leave_as_it_is(draft, shaken)
        return
    draft.load(draft.around.records({record_of(sighting) for sighting in block.sightings} - draft.new.keys()))
    _hold_common(draft, block.common)
    known = _as_they_will_be(draft, block.sightings)
    alone = newcomers(draft, keys)
    place_newcomers(draft, alone)
    members = _closed(draft, (shaken.members - alone) | known)
    if not members:
        return
    _hold_common(draft, _common_from_now_on(draft, carried.keys() | dropped.keys(), settings.common_at))
    _load_former_cis(draft, members, block.sightings)
    rulings = rulings_on(draft, members)
    match = identify(
        _ordered(draft, members),
        draft.vocabulary,
        settings,
        common=draft.common,
        decisions=rulings.decisions,
        bearing=draft.borne,
    )
    _weigh(draft, members, match.weights)
    draft.steady -= members
    draft.steady |= match.steady
    _take_place(draft, members, match, rulings, match.reviews)


def _let_go(draft: Draft, dropped: Set[str], shaken: _Shaken) -> None:
    """Count anew what fewer carry than the draft has counted so far: those who still do may be one after all."""
    for key in dropped & draft.common.keys():
        del draft.common[key]
        shaken.members |= draft.carriers[key]


def _common_from_now_on(draft: Draft, keys: Iterable[str], common_at: int) -> dict[str, int]:
    """Which of these keys more than `common_at` records carry now. The batch that takes one over the line was followed
    over it, so everybody who carries it hears that it identifies nothing."""
    counted = {
        key: len({record_of(sighting) for sighting in draft.carriers[key]})
        for key in keys
        if leads_on(key) and len(draft.carriers.get(key, ())) > common_at
    }
    return {key: count for key, count in counted.items() if count > common_at}


def _weigh(draft: Draft, members: Iterable[str], weights: Weights) -> None:
    """What the values of these sightings weigh from now on, by how many bear them."""
    if draft.weights:
        borne = {linking for member in members for linking in _keys_of_one(draft, member)}
        draft.weights = {
            of: weight for of, weight in draft.weights.items() if of[0] not in borne or of[0] in draft.common
        }
    draft.weights |= weights


def _hold_common(draft: Draft, common: Mapping[str, int]) -> None:
    draft.common |= common
    draft.weights |= {(key, ""): 0.0 for key in common}


def _look_at_neighbours(draft: Draft, block: Block) -> None:
    """What is found under one time of an address may come to meet by being heard again, and so is quiet no more."""
    draft.near_keys |= block.near_keys
    for key, record in draft.around.records(block.near - draft.new.keys()).items():
        if record.quiet_until:
            draft.load({key: record})
            draft.new[key] = draft.new[key]._replace(quiet_until=0)


def _keys_before(draft: Draft, key: str) -> frozenset[str]:
    """The linking keys of a record until now."""
    if key in draft.keys:
        return draft.laid_out_keys(key)
    return united(draft.around.kept_keys(key)) if key in draft.old else frozenset()


def _lay_out(draft: Draft, key: str) -> None:
    """Sightings and linking keys of a record as it will be."""
    for linking in draft.laid_out_keys(key) if key in draft.keys else ():
        draft.carriers[linking].difference_update([one.key for one in draft.sightings[key]])
    unchanged = draft.new[key] is draft.old.get(key)
    if unchanged:
        seen, held = draft.sightings_before(key), draft.around.kept_keys(key)
    else:
        seen = sightings_of(draft.new[key], draft.vocabulary)
        held = keys_of(draft.new[key], seen, draft.borne)
    draft.sightings[key], draft.keys[key] = seen, held
    for sighting, linking_keys in zip(seen, held, strict=True):
        for linking in linking_keys:
            draft.carriers.setdefault(linking, set()).add(sighting.key)


def _moved(draft: Draft, key: str, shaken: _Shaken) -> Sequence[int]:
    """Which sightings of a record may not be what they were, by position; they are noted.

    What was closed before, and is as it was, has its place and keeps it: nothing that the record says now is of it.
    """
    old, new = draft.old.get(key), draft.new[key]
    seen = draft.sightings[key]
    if new.correction is not None:
        shaken.stored.add(new.correction.about)  # it goes where the record goes that it is about
    if old is None or (len(seen) == 1 and len(old.versions) == 1):
        if old is not None:
            shaken.stored.add(key)
        shaken.members.update(sighting.key for sighting in seen)
        return range(len(seen))
    was = draft.sightings_before(key)
    before = {sighting.brought: sighting for sighting in was if sighting.closed}
    steady = {
        sighting.brought
        for sighting in seen
        if sighting.closed and old.rulings == new.rulings and _is_as_it_was(sighting, before.get(sighting.brought))
    }
    shaken.stored.update(sighting.key for sighting in was if sighting.brought not in steady)
    moved = [at for at, sighting in enumerate(seen) if sighting.brought not in steady]
    shaken.members.update(seen[at].key for at in moved)
    return moved


def _is_as_it_was(now: Sighting, was: Sighting | None) -> bool:
    """Whether a closed sighting is what it was. Whether its record is still reported says nothing of it."""
    if was is None or (now.said.within is not None and now.parent != was.parent):
        return False
    return now == was._replace(key=now.key, gone=now.gone, misses=now.misses, parent=now.parent)


def _as_they_will_be(draft: Draft, stored: Iterable[str]) -> set[str]:
    """Sightings as the store names them → as they are named in the draft; those that are no more are left out."""
    found: set[str] = set()
    renamed: dict[str, list[str]] = {}
    for sighting in stored:
        key = record_of(sighting)
        if key not in draft.keys:
            _lay_out(draft, key)
        if draft.old[key].versions is draft.new[key].versions:
            found.add(sighting)
        else:
            renamed.setdefault(key, []).append(sighting)
    for key, sightings in renamed.items():
        named = {sighting.brought: sighting.key for sighting in draft.sightings[key]}
        brought = {sighting.key: sighting.brought for sighting in draft.sightings_before(key)}
        found.update(named[brought[sighting]] for sighting in sightings if brought[sighting] in named)
    return found


def _closed(draft: Draft, members: set[str]) -> set[str]:
    """With every sighting in the draft that shares a key, or a CI, with a member."""
    of_ci: dict[str, list[str]] = {}
    place: dict[str, str] = {}
    for key in draft.keys:
        for sighting, ci in _places(draft, key):
            place[sighting] = ci
            of_ci.setdefault(ci, []).append(sighting)
    reached: set[str] = set()
    todo = list(members)
    while todo:
        at = todo.pop()
        if at in reached:
            continue
        reached.add(at)
        near: set[str] = set()
        for linking in _keys_of_one(draft, at):
            if linking in draft.common:
                continue
            if is_meeting(linking):
                near |= draft.carriers[linking]
            elif leads_on(linking):
                todo.extend(draft.carriers[linking] - reached)
        todo.extend(_meeting(draft, at, near - reached))
        if at in place:
            todo.extend(other for other in of_ci[place[at]] if other not in reached)
    return reached


def _meeting(draft: Draft, at: str, others: Iterable[str]) -> Iterable[str]:
    one = _sighting(draft, at)
    return [other for other in others if draft.meetings.met(one, _sighting(draft, other))]


def _sighting(draft: Draft, sighting: str) -> Sighting:
    key = record_of(sighting)
    seen = draft.sightings[key]
    return seen[-1] if sighting == key else seen[closed_number(sighting)]


def _keys_of_one(draft: Draft, sighting: str) -> frozenset[str]:
    key = record_of(sighting)
    held = draft.keys[key]
    return held[-1] if sighting == key else held[closed_number(sighting)]


def _places(draft: Draft, key: str) -> Iterable[tuple[str, str]]:
    """(sighting, its CI) of a record that is laid out, as far as they have one."""
    seen = draft.sightings[key]
    if key in draft.placed:
        return zip((sighting.key for sighting in seen), draft.new[key].cis, strict=True)
    old = draft.old.get(key)
    if old is None:
        return ()
    was = seen if old.versions is draft.new[key].versions else draft.sightings_before(key)
    ci = {sighting.brought: ci for sighting, ci in zip(was, old.cis, strict=True)}
    return [(sighting.key, ci[sighting.brought]) for sighting in seen if sighting.brought in ci]


def _load_former_cis(draft: Draft, members: Collection[str], stored: Iterable[str]) -> None:
    """Everything that members belonged to, or what they were when the store last saw them."""
    ids = {_stored_place(draft.old[record_of(sighting)], sighting) for sighting in stored}
    for key in {record_of(member) for member in members}:
        if key in draft.old:
            ids.update(ci for sighting, ci in _places(draft, key) if sighting in members)
    unknown = ids - draft.were.keys() - draft.items.keys()
    if unknown:
        draft.were.update(draft.around.items(sorted(unknown)))


def _stored_place(record: Record, sighting: str) -> str:
    return record.ci if sighting == record.key else record.cis[closed_number(sighting)]


def _ordered(draft: Draft, members: Collection[str]) -> list[Sighting]:
    records = sorted({record_of(member) for member in members})
    return [sighting for key in records for sighting in draft.sightings[key] if sighting.key in members]


def _leave_as_it_is(draft: Draft, shaken: _Shaken) -> None:
    """A block too large to be decided in a batch: what was one stays one, what is new stands alone.

    Only a pass over the whole estate may decide it.
    """
    members, stored = set(shaken.members), set(shaken.stored)
    draft.load(draft.around.records({record_of(sighting) for sighting in stored} - draft.new.keys()))
    cis = shaken.cis | {_stored_place(draft.old[record_of(sighting)], sighting) for sighting in stored}
    records = {record_of(member) for member in members}
    cis.update(ci for key in records for sighting, ci in _places(draft, key) if sighting in members)
    held_by = {key for item in draft.around.items(sorted(cis - draft.items.keys())).values() for key in item.records}
    draft.load(draft.around.records(held_by - draft.new.keys()))
    held_by.update(one.record_key for ci in cis for one in draft.groups.get(ci, ()))
    of_ci: dict[str, list[str]] = {}
    for key in sorted(held_by | records):
        if key not in draft.keys:
            _lay_out(draft, key)
        for sighting, ci in _places(draft, key):
            if ci in cis:
                of_ci.setdefault(ci, []).append(sighting)
                members.add(sighting)
    _load_former_cis(draft, members, stored)
    as_before = [
        Decision("", min(one, other), max(one, other), "one", "", "the block is too large", 0)
        for together in of_ci.values()
        for one, other in pairwise(sorted(together))
    ]
    rulings = rulings_on(draft, members)
    everything = dict.fromkeys(
        (linking for key in {record_of(member) for member in members} for linking in draft.laid_out_keys(key)), 0
    )
    match = identify(
        _ordered(draft, members),
        draft.vocabulary,
        draft.context.settings,
        common=everything,
        decisions=[*as_before, *rulings.decisions],
    )
    draft.steady -= members
    _take_place(draft, members, match, rulings, None)


def _take_place(
    draft: Draft, members: Collection[str], match: Match, rulings: Rulings, reviews: Iterable[Review] | None
) -> None:
    """Give every member its CI. `reviews` None: nobody looked, what is asked stays asked."""
    records = {record_of(member) for member in members}
    place: dict[str, str] = {}
    for key in records:
        place.update(_places(draft, key))
    for member in members:
        former = place.get(member)
        if former is not None:
            draft.groups.pop(former, None)
            draft.items.pop(former, None)
    for group in match.groups:
        item = fold(group, draft.vocabulary, draft.context.now, draft.weights, keep=rulings.kept_id(group))
        draft.groups[item.id] = group
        draft.items[item.id] = item
        for sighting in group:
            place[sighting.key] = item.id
    for key in records:
        cis = tuple(place[sighting.key] for sighting in draft.sightings[key])
        record = draft.new[key]
        if record.cis != cis:
            draft.new[key] = record._replace(cis=cis)
    draft.settled.update(members)
    draft.placed.update(records)
    if reviews is not None:
        ask(draft, members, reviews)
