"""Which two records of one source need never be compared: whatever they have in common, a veto would part them."""

from cmdb.ci_class import DEVICE
from cmdb.sighting import Sighting
from cmdb.vocabulary import Vocabulary


def never_one(mine: Sighting, theirs: Sighting, vocabulary: Vocabulary) -> bool:
    """What a veto would say of two records of one source in any company, asked before anything is weighed."""
    if (
        mine.source != theirs.source
        or mine.realm != theirs.realm
        or vocabulary.classes[mine.said.ci_class].family != DEVICE
    ):
        return False
    one, other = (vocabulary.traits_of(thing.source, thing.said.record) for thing in (mine, theirs))
    if mine.record_key == theirs.record_key:
        return one.by_address
    keeps = one.one_record_per_thing and other.one_record_per_thing
    return keeps and mine.first <= theirs.last and theirs.first <= mine.last
