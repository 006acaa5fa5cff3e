"""Under which keys the records of one thing find each other, and from when to when each key was borne."""

from collections.abc import Mapping

from cmdb.address_slot import passing_names, shows_no_hardware
from cmdb.ci_class import DEVICE
from cmdb.device_name import host_name_in
from cmdb.identifier import BOTH_ORDERS, is_address, swapped_uuid
from cmdb.meeting import meeting_keys
from cmdb.reference import escaped, folded_name
from cmdb.shared_record import said_by_the_last_of_several
from cmdb.sighting import SLOT_KINDS, Sighting
from cmdb.vocabulary import Vocabulary

_NAMED_ANYWHERE = frozenset({"hostname", "fqdn"})
"""keyed without their realm, because names from a cloud directory may match in any"""


def place_key(parent: str, ci_class: str, name: str) -> str:
    """The key of a name that is unique within another CI."""
    return f"in|{parent}|{ci_class}|{escaped(folded_name(name))}"


def linking_keys(sighting: Sighting, vocabulary: Vocabulary) -> frozenset[str]:
    """Every key of one sighting: of its identifiers, past ones included, and of its name where that identifies."""
    return KeysBorne(vocabulary).linking_keys(sighting)


class KeysBorne:
    """`keys_borne`, worked out once for each sighting that is asked about."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._known: dict[int, tuple[Sighting, Mapping[str, tuple[int, int]]]] = {}
        """by the identity of the sighting, which is kept so that no other can have it"""

    def of(self, sighting: Sighting) -> Mapping[str, tuple[int, int]]:
        """Linking key → the first and the last time (microseconds) at which the sighting said it."""
        known = self._known.get(id(sighting))
        if known is None:
            known = self._known[id(sighting)] = (sighting, keys_borne(sighting, self.vocabulary))
        return known[1]

    def linking_keys(self, sighting: Sighting) -> frozenset[str]:
        """Its keys, and those under which it meets others at its addresses."""
        return frozenset((*self.of(sighting), *meeting_keys(sighting, self.vocabulary)))


def leads_on(key: str) -> bool:
    """Whether a block is followed over this key. Not over a bare address: too many have held each in turn.

    Those who may have held one at the same time share a key `at|address|realm|when`, which says nothing else.
    """
    return not key.startswith("ip|")


def keys_borne(sighting: Sighting, vocabulary: Vocabulary) -> dict[str, tuple[int, int]]:
    """Every key of one sighting with the first and the last time (microseconds) at which it was said.

    Spelled as `cmdb.identifier.linking_key` spells them; written out because every record of every block comes here.
    """
    kinds = vocabulary.identifier_kinds
    realm = sighting.realm
    said = sighting.said
    declared = vocabulary.classes[said.ci_class]
    device = declared.family == DEVICE
    borne: dict[str, tuple[int, int]] = {}
    by_address = vocabulary.traits_of(sighting.source, said.record).by_address
    bare = by_address and shows_no_hardware(sighting)
    passing = passing_names(sighting, bare=bare) if by_address else None
    only = said_by_the_last_of_several(sighting) if device and not by_address else None
    for kind, value, first, last in sighting.lifetimes:
        if (
            (passing and value in passing)
            or (bare and kind in SLOT_KINDS)
            or (only is not None and (kind, value) not in only)
        ):
            continue
        if kind == "name":
            if device:
                _extend_name(borne, value, first, last)
            continue
        if kind in BOTH_ORDERS:
            value = min(value, swapped_uuid(value))
        spelled = value.replace("%", "%25").replace("|", "%7C") if "|" in value or "%" in value else value
        if kind in _NAMED_ANYWHERE:
            _extend(borne, f"{kind}|{spelled}|", first, last)
            if device and kind == "fqdn" and not is_address(spelled):
                _extend(borne, f"hostname|{spelled.partition('.')[0]}|", first, last)
            elif device and "." in spelled:
                _extend_inner(borne, spelled, first, last)
        else:
            _extend(borne, f"{kind}|{spelled}|{realm if kinds[kind].by_realm else ''}", first, last)
    if device:
        if said.named:
            _extend_name(borne, folded_name(said.name), sighting.first, sighting.last)
    elif said.within is not None:
        if sighting.parent is not None:
            borne[place_key(sighting.parent, said.ci_class, said.name)] = (sighting.first, sighting.last)
    elif declared.named and said.named:
        key = f"name.{said.ci_class}|{escaped(folded_name(said.name))}|{escaped(realm)}"
        borne[key] = (sighting.first, sighting.last)
    return borne


def _extend_name(borne: dict[str, tuple[int, int]], name: str, first: int, last: int) -> None:
    _extend(borne, f"hostname|{escaped(name)}|", first, last)
    if "." in name or "\\" in name:
        _extend_inner(borne, name, first, last)


def _extend_inner(borne: dict[str, tuple[int, int]], name: str, first: int, last: int) -> None:
    """The host name and the full name that a longer name says."""
    label, full = host_name_in(name)
    if label:
        _extend(borne, f"hostname|{label}|", first, last)
    if full:
        _extend(borne, f"fqdn|{full}|", first, last)


def _extend(borne: dict[str, tuple[int, int]], key: str, first: int, last: int) -> None:
    known = borne.get(key)
    borne[key] = (first, last) if known is None else (min(first, known[0]), max(last, known[1]))
