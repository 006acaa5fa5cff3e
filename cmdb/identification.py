"""identify: which sightings of a block are of the same thing, and where a person should be asked.

A pure function of the sightings, the decisions and the settings. Groups grow best evidence first; every union is
checked against all members of both groups. Nothing of yesterday's grouping goes in, so nothing of it can be wrong.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from cmdb.address_slot import changes_with_time
from cmdb.agglomeration import Review as Review
from cmdb.agglomeration import Rulings, agglomerate
from cmdb.crowding import Crowding, crowding
from cmdb.decision import Decision
from cmdb.evidence import Weigher
from cmdb.fold import Weights
from cmdb.group import Group, group_of, kind_of
from cmdb.identity_settings import IdentitySettings
from cmdb.linking import KeysBorne, leads_on
from cmdb.meeting import MEETING, is_meeting, meet, meeting_keys, now_key, stay
from cmdb.never_one import never_one
from cmdb.plainly_one import Plainness, plainly_one
from cmdb.sighting import Sighting, is_human
from cmdb.stop_values import stopped_keys, without_stopped
from cmdb.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Match:
    """The partition of a block, and the pairs that wait for a person."""

    groups: tuple[tuple[Sighting, ...], ...]
    reviews: tuple[Review, ...]
    contested: frozenset[tuple[str, str]]
    """smallest keys of two groups that fit, but stayed two because another fits one of them nearly as well"""
    steady: frozenset[str]
    """keys of sightings that can be seen again as they are, and no group will be another for it"""
    weights: Weights
    """of the values that many bear at once"""


def identify(
    sightings: Sequence[Sighting],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
    *,
    common: Mapping[str, int] | None = None,
    decisions: Iterable[Decision] = (),
    bearing: KeysBorne | None = None,
) -> Match:
    """The groups of sightings that are one thing each, in the order of their smallest sighting key.

    `common` are linking keys that the store found on too many records, with how many; they link nothing. `bearing`
    knows the keys of sightings that were asked about before.
    """
    things, borne = _laid_out(sightings, vocabulary, bearing or KeysBorne(vocabulary))
    shared = _shared(things, borne, settings, common or {})
    crowd = crowding(
        {key: held_by for key, held_by in shared.items() if leads_on(key)}, things, borne, vocabulary, settings
    )
    ruled = {(min(d.a, d.b), max(d.a, d.b)): d.verdict for d in decisions}
    ruled_with = _ruled_with(ruled)
    crowded = _crowded_times(shared, things, common or {}, vocabulary, settings)
    links = _links(shared, things, borne, crowd, crowded, vocabulary, settings)
    groups: list[tuple[Sighting, ...]] = []
    reviews: list[Review] = []
    contested: list[tuple[str, str]] = []
    for_good: list[list[int]] = []
    for component in _components(things, links, ruled):
        if len(component) == 1:
            groups.append((things[component[0]],))
            for_good.append(component)
            continue
        component.sort(key=lambda at: things[at].key)
        weigh = Weigher(vocabulary, settings, _among(component, things, borne, crowd, vocabulary, settings))
        decided = {pair: ruled[pair] for at in component for pair in ruled_with.get(things[at].key, ())}
        plain = Plainness.NO if decided else plainly_one(component, things, borne, weigh)
        if plain:
            groups.append(tuple(things[at] for at in component))
            if plain is Plainness.FOR_GOOD:
                for_good.append(component)
            continue
        alone = [group_of(things[at], borne[at], vocabulary) for at in component]
        place = {at: number for number, at in enumerate(component)}
        near = {number: {place[other] for other in links[at]} for at, number in place.items()}
        found, asked, undecided = agglomerate(alone, near, weigh, decided)
        groups.extend(tuple(sorted(members, key=lambda member: member.key)) for members in found)
        reviews.extend(asked)
        contested.extend(undecided)
    groups = _with_people(groups, [sighting for sighting in sightings if is_human(sighting)])
    return Match(
        tuple(sorted(groups, key=lambda group: group[0].key)),
        tuple(sorted(reviews, key=lambda review: (review.a, review.b))),
        frozenset(contested),
        _steady(for_good, things, shared, vocabulary),
        _weights(Weigher(vocabulary, settings, crowd)),
    )


def _laid_out(
    sightings: Iterable[Sighting], vocabulary: Vocabulary, known: KeysBorne
) -> tuple[list[Sighting], list[dict[str, tuple[int, int]]]]:
    """What no person said, and what each of it bears that identifies."""
    stopped = stopped_keys(vocabulary)
    things = [sighting for sighting in sightings if not is_human(sighting)]
    return things, [without_stopped(known.of(sighting), stopped) for sighting in things]


def _weights(weigh: Weigher) -> Weights:
    """What is left of the weight of values that several bear at once; names are counted in each realm of their own."""
    crowd, kinds = weigh.crowding, weigh.vocabulary.identifier_kinds
    found: dict[tuple[str, str], float] = {}
    for key in crowd.often:
        declared = kinds.get(kind_of(key))
        if declared is not None:
            found[key, ""] = max(0.0, weigh.worth(key, declared.bits))
            for realm, often in crowd.at_home.get(key, {}).items():
                found[key, realm] = max(0.0, weigh.among(declared.bits, often))
    return found | {(key, ""): 0.0 for key in crowd.slots}


def _ruled_with(ruled: Rulings) -> dict[str, list[tuple[str, str]]]:
    """Sighting key → the pairs that a person decided it in."""
    found: dict[str, list[tuple[str, str]]] = {}
    for pair in ruled:
        for key in pair:
            found.setdefault(key, []).append(pair)
    return found


def _is_crowd(held_by: Sequence[int], things: Sequence[Sighting], settings: IdentitySettings) -> bool:
    """Whether more records bear a key than identity counts; a store counts records, too."""
    most = settings.common_at
    return len(held_by) > most and len({things[at].record_key for at in held_by}) > most


def _held_now(
    held_by: Sequence[int],
    key: str,
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
) -> Sequence[int]:
    return [at for at in held_by if borne[at][key][1] == things[at].last]


def _shared(
    things: Sequence[Sighting],
    borne: Sequence[dict[str, tuple[int, int]]],
    settings: IdentitySettings,
    common: Mapping[str, int],
) -> dict[str, list[int]]:
    """Living key → positions of those that bear it, where there are two or more.

    Keys known to be common, or borne by more than `common_at` records of the block, identify nothing: they are
    taken out of `borne`.
    """
    bearing: dict[str, list[int]] = {}
    for at, held in enumerate(borne):
        for key in held:
            if key in bearing:
                bearing[key].append(at)
            else:
                bearing[key] = [at]
    shared: dict[str, list[int]] = {}
    for key, held_by in bearing.items():
        known_as, counted = (key, held_by) if leads_on(key) else (now_key(key), _held_now(held_by, key, things, borne))
        if key in common or known_as in common or _is_crowd(counted, things, settings):
            for at in held_by:
                del borne[at][key]
        elif len(held_by) > 1:
            shared[key] = held_by
    return shared


def _links(
    shared: Mapping[str, list[int]],
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
    crowd: Crowding,
    crowded: Set[str],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
) -> dict[int, set[int]]:
    """Who is worth comparing with whom: only they can have evidence in favour and no veto for ever."""
    links: dict[int, set[int]] = {}
    times = cache(lambda at: frozenset(meeting_keys(things[at], vocabulary)))
    for key, bearing in shared.items():
        if not leads_on(key):
            pairs = _holders_in_turn(bearing, key, things, borne, vocabulary)
            if crowded:  # they are found under a time of an address at which not too many had it
                pairs = (pair for pair in pairs if not times(pair[0]) & times(pair[1]) <= crowded)
        elif crowd.links(key, settings):
            pairs = combinations(bearing, 2)
        elif key in crowd.at_home:
            pairs = _at_home(bearing, key, things, crowd, settings)
        else:
            continue
        for one, other in pairs:
            if never_one(things[one], things[other], vocabulary):
                continue
            links.setdefault(one, set()).add(other)
            links.setdefault(other, set()).add(one)
    return links


def _at_home(
    bearing: Sequence[int], key: str, things: Sequence[Sighting], crowd: Crowding, settings: IdentitySettings
) -> Iterable[tuple[int, int]]:
    """Pairs of those that bear a crowded name in one realm where it is not crowded."""
    for one, other in combinations(bearing, 2):
        realm = things[one].realm
        if realm == things[other].realm and crowd.often_between(key, realm, realm) <= settings.compared_at:
            yield one, other


def _holders_in_turn(
    bearing: Sequence[int],
    key: str,
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
    vocabulary: Vocabulary,
) -> Iterable[tuple[int, int]]:
    """Pairs of those that held an address at nearly the same time."""
    held = []
    for at in bearing:
        found = stay(things[at], *borne[at][key], vocabulary)
        if found is not None:
            held.append((found, at))
    held.sort()
    for number, (mine, one) in enumerate(held):
        for theirs, other in held[number + 1 :]:
            if theirs.first - mine.last > MEETING:
                break
            if meet(things[one], mine, things[other], theirs, vocabulary):
                yield one, other


def _crowded_times(
    shared: Mapping[str, list[int]],
    things: Sequence[Sighting],
    common: Mapping[str, int],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
) -> frozenset[str]:
    """Keys of the times of an address at which more records than identity counts had it; no block is followed there."""
    found = {key for key in common if is_meeting(key)}
    for key, bearing in shared.items():
        if not leads_on(key) and _is_crowd(bearing, things, settings):
            had = {(time, things[at].record_key) for at in bearing for time in meeting_keys(things[at], vocabulary)}
            counted = Counter(time for time, _ in had)
            found |= {time for time, records in counted.items() if records > settings.common_at}
    return frozenset(found)


def _components(things: Sequence[Sighting], links: dict[int, set[int]], ruled: Rulings) -> list[list[int]]:
    """Positions of sightings connected by links, or by a person's word; `links` comes to hold every position."""
    if ruled:
        place = {sighting.key: at for at, sighting in enumerate(things)}
        for (a, b), verdict in ruled.items():
            if verdict == "one" and a in place and b in place:
                links.setdefault(place[a], set()).add(place[b])
                links.setdefault(place[b], set()).add(place[a])
    seen = bytearray(len(things))
    components = []
    for start in range(len(things)):
        if seen[start]:
            continue
        seen[start] = 1
        component = [start]
        for at in component:
            for other in links.setdefault(at, set()):
                if not seen[other]:
                    seen[other] = 1
                    component.append(other)
        components.append(component)
    return components


