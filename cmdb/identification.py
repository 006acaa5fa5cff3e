"""identify: which sightings of a block are of the same thing, and where a person should be asked.

A pure function of the sightings, the decisions and the settings. Groups grow best evidence first; every union is
checked against all members of both groups. Nothing of yesterday's grouping goes in, so nothing of it can be wrong.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.decision import Decision
from cmdb.evidence import Evidence, Group, Weigher, group_of, united, weigher
from cmdb.identity_settings import IdentitySettings
from cmdb.linking import linking_keys
from cmdb.sighting import Sighting, is_human
from cmdb.vetoes import veto
from cmdb.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Review:
    """Two groups that only a person can tell one or two; named by their smallest sightings."""

    a: str
    b: str
    score: float
    threshold: float
    evidence: tuple[Evidence, ...]
    vetoes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The partition of a block, and the pairs that wait for a person."""

    groups: tuple[tuple[Sighting, ...], ...]
    reviews: tuple[Review, ...]
    company: Mapping[str, int]
    """sighting key → how many sightings share a linking key with it, directly or through others; itself counted"""


def identify(
    sightings: Sequence[Sighting],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
    *,
    common: Mapping[str, int] | None = None,
    decisions: Iterable[Decision] = (),
) -> Match:
    """The groups of sightings that are one thing each, in the order of their smallest sighting key.

    `common` are linking keys that the store found on too many records, with how many; they link nothing.
    """
    things = [sighting for sighting in sightings if not is_human(sighting)]
    keys = [linking_keys(sighting, vocabulary) for sighting in things]
    dead = _too_common(keys, settings, common or {})
    ruled = _rulings(decisions)
    groups: list[tuple[Sighting, ...]] = []
    reviews: list[Review] = []
    company: dict[str, int] = {}
    for component in _components(things, keys, dead, ruled):
        for at in component:
            company[things[at].key] = len(component)
        if len(component) == 1:
            groups.append((things[component[0]],))
            continue
        found, asked = _agglomerate([things[at] for at in component], vocabulary, settings, ruled)
        groups.extend(found)
        reviews.extend(asked)
    groups = _with_people(groups, [sighting for sighting in sightings if is_human(sighting)], company)
    return Match(
        tuple(sorted(groups, key=lambda group: group[0].key)),
        tuple(sorted(reviews, key=lambda review: (review.a, review.b))),
        company,
    )


Rulings = Mapping[tuple[str, str], str]


def _rulings(decisions: Iterable[Decision]) -> Rulings:
    return {(min(d.a, d.b), max(d.a, d.b)): d.verdict for d in decisions}


def _too_common(keys: Sequence[set[str]], settings: IdentitySettings, common: Mapping[str, int]) -> set[str]:
    """Keys that link nothing: known to be common, or carried by more than `common_at` sightings of the block."""
    count: dict[str, int] = {}
    for held in keys:
        for key in held:
            count[key] = count.get(key, 0) + 1
    return {key for key, often in count.items() if often > settings.common_at or key in common}


