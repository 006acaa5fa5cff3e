"""Whether the targets answer, one by one where there are few."""

from collections.abc import Iterator
from itertools import islice

from discovery.errors import SourceMisconfigured
from discovery.source import Permission, Reading
from discovery.sources.snmp.agent import Broken, Silent
from discovery.sources.snmp.asking import Asking
from discovery.sources.snmp.fetch import try_all
from discovery.sources.snmp.settings import SnmpSettings, checked
from discovery.targets import targets_of

MOST = 64
"""addresses tried"""
WANTED = {"system group": "1.3.6.1.2.1.1", "interfaces": "1.3.6.1.2.1.2"}
"""what every agent tells who may see it; neighbours and parts many have none of"""


def check(settings: SnmpSettings, reading: Reading) -> Iterator[Permission]:
    """For each target whether anybody in its first addresses answers, and what the first one lets be seen."""
    try:
        targets = targets_of(checked(settings).targets, settings.exclude, settings.allow, large=settings.large)
    except SourceMisconfigured as wrong:
        yield Permission("settings", False, str(wrong))
        return
    with Asking(settings, reading) as asking:
        for network in targets.networks:
            tried = asking.run(try_all([str(address) for address in islice(network, MOST)], asking))
            ok = any(why is None for why in tried.values())
            said = sorted({why for why in tried.values() if why is not None})
            yield Permission(f"read {network}", ok, "" if ok else "; ".join(said))
            if ok:
                first = next(address for address, why in tried.items() if why is None)
                for name, oid in WANTED.items():
                    seen = asking.run(_sees(first, oid, asking))
                    fix = "" if seen else f"let the view of the community or the user include {oid}"
                    yield Permission(f"{name} of {first}", seen, fix)


async def _sees(address: str, oid: str, asking: Asking) -> bool:
    try:
        agent = await asking.agent(address)
        return await agent.has(oid)
    except (Silent, Broken):
        return False
