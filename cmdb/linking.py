"""Under which keys the records of one thing find each other."""

from cmdb.ci_class import DEVICE
from cmdb.identifier import linking_key
from cmdb.reference import escaped, folded_name
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary


def place_key(parent: str, ci_class: str, name: str) -> str:
    """The key of a name that is unique within another CI."""
    return f"in|{parent}|{ci_class}|{escaped(folded_name(name))}"


def linking_keys(sighting: Sighting, vocabulary: Vocabulary) -> set[str]:
    """Every key of one sighting: of its identifiers, past ones included, and of its name where that identifies."""
    kinds = vocabulary.identifier_kinds
    realm = sighting.realm
    said = sighting.said
    declared = vocabulary.classes[said.ci_class]
    keys = {linking_key(kinds[life.kind], life.value, realm) for life in sighting.lifetimes if life.kind != "name"}
    if declared.family == DEVICE:
        for life in sighting.lifetimes:
            if life.kind == "fqdn":
                keys.add(f"hostname|{escaped(life.value.partition('.')[0])}|")
            elif life.kind == "name":
                keys.add(f"hostname|{escaped(life.value)}|")
        if said.named:
            keys.add(f"hostname|{escaped(folded_name(said.name))}|")
    elif said.within is not None:
        if sighting.parent is not None:
            keys.add(place_key(sighting.parent, said.ci_class, said.name))
    elif declared.named and said.named:
        keys.add(f"name.{said.ci_class}|{escaped(folded_name(said.name))}|{escaped(realm)}")
    return keys
