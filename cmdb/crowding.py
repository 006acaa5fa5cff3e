"""How many things bear a value at the same time: what many bear at once identifies none of them."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import NamedTuple

from cmdb.address_slot import made_up_card
from cmdb.group import kind_of
from cmdb.identifier import NAME_KINDS
from cmdb.identity_settings import IdentitySettings
from cmdb.sighting import Sighting, values_of
from cmdb.vocabulary import Vocabulary

_TOLD_FROM_INSIDE = frozenset({"serial", "uuid"})


class Crowding(NamedTuple):
    """Of the keys of one block that more than one sighting bears."""

    often: Mapping[str, int]
    """key → things that bear it at once, for those above 1"""
    slots: frozenset[str]
    """keys of hardware addresses that go with several names: docks, not devices"""
    at_home: Mapping[str, Mapping[str, int]] = MappingProxyType({})
    """key of a host name that many bear → realm → things that bear it at once there: two forests may use one name"""

    def links(self, key: str, settings: IdentitySettings) -> bool:
        """Whether bearing it may be a reason to compare two sightings at all."""
        return key not in self.slots and self.often.get(key, 1) <= settings.compared_at

    def often_between(self, key: str, one: str, other: str) -> int:
        """Things that bear a key at once, as far as two records in these realms are concerned."""
        often = self.often.get(key, 1)
        return often if often == 1 or one != other else self.at_home.get(key, {}).get(one, often)


def crowding(
    shared: Mapping[str, Sequence[int]],
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
) -> Crowding:
    """`shared`: key → positions of all sightings that bear it, where there are at least two."""
    often: dict[str, int] = {}
    slots: list[str] = []
    at_home: dict[str, Mapping[str, int]] = {}
    for key, bearing in shared.items():
        kind = kind_of(key)
        most = _at_once(key, kind, bearing, things, borne, vocabulary, settings)
        if most > 1:
            often[key] = most
            if kind == "hostname" or kind == "fqdn":
                at_home[key] = {
                    realm: _at_once(key, kind, held, things, borne, vocabulary, settings)
                    for realm, held in _by_realm(bearing, things).items()
                }
        if kind == "mac" and len(bearing) >= settings.names_of_a_slot:
            names = {label for at in bearing if (label := _label(things[at]))}
            if len(names) >= settings.names_of_a_slot:
                slots.append(key)
    return Crowding(often, frozenset(slots), at_home)


def _by_realm(bearing: Sequence[int], things: Sequence[Sighting]) -> dict[str, list[int]]:
    """Only for realms that are somebody's: `default` is where sources live that have none."""
    of_realm: dict[str, list[int]] = {}
    for at in bearing:
        if things[at].realm != "default":
            of_realm.setdefault(things[at].realm, []).append(at)
    return of_realm


def _label(sighting: Sighting) -> str:
    """The first label of what it is called now."""
    said = sighting.said
    if said.named:
        return said.name.strip().casefold().partition(".")[0]
    for kind, value in said.identifiers:
        if kind == "fqdn" or kind == "hostname":
            return value.partition(".")[0]
    return ""


