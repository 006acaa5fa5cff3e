"""Until when a record can say the same again without moving anything but times, so that nobody need look at it."""

from cmdb.draft import Draft
from cmdb.ends import is_moving
from cmdb.fold import same_fold_until
from cmdb.meeting import is_meeting, same_keys_until
from cmdb.sighting import Record, Sighting


def quieten(draft: Draft) -> None:
    """Set `quiet_until` of every record whose open sighting was settled in this patch.

    Whoever comes later and shares a key with one settles it anew, and so asks again.
    """
    folds: dict[str, int] = {}
    for key in draft.settled_records():
        record = draft.new[key]
        until = 0
        if key in draft.steady and key not in draft.timed and _is_plain(draft, record):
            ends = folds.get(record.ci)
            if ends is None:
                ends = folds[record.ci] = same_fold_until(draft.groups[record.ci], draft.vocabulary)
            sighting = draft.open_sighting(key)
            until = min(ends, same_keys_until(sighting))
            until = until if until > sighting.last else 0
        if record.quiet_until != until:
            draft.new[key] = record._replace(quiet_until=until)
    for key in draft.new.keys() - draft.settled:
        record = draft.new[key]
        if record.quiet_until and (key in draft.timed or None in record.ends):
            draft.new[key] = record._replace(quiet_until=0)


def _is_plain(draft: Draft, record: Record) -> bool:
    """Whether its being said again is no news: it is there, alone at its addresses, and nobody spoke of it."""
    sighting = draft.open_sighting(record.key)
    group = draft.groups[record.ci]
    return (
        len(record.versions) == 1
        and sighting.is_open
        and sighting.said.observed_at == sighting.last  # else a touch cannot tell which identifiers it lengthens
        and not sighting.misses
        and None not in record.ends  # whoever tells of a relation hears each time that its end is not known
        and draft.items[record.ci].lifecycle == "live"
        and not any(member.correction is not None for member in group)
        and not _names_what_moves(draft, sighting)
        and _is_alone_at_its_addresses(draft, record.key, group)
        and not _stays_loud(draft, record)
    )


def _stays_loud(draft: Draft, record: Record) -> bool:
    """Whether a claim may hang on its times (`Draft.timed`): that is asked again only when they move."""
    old = draft.old.get(record.key)
    return old is not None and not old.quiet_until and old.versions == record.versions


def _names_what_moves(draft: Draft, sighting: Sighting) -> bool:
    said = sighting.said
    if said.within is not None and is_moving(draft.meanings[said.within]):
        return True
    return any(is_moving(draft.meanings[claim.reference]) for claim in said.claims)


def _is_alone_at_its_addresses(draft: Draft, key: str, group: tuple[Sighting, ...]) -> bool:
    """Whether nobody but its own group is found there: others may come to meet it by its being seen again."""
    near, carriers = draft.near_keys, draft.carriers
    meetings = [linking for linking in draft.keys[key][-1] if is_meeting(linking)]
    if not meetings:
        return True
    mine = {member.key for member in group}
    return all(linking not in near and carriers[linking] <= mine for linking in meetings)
