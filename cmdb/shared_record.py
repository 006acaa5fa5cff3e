"""Which records several things write to in turn: an agent's id that was copied with its disk, a baked-in machine id,
an id that a desktop keeps which is built anew every night."""

from cmdb.identifier import NAME_KINDS, is_address
from cmdb.sighting import Sighting

_STAYS = frozenset({"serial", "uuid"})
_VIRTUAL_CARDS = ("00:50:56", "00:0c:29", "00:05:69", "00:15:5d", "00:16:3e", "08:00:27", "00:1c:42")
"""how hardware addresses begin that VMware, Hyper-V, Xen, VirtualBox and Parallels give their guests"""


def said_by_the_last_of_several(sighting: Sighting) -> frozenset[tuple[str, str]] | None:
    """What the last writer of a shared record said of itself, as (kind, value); None where the record is one thing's.

    A machine that is renamed bears one host name after the other. A record that returned to the name it bears now,
    after it had shown another, has two machines behind it: what one said of its cards and addresses ties nothing to
    the other. Ids that every observation of the record repeats stay what they are. So it is where a record shows the
    card of one virtual machine after that of another: they are built with their cards, and know no docks.
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
    returned = began is not None and latest is not None and latest > began
    return frozenset((kind, value) for kind, value in said) if returned or _is_built_anew(sighting) else None


def _is_built_anew(sighting: Sighting) -> bool:
    """Whether its virtual cards followed one another, and nothing that it is built with stayed."""
    now = {value for kind, value in sighting.said.identifiers if kind == "mac"}
    cards = [life for life in sighting.lifetimes if life.kind == "mac"]
    former = [life for life in cards if life.value not in now]
    if not former or not now or not all(life.value.startswith(_VIRTUAL_CARDS) for life in cards):
        return False
    if max(life.last for life in former) >= min(life.first for life in cards if life.value in now):
        return False
    since = max(life.first for life in former)
    return not any(life.kind in _STAYS and life.first <= since for life in sighting.lifetimes)


def _label(name: str) -> str:
    return name.partition(".")[0]
