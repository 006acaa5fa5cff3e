"""How single devices are looked at again: each is asked by itself for all that it says."""

from collections.abc import Iterator, Mapping, Sequence

from discovery.read_whole import scope_of
from discovery.source import Again, Fetched, Known, Reading, ScopeEnd
from discovery.sources.snmp.asking import Asking
from discovery.sources.snmp.fetch import heard, read_device, told, try_all, wanted_columns
from discovery.sources.snmp.settings import SnmpSettings, checked
from discovery.targets import targets_of

EXCLUDED = "it is excluded"
NOT_HEARD = "it is in the device's tables no more, which forget whoever is silent for a while"


def fetch_again(settings: SnmpSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading) -> Iterator[Fetched]:
    """The devices that these scopes name, as far as they are targets; `<address>/heard` is who is in its tables."""
    targets = targets_of(checked(settings).targets, settings.exclude, settings.allow, large=settings.large)
    addresses = dict.fromkeys(scope.partition("/")[0] for scope in wanted)
    asked = [address for address in addresses if targets.hold(address)]
    allowed = [address for address in asked if targets.permit(address)]
    for address in asked:
        if address not in allowed:
            yield from _unread(address, wanted, EXCLUDED)
    if not allowed:
        return
    with Asking(settings, reading) as asking:
        for address in allowed:
            if reading.stopped():
                return
            asking.forget()
            refusal = asking.run(try_all([address], asking))[address]
            if refusal is not None:
                yield from _unread(address, wanted, refusal)
                continue
            payload, failed = asking.run(read_device(address, asking))
            never = None if settings.full else reading.bookmark(address)
            yield from told(address, payload, failed, never, wanted_columns(settings))
            yield from heard(address, payload)
            yield ScopeEnd(f"{address}/heard", complete=False, reason=NOT_HEARD)


def _unread(address: str, wanted: Mapping[str, Sequence[Known]], reason: str) -> Iterator[ScopeEnd]:
    for scope in (address, f"{address}/heard"):
        if scope in wanted:
            yield ScopeEnd(scope, complete=False, reason=reason)


AGAIN = Again(scope_of, fetch_again, whole=True)
