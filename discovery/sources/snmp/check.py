"""Whether the targets answer, one by one where there are few."""

from collections.abc import Iterator
from itertools import islice

from discovery.errors import SourceMisconfigured
from discovery.source import Permission, Reading
from discovery.sources.snmp.asking import Asking
from discovery.sources.snmp.fetch import try_all
from discovery.sources.snmp.settings import SnmpSettings, checked
from discovery.targets import targets_of

MOST = 64
"""addresses tried"""


def check(settings: SnmpSettings, reading: Reading) -> Iterator[Permission]:
    """One Permission for each target: whether anybody in its first addresses answers."""
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