def _components(
    things: Sequence[Sighting], keys: Sequence[set[str]], dead: set[str], ruled: Rulings
) -> list[list[int]]:
    """Positions of sightings connected by living keys, or by a person's word."""
    parent = list(range(len(things)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    bearer: dict[str, int] = {}
    for at, held in enumerate(keys):
        for key in held:
            if key not in dead:
                first = bearer.setdefault(key, at)
                if first != at:
                    parent[root(at)] = root(first)
    if ruled:
        place = {sighting.key: at for at, sighting in enumerate(things)}
        for (a, b), verdict in ruled.items():
            if verdict == "one" and a in place and b in place:
                parent[root(place[a])] = root(place[b])
    components: dict[int, list[int]] = {}
    for at in range(len(things)):
        components.setdefault(root(at), []).append(at)
    return list(components.values())


def _agglomerate(
    sightings: list[Sighting], vocabulary: Vocabulary, settings: IdentitySettings, ruled: Rulings
) -> tuple[list[tuple[Sighting, ...]], list[Review]]:
    alone = [group_of(sighting, vocabulary) for sighting in sorted(sightings, key=lambda s: s.key)]
    weigh = weigher(alone, vocabulary, settings)
    groups: dict[int, Group] = dict(enumerate(alone))
    for (a, b), verdict in sorted(ruled.items()):
        if verdict == "one":
            _unite_ruled(groups, a, b)
    neighbours = _neighbours(groups)
    scores: dict[tuple[int, int], float] = {}
    heap: list[tuple[float, str, str, int, int]] = []

    def consider(one: int, other: int) -> None:
        one, other = min(one, other), max(one, other)
        score = weigh.score(groups[one], groups[other])
        scores[one, other] = score
        if score >= settings.review_at:
            a, b = sorted((groups[one].key, groups[other].key))
            heapq.heappush(heap, (-score, a, b, one, other))

    for one, others in neighbours.items():
        for other in others:
            if one < other:
                consider(one, other)
    refused: dict[tuple[int, int], tuple[str, ...]] = {}
    upcoming = len(alone)
    while heap:
        negative, _, _, one, other = heapq.heappop(heap)
        if one not in groups or other not in groups or scores.get((one, other)) != -negative:
            continue
        if -negative < settings.merge_at:
            break
        if _kept_apart(groups[one], groups[other], ruled) or veto(groups[one], groups[other], weigh):
            continue
        if _is_contested(one, other, -negative, groups, neighbours, scores, weigh):
            refused[one, other] = ("another partner is nearly as good",)
            continue
        groups[upcoming] = united(groups.pop(one), groups.pop(other))
        neighbours[upcoming] = {n for n in neighbours.pop(one) | neighbours.pop(other) if n in groups}
        for neighbour in sorted(neighbours[upcoming]):
            neighbours[neighbour] = {n for n in neighbours[neighbour] if n in groups} | {upcoming}
            consider(neighbour, upcoming)
        upcoming += 1
    reviews = _reviews(groups, neighbours, scores, refused, weigh, ruled)
    return [group.members for group in groups.values()], reviews


def _unite_ruled(groups: dict[int, Group], a: str, b: str) -> None:
    at = {member.key: number for number, group in groups.items() for member in group.members}
    if a in at and b in at and at[a] != at[b]:
        groups[at[a]] = united(groups[at[a]], groups.pop(at[b]))


def _neighbours(groups: Mapping[int, Group]) -> dict[int, set[int]]:
    """Groups that share any value, name or place: only they can have evidence in favour."""
    bearers: dict[tuple[str, str], list[int]] = {}
    for number, group in groups.items():
        for kind, held in group.values.items():
            for value in held:
                bearers.setdefault((kind, value), []).append(number)
        for name in group.names:
            bearers.setdefault(("name", name), []).append(number)
        for place in group.places:
            bearers.setdefault(("place", place), []).append(number)
    near: dict[int, set[int]] = {number: set() for number in groups}
    for sharing in bearers.values():
        for number in sharing:
            near[number].update(sharing)
    for number, others in near.items():
        others.discard(number)
    return near


def _kept_apart(one: Group, other: Group, ruled: Rulings) -> bool:
    return bool(ruled) and any(
        ruled.get((min(a.key, b.key), max(a.key, b.key))) == "apart" for a in one.members for b in other.members
    )


def _is_contested(
    one: int,
    other: int,
    score: float,
    groups: Mapping[int, Group],
    neighbours: Mapping[int, set[int]],
    scores: Mapping[tuple[int, int], float],
    weigh: Weigher,
) -> bool:
    """Whether a third group fits one of them nearly as well but can never go with the other."""
    limit = max(score - weigh.settings.contested_within, weigh.settings.merge_at)
    for mine, partner in ((one, other), (other, one)):
        for third in neighbours[mine]:
            if third == partner or third not in groups:
                continue
            rival = scores.get((min(mine, third), max(mine, third)), float("-inf"))
            if (
                rival >= limit
                and veto(groups[mine], groups[third], weigh) is None
                and veto(groups[partner], groups[third], weigh) is not None
            ):
                return True
    return False


def _reviews(
    groups: Mapping[int, Group],
    neighbours: Mapping[int, set[int]],
    scores: Mapping[tuple[int, int], float],
    refused: Mapping[tuple[int, int], tuple[str, ...]],
    weigh: Weigher,
    ruled: Rulings,
) -> list[Review]:
    settings = weigh.settings
    asked = []
    for one in sorted(groups):
        for other in sorted(n for n in neighbours[one] if n > one and n in groups):
            score = scores.get((one, other))
            if score is None or score < settings.review_at or _kept_apart(groups[one], groups[other], ruled):
                continue
            if (score >= settings.merge_at and (one, other) not in refused) or veto(groups[one], groups[other], weigh):
                continue
            a, b = sorted((groups[one], groups[other]), key=lambda group: group.key)
            asked.append(
                Review(
                    a.key,
                    b.key,
                    score,
                    settings.merge_at,
                    tuple(weigh.evidence(a, b)),
                    refused.get((one, other), ()),
                )
            )
    return asked


def _with_people(
    groups: list[tuple[Sighting, ...]], people: Sequence[Sighting], company: dict[str, int]
) -> list[tuple[Sighting, ...]]:
    """A person's correction goes with the open sighting of the record it was made about."""
    if not people:
        return groups
    at = {member.record_key: place for place, group in enumerate(groups) for member in group if not member.closed}
    found = list(groups)
    for person in sorted(people, key=lambda sighting: sighting.key):
        company[person.key] = 2
        place = at.get(person.correction.about) if person.correction else None
        if place is None:
            found.append((person,))
        else:
            found[place] = (*found[place], person)
    return found
