"""How right a partition is: pair precision, B-cubed recall beside its bound, the worst cluster, what splits overnight.

Only what has one truth is scored: a record of a shared address or of a dock that several machines used is in nobody's
favour. Formulas: Bagga and Baldwin (B-cubed); pairs as in `P = sum C(n_ct, 2) / sum C(n_c, 2)`.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from cmdb.ci_class import DAY
from cmdb.identifier import NAME_KINDS, is_scoped, swapped_uuid
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary

SLACK = {"name": 14 * DAY, "fqdn": 14 * DAY, "ip": DAY}
"""kind → microseconds that may lie between two bearers; a directory's last contact may be two weeks too old"""


class Score(NamedTuple):
    """Shares are 0 to 1; `largest_false` is the most machines found in one cluster."""

    precision: float
    recall: float
    largest_false: int
    false_clusters: int


def score(labels: Mapping[str, Hashable], truths: Mapping[str, int]) -> Score:
    """`labels`: sighting → cluster; `truths`: sighting → machine, for those that have one."""
    clusters: dict[Hashable, Counter[int]] = defaultdict(Counter)
    for sighting, truth in truths.items():
        clusters[labels[sighting]][truth] += 1
    of_truth = Counter(truths.values())
    right = sum(n * (n - 1) // 2 for held in clusters.values() for n in held.values())
    said = sum(n * (n - 1) // 2 for n in (sum(held.values()) for held in clusters.values()))
    recall = sum(n * n / of_truth[truth] for held in clusters.values() for truth, n in held.items()) / len(truths)
    false = [len(held) for held in clusters.values() if len(held) > 1]
    return Score(right / said if said else 1.0, recall, max(false, default=1), len(false))


def split_overnight(before: Mapping[str, Hashable], after: Mapping[str, Hashable], truths: Mapping[str, int]) -> float:
    """Share of yesterday's right groups (two or more sightings, one truth) whose members are not together today."""
    groups: dict[Hashable, list[str]] = defaultdict(list)
    for sighting, label in before.items():
        if sighting in truths and sighting in after:
            groups[label].append(sighting)
    right = [held for held in groups.values() if len(held) > 1 and len({truths[s] for s in held}) == 1]
    split = sum(len({after[s] for s in held}) > 1 for held in right)
    return split / len(right) if right else 0.0


class _Borne(NamedTuple):
    at: int
    truth: int
    first: int
    last: int


def bound(sightings: Sequence[Sighting], truths: Mapping[str, int], words: Vocabulary) -> dict[str, Hashable]:
    """Labels of somebody who knows which values tell: the best that the evidence allows, for B-cubed recall.

    Two sightings of one machine can be known to be one where they share values that set them apart: an identifier; a
    name that a directory, an MDM or a full domain name vouches for, with at most 14 days between; an address in one
    realm with at most a day between. Shared values set two apart unless one sighting of another machine bears all of
    them, no further in time from either than they are from each other. One machine's sightings are one as far as such
    links reach. A name alone that nobody vouches for is no link: it never is for whoever does not know the truth.
    """
    scored = [s for s in sightings if s.key in truths]
    borne: dict[tuple[str, str, str], list[_Borne]] = defaultdict(list)
    values: list[dict[tuple[str, str, str], tuple[int, int]]] = []
    for at, sighting in enumerate(scored):
        held = dict(_values(sighting, words))
        values.append(held)
        for value, (first, last) in held.items():
            borne[value].append(_Borne(at, truths[sighting.key], first, last))
    of_truth: dict[int, list[int]] = defaultdict(list)
    for at, sighting in enumerate(scored):
        of_truth[truths[sighting.key]].append(at)
    labels: dict[str, Hashable] = {}
    for truth, members in of_truth.items():
        parent = {at: at for at in members}

        def root(at: int, parent: dict[int, int] = parent) -> int:
            while parent[at] != at:
                at = parent[at]
            return at

        for one, other in combinations(members, 2):
            if root(one) != root(other) and _tells(
                truth, scored[one], scored[other], values[one], values[other], borne, words
            ):
                parent[root(one)] = root(other)
        labels.update((scored[at].key, (truth, root(at))) for at in members)
    return labels


def _values(sighting: Sighting, words: Vocabulary) -> Iterable[tuple[tuple[str, str, str], tuple[int, int]]]:
    for kind, value, first, last in sighting.lifetimes:
        if kind in NAME_KINDS:
            yield ("name", value.partition(".")[0], ""), (first, last)
            if kind == "fqdn" and not is_scoped(words.identifier_kinds[kind], value):
                yield ("fqdn", value, ""), (first, last)
        elif kind == "ip":
            yield ("ip", value, sighting.realm), (first, last)
        else:
            yield (kind, min(value, swapped_uuid(value)) if kind == "uuid" else value, ""), (first, last)


def _tells(
    truth: int,
    one: Sighting,
    other: Sighting,
    mine: Mapping[tuple[str, str, str], tuple[int, int]],
    theirs: Mapping[tuple[str, str, str], tuple[int, int]],
    borne: Mapping[tuple[str, str, str], list[_Borne]],
    words: Vocabulary,
) -> bool:
    vouched = words.traits(one.source).guarantees_names or words.traits(other.source).guarantees_names
    strangers: set[int] | None = None
    for value in mine.keys() & theirs.keys():
        gap = _apart(mine[value], theirs[value])
        if gap > SLACK.get(value[0], gap) or (value[0] == "name" and not vouched):
            continue
        bearing = {
            b.at
            for b in borne[value]
            if b.truth != truth
            and _apart((b.first, b.last), mine[value]) <= gap
            and _apart((b.first, b.last), theirs[value]) <= gap
        }
        strangers = bearing if strangers is None else strangers & bearing
    return strangers is not None and not strangers


def _apart(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, one[0] - other[1], other[0] - one[1])
