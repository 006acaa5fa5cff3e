"""Which records several things write to in turn: an agent's id that was copied with its disk, a baked-in machine id."""

from cmdb.identifier import NAME_KINDS, is_address
from cmdb.sighting import Sighting


def said_by_the_last_of_several(sighting: Sighting) -> frozenset[tuple[str, str]] | None:
    """What the last writer of a shared record said of itself, as (kind, value); None where the record is one thing's.

    A machine that is renamed bears one host name after the other. A record that returned to the name it bears now,
    after it had shown another, has two machines behind it: what one said of its cards and addresses ties nothing to
    the other. Ids that every observation of the record repeats stay what they are.
    """
    said = sighting.said.identifiers
    if len(sighting.lifetimes) <= len(said):
        return None
    now = {_label(value) for kind, value in said if kind in NAME_KINDS}
    began: int | None = None
    latest: int | None = None
    for kind, value, first, last in sighting.lifetimes:
        if kind not in NAME_KINDS or is_address(value):
            continue
        if _label(value) in now:
            began = first if began is None else min(began, first)
        else:
            latest = last if latest is None else max(latest, last)
    if began is None or latest is None or latest <= began:
        return None
    return frozenset((kind, value) for kind, value in said)


def _label(name: str) -> str:
    return name.partition(".")[0]