def _among(
    component: Sequence[int],
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
    crowd: Crowding,
    vocabulary: Vocabulary,
    settings: IdentitySettings,
) -> Crowding:
    """The crowding that one component sees: of an address, only those who hold it together, not all who ever did."""
    holders: dict[str, list[int]] = {}
    often: dict[str, int] = {}
    for at in component:
        for key in borne[at]:
            if not leads_on(key):
                holders.setdefault(key, []).append(at)
            elif key in crowd.often:
                often[key] = crowd.often[key]
    together = {key: held_by for key, held_by in holders.items() if len(held_by) > 1}
    often.update(crowding(together, things, borne, vocabulary, settings).often)
    return Crowding(often, crowd.slots, crowd.at_home)


def _steady(
    for_good: Iterable[Sequence[int]],
    things: Sequence[Sighting],
    shared: Mapping[str, list[int]],
    vocabulary: Vocabulary,
) -> frozenset[str]:
    """Of components that time alone cannot part: those that share no key with another, over which they might yet join.

    Who may come to meet over an address is left to those who know who else is found there.
    """
    component_of = {at: number for number, component in enumerate(for_good) for at in component}
    mixed: set[int | None] = {None}
    for key, bearing in shared.items():
        if leads_on(key):
            components = {component_of.get(at) for at in bearing}
            if len(components) > 1:
                mixed |= components
    return frozenset(
        things[at].key
        for at, number in component_of.items()
        if number not in mixed and not changes_with_time(things[at], vocabulary)
    )


def _with_people(groups: list[tuple[Sighting, ...]], people: Sequence[Sighting]) -> list[tuple[Sighting, ...]]:
    """A person's correction goes with the open sighting of the record it was made about."""
    if not people:
        return groups
    at = {member.record_key: place for place, group in enumerate(groups) for member in group if not member.closed}
    found = list(groups)
    for person in sorted(people, key=lambda sighting: sighting.key):
        place = at.get(person.correction.about) if person.correction else None
        if place is None:
            found.append((person,))
        else:
            found[place] = (*found[place], person)
    return found


def weighable(
    sightings: Sequence[Sighting], vocabulary: Vocabulary, settings: IdentitySettings, common: Mapping[str, int]
) -> tuple[Weigher, dict[str, Group]]:
    """What weighs the sightings of a block, and each of them as a group of its own by its key: to look at pairs."""
    things, borne = _laid_out(sightings, vocabulary, KeysBorne(vocabulary))
    crowd = crowding(_shared(things, borne, settings, common), things, borne, vocabulary, settings)
    groups = {thing.key: group_of(thing, held, vocabulary) for thing, held in zip(things, borne, strict=True)}
    return Weigher(vocabulary, settings, crowd), groups
