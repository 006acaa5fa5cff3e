"""One CI as it is now believed to have been at a time."""

from graph.estate_at import MovedEstate
from graph.item_view import others_of, records_named
from graph.store import ItemView, ReadTransaction, RecordTimes


def item_as_of(look: ReadTransaction, revision: int, id_: str, estate: MovedEstate) -> ItemView | None:
    """A CI with everything that is believed to have stood around it; None where nothing was said of it yet.

    `revision`: the one whose identity is meant. `estate`: all that has to be put back, from the present to there too.
    """
    moved, at = estate.cis, estate.cis.at
    ci = moved.cis[id_] if id_ in moved.cis else look.items([id_]).get(id_)
    if ci is None:
        return None
    unmoved = [found for found in look.incident([id_]) if found.id not in estate.relations]
    put_back = [found for found in estate.relations.values() if found and id_ in (found.from_ci, found.to_ci)]
    relations = tuple(sorted([*unmoved, *put_back], key=lambda found: found.id))
    others = others_of(id_, relations)
    neighbours = {
        key: other.name for key, other in {**look.items(others), **moved.cis}.items() if other and key in others
    }
    records = {}
    for key, record in look.records(records_named(ci, relations)).items():
        state = moved.records.get(key)
        seen = min((state.said if state else record.versions[-1].said).observed_at, at)
        home = state.ci if state else record.ci
        records[key] = RecordTimes(key, record.source, record.realm, record.record, seen, seen, home)
    return ItemView(
        revision, ci._replace(last_seen=min(ci.last_seen, max(at, ci.first_seen))), records, relations, neighbours
    )
