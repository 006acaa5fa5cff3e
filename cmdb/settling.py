"""settle: to which CI each sighting belongs, decided anew for everything that the batch may concern."""

from collections import Counter
from collections.abc import Collection
from itertools import pairwise

from cmdb.asking import ask
from cmdb.decision import Decision
from cmdb.draft import Draft, keys_of
from cmdb.fold import fold
from cmdb.identification import identify
from cmdb.linking import leads_on
from cmdb.rulings import Rulings, rulings_on
from cmdb.sighting import Sighting, sightings_of


def settle(draft: Draft, keys: Collection[str]) -> None:
    """Decide the CI of every sighting of these records and of all that may be one with them.

    Reads their block once. Fills sightings, keys, groups, items, company and reviews of the draft, and the CIs of its
    records; can be called again when a record's parent has become known.
    """
    settings = draft.context.settings
    carried: Counter[str] = Counter()
    for key in keys:
        _lay_out(draft, key)
        carried.update(draft.keys[key])
    block = draft.around.block(
        [key for key in keys if key in draft.old],
        carried,
        common_at=settings.common_at,
        largest=settings.largest_block,
    )
    if block.cut:
        _leave_as_it_is(draft, keys)
        return
    draft.load(block.records)
    draft.common.update(block.common)
    members = _closed(draft, {*keys, *block.records})
    _load_former_cis(draft, members)
    sightings = [sighting for key in sorted(members) for sighting in draft.sightings[key]]
    rulings = rulings_on(draft, members)
    match = identify(
        sightings,
        draft.vocabulary,
        settings,
        common=draft.common,
        decisions=rulings.decisions,
    )
    draft.company.update(match.company)
    _give_places(draft, members, match.groups, rulings)
    ask(draft, members, match.reviews)


def _leave_as_it_is(draft: Draft, keys: Collection[str]) -> None:
    """A block too large to be decided in a batch: what was one stays one, what is new stands alone.

    Only a pass over the whole estate may decide it.
    """
    members = set(keys)
    while True:  # a companion's closed sightings belong to further CIs, which must be known to be kept
        _load_former_cis(draft, members)
        cis = {ci for key in members if key in draft.old for ci in draft.old[key].cis}
        companions = {key for ci in cis if ci in draft.were for key in draft.were[ci].records} - members
        if not companions:
            break
        draft.load(draft.around.records(sorted(companions - draft.new.keys())))
        members |= companions
    of_ci: dict[str, list[str]] = {}
    for key in members:
        if key not in draft.keys:
            _lay_out(draft, key)
        if key in draft.old:
            was = draft.old[key]
            place = dict(zip((seen.brought for seen in sightings_of(was, draft.vocabulary)), was.cis, strict=True))
            for sighting in draft.sightings[key]:
                if sighting.brought in place:
                    of_ci.setdefault(place[sighting.brought], []).append(sighting.key)
    as_before = [
        Decision("", min(one, other), max(one, other), "one", "", "the block is too large", 0)
        for together in of_ci.values()
        for one, other in pairwise(sorted(together))
    ]
    sightings = [sighting for key in sorted(members) for sighting in draft.sightings[key]]
    everything = {linking: 0 for key in members for linking in draft.keys[key]}
    rulings = rulings_on(draft, members)
    match = identify(
        sightings,
        draft.vocabulary,
        draft.context.settings,
        common=everything,
        decisions=[*as_before, *rulings.decisions],
    )
    draft.company.update(dict.fromkeys((sighting.key for sighting in sightings), 2))
    _give_places(draft, members, match.groups, rulings)


def _lay_out(draft: Draft, key: str) -> None:
    """Sightings and linking keys of a record as it will be."""
    seen = draft.sightings[key] = sightings_of(draft.new[key], draft.vocabulary)
    before = draft.keys.get(key, frozenset())
    now = draft.keys[key] = keys_of(draft.new[key], seen, draft.vocabulary)
    for lost in before - now:
        draft.carriers[lost].remove(key)
    for gained in now - before:
        draft.carriers.setdefault(gained, []).append(key)


def _closed(draft: Draft, members: set[str]) -> set[str]:
    """With everything in the draft that shares a key, or a CI, with a member."""
    of_ci: dict[str, set[str]] = {}
    for key, record in draft.new.items():
        if key in draft.keys:
            for ci in record.cis:
                of_ci.setdefault(ci, set()).add(key)
    reached: set[str] = set()
    todo = list(members)
    while todo:
        key = todo.pop()
        if key in reached:
            continue
        reached.add(key)
        if key not in draft.keys:
            _lay_out(draft, key)
        for linking in draft.keys[key]:
            if linking not in draft.common and leads_on(linking):
                todo.extend(other for other in draft.carriers.get(linking, ()) if other not in reached)
        for ci in draft.new[key].cis:
            todo.extend(other for other in of_ci.get(ci, ()) if other not in reached)
    return reached


def _load_former_cis(draft: Draft, members: Collection[str]) -> None:
    ids = {ci for key in members if key in draft.old for ci in draft.old[key].cis}
    unknown = ids - draft.were.keys()
    if unknown:
        draft.were.update(draft.around.items(sorted(unknown)))


def _give_places(
    draft: Draft, members: Collection[str], groups: tuple[tuple[Sighting, ...], ...], rulings: Rulings
) -> None:
    for key in members:
        for ci in draft.new[key].cis:
            draft.groups.pop(ci, None)
            draft.items.pop(ci, None)
    place: dict[str, str] = {}
    for group in groups:
        item = fold(group, draft.vocabulary, draft.context.now, draft.common, keep=rulings.kept_id(group))
        draft.groups[item.id] = group
        draft.items[item.id] = item
        for sighting in group:
            place[sighting.key] = item.id
    for key in members:
        seen = draft.sightings[key]
        cis = tuple(place[sighting.key] for sighting in seen)
        record = draft.new[key]
        if record.cis != cis:
            draft.new[key] = record._replace(cis=cis)
