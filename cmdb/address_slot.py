"""What a record that is an address shows of its holder: nothing, a card, a name; and since when it no longer does."""

from cmdb.ci_class import DAY
from cmdb.identifier import NAME_KINDS
from cmdb.sighting import SLOT_KINDS, Sighting
from cmdb.vocabulary import Vocabulary

RETURNS = 5 * DAY // 2
"""microseconds for which an address may answer without the card, or the one name, that it showed before, until that is
taken to have gone with its holder"""


def is_passing(sighting: Sighting, vocabulary: Vocabulary) -> bool:
    """Whether it is an address that anybody may hold: nothing tells its holder from the next one."""
    return vocabulary.traits_of(sighting.source, sighting.said.record).by_address and shows_no_hardware(sighting)


def held_since(sighting: Sighting, vocabulary: Vocabulary) -> int | None:
    """Microseconds since when whoever has its addresses is known to have had them: of an address that shows a card,
    since it first did. None where nothing tells its holder from the next one."""
    if not vocabulary.traits_of(sighting.source, sighting.said.record).by_address:
        return sighting.first
    if shows_no_hardware(sighting):
        return None
    return _first_card(sighting)


def changes_with_time(sighting: Sighting, vocabulary: Vocabulary) -> bool:
    """Whether it may bear other keys by being seen again as it is: an address that shows no card, or no longer does."""
    by_address = vocabulary.traits_of(sighting.source, sighting.said.record).by_address
    return by_address and shows_no_hardware_now(sighting)


def shows_no_hardware(sighting: Sighting) -> bool:
    """Whether nothing tells its holder from the next one at the same address: a card that it has not shown for days,
    though it answered, may have gone with a former one; of an address that went from name to name it has at once."""
    cards = [life.last for life in sighting.lifetimes if life.kind in SLOT_KINDS]
    if not cards:
        return True
    silent = sighting.last - max(cards)
    return silent > 0 and (silent > RETURNS or len(_labels(sighting)) > 1)


def shows_no_hardware_now(sighting: Sighting) -> bool:
    """Whether it showed none when it was last seen, whatever it did before."""
    return not any(life.kind in SLOT_KINDS and life.last == sighting.last for life in sighting.lifetimes)


def made_up_card(sighting: Sighting) -> str:
    """The hardware address that its holder made up, as it was last seen; empty where it showed none, or a true one."""
    for name, value in sighting.said.attributes:
        if name == "identifier.mac" and isinstance(value, str):
            digits = value.lower().replace("-", "").replace(":", "").replace(".", "")
            if len(digits) == 12 and digits[1] in "26ae":
                return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return ""


def addresses_now(sighting: Sighting) -> list[str]:
    """Linking keys of the addresses that it had when it was last seen."""
    return [
        f"ip|{life.value}|{sighting.realm}"
        for life in sighting.lifetimes
        if life.kind == "ip" and life.last == sighting.last
    ]


def passing_names(sighting: Sighting, *, bare: bool) -> set[str]:
    """Names that an address no longer shows: they went with those who held it then.

    So they did where it has shown several, unless it showed the name for days beside the card that it still shows: then
    who has it was renamed. Where it showed one, and no hardware (`bare`), only if it has not for a while: a single
    question that the name service did not answer says nothing. Nor is the one name the card's that was shown
    before the card was first seen, and never since.
    """
    names = [life for life in sighting.lifetimes if life.kind in NAME_KINDS]
    if len(_labels(sighting)) > 1:
        patience = 0
        if not bare:
            since = _first_card(sighting)
            names = [life for life in names if life.last - max(life.first, since) <= RETURNS]
    elif bare:
        patience = RETURNS
    else:
        since = _first_card(sighting) if names else 0
        return {life.value for life in names if life.last < since}
    return {life.value for life in names if sighting.last - life.last > patience}


def _first_card(sighting: Sighting) -> int:
    return min(life.first for life in sighting.lifetimes if life.kind in SLOT_KINDS)


def _labels(sighting: Sighting) -> set[str]:
    return {life.value.partition(".")[0] for life in sighting.lifetimes if life.kind in NAME_KINDS}
