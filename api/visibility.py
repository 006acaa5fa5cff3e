"""What a caller whose token is limited to realms may not see."""

from collections.abc import Iterable

from api.tokens import Caller
from api.wiring import System
from cmdb.draft import name_key

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