def _at_once(
    key: str,
    kind: str,
    bearing: Sequence[int],
    things: Sequence[Sighting],
    borne: Sequence[Mapping[str, tuple[int, int]]],
    vocabulary: Vocabulary,
    settings: IdentitySettings,
) -> int:
    """The most things of any one source that bear a key at one time.

    A hardware address counts as long as the record lives: a dock goes from one laptop to the next, a card does not.
    A scan may show one thing at several addresses.
    """
    of_source: dict[str, list[int]] = {}
    for at in bearing:
        of_source.setdefault(things[at].source, []).append(at)
    most = 1
    for source, held in of_source.items():
        if len(held) == 1:
            continue
        if kind == "mac":
            spans = [(things[at].first, things[at].last) for at in held]
        else:
            spans = [borne[at][key] for at in held]
        if any(vocabulary.traits_of(source, things[at].said.record).one_record_per_thing for at in held):
            deepest = _deepest(_each_once(held, spans, things))
            if kind in NAME_KINDS:
                deepest = max(deepest, _met_once(held, spans, things, settings.address_slack))
        else:
            deepest = -(-_deepest(spans) // settings.addresses_of_one)
            apart = _apart_in_a_scan(kind, held, things, settings)
            slack = settings.address_slack if kind in NAME_KINDS else 0
            deepest = max(
                deepest, _nearly_at_once([span for at, span in zip(held, spans, strict=True) if at in apart], slack)
            )
        most = max(most, deepest)
    return most


def _apart_in_a_scan(
    kind: str, held: Sequence[int], things: Sequence[Sighting], settings: IdentitySettings
) -> Set[int]:
    """Those of a scan's addresses which are a thing each, though they show one value."""
    if kind in _TOLD_FROM_INSIDE:
        apart = _with_values_of_their_own(held, things, ("mac",))
        return apart if len(apart) >= settings.names_of_a_slot else set()
    return _with_random_cards(held, things) if kind in NAME_KINDS else set()


def _with_random_cards(held: Sequence[int], things: Sequence[Sighting]) -> Set[int]:
    """Those that show a card which their holder made up, each another: telephones that all call themselves alike.
    What a hypervisor gives to the cards of one machine begins alike."""
    cards = {at: card for at in held if (card := made_up_card(things[at]))}
    begun = Counter(card[:8] for card in cards.values())
    return {at for at, card in cards.items() if begun[card[:8]] == 1}


def _met_once(held: Sequence[int], spans: Sequence[tuple[int, int]], things: Sequence[Sighting], slack: int) -> int:
    """The most things that one source met under a name at nearly one time: a single contact is no lifetime, so hours
    between two do not make one follow the other. Counted are those met hardly more than once, each with hardware of its
    own, and those that stand alone in a realm of their own."""
    apart = _with_values_of_their_own(held, things, ("mac", "serial", "uuid"))
    in_realm = Counter(things[at].realm for at in held)
    listed_as = Counter(things[at].said.record for at in held)
    return _nearly_at_once(
        [
            (first, last)
            for at, (first, last) in zip(held, spans, strict=True)
            if listed_as[things[at].said.record] == 1
            and (
                (at in apart and last - first <= slack)
                or (things[at].realm != "default" and in_realm[things[at].realm] == 1)
            )
        ],
        slack,
    )


def _nearly_at_once(spans: Sequence[tuple[int, int]], slack: int) -> int:
    return _deepest([(first - slack // 2, last + slack // 2) for first, last in spans])


def _with_values_of_their_own(held: Sequence[int], things: Sequence[Sighting], kinds: Sequence[str]) -> Set[int]:
    """Those that show values of some kinds which none of the others shows. What tells its serial number tells its cards
    as well, so three of them are three things with a placeholder; two may be a machine and its controller."""
    told = {at: {(kind, value) for kind in kinds for value in values_of(things[at], kind)} for at in held}
    shown = Counter(value for own in told.values() for value in own)
    return {at for at, own in told.items() if own and all(shown[value] == 1 for value in own)}


def _each_once(
    held: Sequence[int], spans: Sequence[tuple[int, int]], things: Sequence[Sighting]
) -> Sequence[tuple[int, int]]:
    """One span for a record that its source lists in several realms: a laptop that goes from site to site is one."""
    if len({things[at].realm for at in held}) == 1:
        return spans
    of_record: dict[str, tuple[int, int]] = {}
    for at, (first, last) in zip(held, spans, strict=True):
        begin, end = of_record.get(things[at].said.record, (first, last))
        of_record[things[at].said.record] = min(begin, first), max(end, last)
    return list(of_record.values())


def _deepest(spans: Sequence[tuple[int, int]]) -> int:
    if len(spans) == 2:
        (first, last), (begin, end) = spans
        return 2 if first <= end and begin <= last else 1
    steps = sorted([(first, 0) for first, _ in spans] + [(last, 1) for _, last in spans])
    depth = deepest = 0
    for _, leaving in steps:
        depth += -1 if leaving else 1
        deepest = max(deepest, depth)
    return deepest
