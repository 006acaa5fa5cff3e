"""Who has nothing to do with anybody: a new record none of whose keys anything else carries is a CI of its own.

Most records of a first load are so. Identification would say the same of each of them, at several times the cost.
"""

from collections.abc import Collection

from cmdb.address_slot import changes_with_time
from cmdb.draft import Draft
from cmdb.fold import fold
from cmdb.sighting import is_human


def newcomers(draft: Draft, keys: Collection[str]) -> set[str]:
    """Those of these laid out records; what the store knows of their keys must be laid out as well.

    An open sighting has its record's key, so these are the keys of their only sightings, too.
    """
    carriers = draft.carriers
    found = set()
    for key in keys:
        if key in draft.old or key in draft.placed or len(draft.sightings[key]) > 1 or draft.new[key].rulings:
            continue
        if is_human(draft.sightings[key][0]):
            continue
        for linking in draft.keys[key][0]:
            if len(carriers[linking]) > 1:
                break
        else:
            found.add(key)
    return found


def place_newcomers(draft: Draft, keys: Collection[str]) -> None:
    """Give each of them a CI of its own."""
    vocabulary, now = draft.vocabulary, draft.context.now
    for key in keys:
        alone = draft.sightings[key]
        item = fold(alone, vocabulary, now, draft.weights)
        draft.groups[item.id] = alone
        draft.items[item.id] = item
        draft.new[key] = draft.new[key]._replace(cis=(item.id,))
        if not changes_with_time(alone[0], vocabulary):
            draft.steady.add(key)
    draft.settled.update(keys)
    draft.placed.update(keys)
