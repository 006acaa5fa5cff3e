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
    traits = vocabulary.traits_of(mine.source, mine.said.record)
    if mine.record_key == theirs.record_key:
        return traits.by_address
    if mine.first > theirs.last or theirs.first > mine.last:
        return False
    return traits.one_record_per_thing and vocabulary.traits_of(theirs.source, theirs.said.record).one_record_per_thing
