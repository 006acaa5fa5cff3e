"""What a caller whose token is limited to realms may not see."""

from collections.abc import Iterable

from api.tokens import Caller
from api.wiring import System
from cmdb.draft import name_key
from cmdb.surroundings import Bearer

BEARERS = 100_000
"""CIs of one name, counted once a realm, that are looked at; what lies beyond counts as unseen"""


def unseen(system: System, caller: Caller, named: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Those of these CIs (id, name) that stand in none of the caller's realms; none for a caller without limits.

    One read of the store. A CI that bears another name by now counts as unseen: in doubt nothing is shown.
    """
    if not caller.realms:
        return frozenset()
    wanted = dict(named)
    keys = {name_key(name) for name in wanted.values()}
    found = system.store.bearers(sorted(keys), BEARERS)
    seen = {bearer.ci for bearers in found.values() for bearer in bearers if caller.sees(bearer.realm)}
    return frozenset(wanted.keys() - seen)


def unseen_ids(system: System, caller: Caller, ids: Iterable[str]) -> frozenset[str]:
    """Those of these ids, absorbed ones too, that lead to no CI which the caller may see. Two reads of the store."""
    if not caller.realms:
        return frozenset()
    wanted = set(ids)
    held_by = holders(system, wanted)
    hidden = unseen(system, caller, ((holder.ci, holder.name) for holder in held_by.values()))
    return frozenset(id_ for id_ in wanted if id_ not in held_by or held_by[id_].ci in hidden)


def holders(system: System, ids: Iterable[str]) -> dict[str, Bearer]:
    """Id, of an absorbed CI too → the CI that it leads to now; ids that lead nowhere are left out."""
    found = system.store.bearers(sorted(f"id|{id_}" for id_ in ids), 1)
    return {key.removeprefix("id|"): bearers[0] for key, bearers in found.items()}
