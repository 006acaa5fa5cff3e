"""Reads devices over SNMP: finds who answers, then walks one after the other."""

import asyncio
from collections.abc import Collection, Iterator
from typing import Any

from discovery.source import Bookmark, Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.snmp.agent import Agent, Broken, Silent
from discovery.sources.snmp.asking import Asking
from discovery.sources.snmp.settings import SnmpSettings, checked
from discovery.sources.snmp.tables import COLUMNS, SYSTEM
from discovery.targets import Network, targets_of, tiles

SILENT = "no answer: is it on, does an agent listen there, and are the community or the v3 user right?"
NOTHING_OF_ITSELF = "it answers, but tells nothing of itself: may the community or the user see the system group?"
NO_INTERFACES = "it tells of no interface any more: may the community or the user still see them?"
HEARD_IN = frozenset({"arp", "bridge_if", "fdb", "fdb_vlan"})
INTERFACES = frozenset({"if_descr", "if_name"})


def fetch(settings: SnmpSettings, reading: Reading) -> Iterator[Fetched]:
    """Each device that answers, in a scope of its own: its address.

    Silence cannot be told from a community that is not accepted: a silent address is never read to its end, and what
    it once said is not missed. It is named where it alone was asked for or has answered at the last reading, and so
    is a target in which nobody answers.
    """
    targets = targets_of(checked(settings).targets, settings.exclude, settings.allow, large=settings.large)
    with Asking(settings, reading) as asking:
        total, done = targets.addresses(), 0
        for network in targets.networks:
            scope = str(network)
            known = reading.bookmark(scope)
            before = set(known) if isinstance(known, list) else set()
            answered: list[str] = []
            for tile in tiles(network, targets.exclude):
                if reading.stopped():
                    yield ScopeEnd(scope, complete=False, reason="stopped")
                    return
                addresses = [str(address) for part in tile for address in part]
                addresses = [address for address in addresses if address not in _for_all(network)]
                asking.forget()
                tried = asking.run(try_all(addresses, asking))
                for address in addresses:
                    if reading.stopped():
                        yield ScopeEnd(scope, complete=False, reason="stopped")
                        return
                    refusal = tried[address]
                    if refusal is None:
                        answered.append(address)
                        never = None if settings.full else reading.bookmark(address)
                        payload, failed = asking.run(read_device(address, asking))
                        yield from told(address, payload, failed, never, wanted_columns(settings))
                        if settings.heard:
                            yield from heard(address, payload)
                    elif refusal != SILENT or address in before or network.num_addresses == 1:
                        yield ScopeEnd(address, complete=False, reason=refusal)
                    done += 1
                    yield Progress(done, total, "addresses")
            if answered:
                yield Bookmark(scope, answered)
            elif network.num_addresses > 1:
                yield ScopeEnd(scope, complete=False, reason=SILENT)


def wanted_columns(settings: SnmpSettings) -> dict[str, str]:
    """The columns to read."""
    return {name: oid for name, oid in COLUMNS.items() if settings.neighbours or name not in HEARD_IN}


def told(
    address: str, payload: dict[str, Any], failed: list[str], never: Any, columns: Collection[str] = tuple(COLUMNS)
) -> Iterator[Fetched]:
    """What a device said, unless that is less than it once did: what cannot be read now is not gone.

    `never`: the columns that it has never given, None where it was never read. A login that may see less than before
    gets empty columns and no error; but no device loses the last of its interfaces.
    """
    read = payload["columns"]
    lacking = {name for name in columns if name not in read}
    if not any(read.get(name) for name in INTERFACES):
        lacking |= INTERFACES
    less = never is not None and bool(lacking - set(never))
    if not failed and not payload["system"]:
        failed = [NOTHING_OF_ITSELF]
    elif not failed and less:
        failed = [NO_INTERFACES]
    if payload["system"] and not less:
        yield Raw(address, payload)
        yield Bookmark(address, sorted(lacking if never is None else lacking & set(never)))
    kept = "what it said before stays as it was; " if less else ""
    yield ScopeEnd(address, complete=not failed, reason=(kept + "; ".join(failed))[:1000] or None)


def heard(address: str, payload: dict[str, Any]) -> Iterator[Fetched]:
    """Who is in its tables, in a scope of their own that misses nobody: a table forgets who is silent for a while."""
    if payload["columns"].get("arp"):
        scope = f"{address}/heard"
        yield Raw(scope, {**payload, "only_heard": True})
        yield ScopeEnd(scope, complete=True, delta=True)


def _for_all(network: Network) -> tuple[str, ...]:
    """Addresses that are nobody's own: what is sent there every host of the network gets."""
    whole = network.version == 4 and network.prefixlen < 31
    return (str(network.network_address), str(network.broadcast_address)) if whole else ()


async def try_all(addresses: list[str], asking: Asking) -> dict[str, str | None]:
    """address → why it cannot be read, None where it answers."""

    async def one(address: str) -> str | None:
        try:
            agent = await asking.agent(address)
            await agent.get({"descr": SYSTEM["descr"]})
        except Silent:
            return SILENT
        except Broken as wrong:
            return str(wrong)
        return None

    return dict(zip(addresses, await asyncio.gather(*map(one, addresses)), strict=True))


async def read_device(address: str, asking: Asking) -> tuple[dict[str, Any], list[str]]:
    """(payload, what could not be read). `{"address", "system": {…}, "columns": {name: {index: value}}, "read_at"}`"""
    settings = asking.settings
    payload: dict[str, Any] = {
        "address": address, "system": {}, "columns": {}, "read_at": asking.reading.now(), "heard": settings.heard,
    }  # fmt: skip
    failed: list[str] = []
    now = "system"
    try:
        agent = await asking.agent(address)
        payload["system"] = await _system(agent, failed)
        for name, oid in wanted_columns(settings).items():
            now = name
            try:
                payload["columns"][name] = await agent.column(oid, settings.max_rows)
            except Broken as wrong:
                failed.append(f"{name}: {wrong}")
                if asking.reading.stopped():
                    break
    except Silent:
        failed.append(f"{now}: it stopped answering")
    return payload, failed


async def _system(agent: Agent, failed: list[str]) -> dict[str, Any]:
    """All at once, or one by one: an agent may refuse the whole question over one object."""
    try:
        return await agent.get(SYSTEM)
    except Broken:
        found: dict[str, Any] = {}
    for name, oid in SYSTEM.items():
        try:
            found |= await agent.get({name: oid})
        except Broken as wrong:
            failed.append(f"{name}: {wrong}")
    return found
