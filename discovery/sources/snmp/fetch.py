"""Reads devices over SNMP: finds who answers, then walks one after the other."""

import asyncio
from collections.abc import Iterator
from typing import Any

from discovery.source import Bookmark, Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.snmp.agent import Agent, Broken, Pace, Silent, login, open_agent
from discovery.sources.snmp.settings import SnmpSettings, checked
from discovery.sources.snmp.tables import COLUMNS, SYSTEM
from discovery.targets import Network, targets_of, tiles

SILENT = "no answer: is it on, does an agent listen there, and are the community or the v3 user right?"
NEIGHBOURS = ("arp", "bridge_if", "fdb", "fdb_vlan")


def fetch(settings: SnmpSettings, reading: Reading) -> Iterator[Fetched]:
    """Each device that answers, in a scope of its own: its address.

    Silence cannot be told from a community that is not accepted: a silent address is never read to its end, and what
    it once said is not missed. It is named where it alone was asked for or has answered at the last reading, and so
    is a target in which nobody answers.
    """
    targets = targets_of(checked(settings).targets, settings.exclude, settings.allow, large=settings.large)
    pace = Pace(settings.packets_per_second)
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
            tried = asyncio.run(try_all(addresses, settings, pace, reading))
            for address in addresses:
                if reading.stopped():
                    yield ScopeEnd(scope, complete=False, reason="stopped")
                    return
                refusal = tried[address]
                if refusal is None:
                    answered.append(address)
                    payload, failed = asyncio.run(_read(address, settings, pace, reading))
                    yield from told(address, payload, failed, reading.bookmark(address))
                elif refusal != SILENT or address in before or network.num_addresses == 1:
                    yield ScopeEnd(address, complete=False, reason=refusal)
                done += 1
                yield Progress(done, total, "addresses")
        if answered:
            yield Bookmark(scope, answered)
        elif network.num_addresses > 1:
            yield ScopeEnd(scope, complete=False, reason=SILENT)


def told(address: str, payload: dict[str, Any], failed: list[str], never: Any) -> Iterator[Fetched]:
    """What a device said, unless that is less than it once did: what cannot be read now is not gone.

    `never`: the columns that it has never given, None where it was never read.
    """
    lacking = {name for name in COLUMNS if name not in payload["columns"]} if failed else set()
    less = never is not None and bool(lacking - set(never))
    if payload["system"] and not less:
        yield Raw(address, payload)
        yield Bookmark(address, sorted(lacking if never is None else lacking & set(never)))
    kept = "what it said before stays as it was; " if less else ""
    yield ScopeEnd(address, complete=not failed, reason=(kept + "; ".join(failed))[:1000] or None)


def _for_all(network: Network) -> tuple[str, ...]:
    """Addresses that are nobody's own: what is sent there every host of the network gets."""
    whole = network.version == 4 and network.prefixlen < 31
    return (str(network.network_address), str(network.broadcast_address)) if whole else ()


async def try_all(addresses: list[str], settings: SnmpSettings, pace: Pace, reading: Reading) -> dict[str, str | None]:
    """address → why it cannot be read, None where it answers."""
    from pysnmp.hlapi.v3arch import asyncio as snmp

    engine, who = snmp.SnmpEngine(), login(settings)

    async def one(address: str) -> str | None:
        try:
            agent = await open_agent(engine, who, address, settings, pace, reading.stopped)
            await agent.get({"descr": SYSTEM["descr"]})
        except Silent:
            return SILENT
        except Broken as wrong:
            return str(wrong)
        return None

    try:
        return dict(zip(addresses, await asyncio.gather(*map(one, addresses)), strict=True))
    finally:
        engine.close_dispatcher()


async def _read(address: str, settings: SnmpSettings, pace: Pace, reading: Reading) -> tuple[dict[str, Any], list[str]]:
    """(payload, what could not be read). `{"address", "system": {…}, "columns": {name: {index: value}}, "read_at"}`"""
    from pysnmp.hlapi.v3arch import asyncio as snmp

    engine = snmp.SnmpEngine()
    payload: dict[str, Any] = {"address": address, "system": {}, "columns": {}, "read_at": reading.now()}
    try:
        agent = await open_agent(engine, login(settings), address, settings, pace, reading.stopped)
        failed = await _walk(agent, settings, payload)
    finally:
        engine.close_dispatcher()
    return payload, failed


async def _walk(agent: Agent, settings: SnmpSettings, payload: dict[str, Any]) -> list[str]:
    failed: list[str] = []
    try:
        payload["system"] = await agent.get(SYSTEM)
        for name, oid in COLUMNS.items():
            if name in NEIGHBOURS and not settings.neighbours:
                continue
            try:
                payload["columns"][name] = await agent.column(oid, settings.max_rows)
            except Broken as wrong:
                failed.append(f"{name}: {wrong}")
    except Silent:
        failed.append("it stopped answering")
    except Broken as wrong:
        failed.append(str(wrong))
    return failed
