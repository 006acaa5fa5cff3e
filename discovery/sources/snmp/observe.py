"""What a device's agent says: the device, its interfaces, its neighbours, and the machines it has heard of."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.identifiers_stated import name_as_host, sound
from discovery.source import Hearing
from discovery.sources.snmp.neighbours import links, machines
from discovery.sources.snmp.values import mac, text

CHASSIS = 3
"""entPhysicalClass of a chassis"""
UP = 1
BY_MAC = 4
"""LLDP's subtype of a chassis id that is a MAC address"""
FIREWALLS = ("palo alto", "fortigate", "adaptive security appliance", "checkpoint", "firewall")
PRINTERS = ("jetdirect", "laserjet", "printer")
MOST_TEXT = 4_000
ENDS_LAYERS = 64
"""in sysServices: it runs applications, it is no mere carrier"""


def observe(payload: Mapping[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """The device keyed by its address, and what hangs on it by keys below that. Raises RecordRejected."""
    try:
        return tuple(_observed(payload, hearing))
    except Invalid as wrong:
        raise RecordRejected(str(wrong), payload["address"]) from None


def _observed(payload: Mapping[str, Any], hearing: Hearing) -> Iterator[Observation]:
    address, system, columns = payload["address"], payload["system"], payload["columns"]
    me = f"record:snmp:{address}"

    def one(record: str, ci_class: str, **more: Any) -> Observation:
        identifiers, odd = sound(hearing.vocabulary, more.pop("identifiers", ()))
        return observation(
            hearing.vocabulary, source="snmp", realm=hearing.realm, record=record, ci_class=ci_class,
            identifiers=identifiers, attributes=_known(more.pop("attributes", {})) | odd,
            observed_at=payload["read_at"], **more,
        )  # fmt: skip

    serial, vendor, model = _chassis(columns)
    name = text(system.get("name"))
    facts = {
        "description": text(system.get("descr"))[:MOST_TEXT], "vendor": vendor, "model": model,
        "sys_object_id": system.get("object_id"), "location": text(system.get("location")),
    }  # fmt: skip
    yield one(
        address, class_of(system, columns), name=name or None, attributes=facts,
        identifiers=[("serial", serial), *_names(name), *_addresses(address, columns), *_macs(system, columns)],
    )  # fmt: skip
    ports = interfaces(columns)
    ends: dict[str, list[Claim]] = {}
    found = list(links(columns, ports))
    for link in found:
        ends.setdefault(link.port, []).append(Claim("connects_to", True, f"record:snmp:{address}/{link.key}"))
    heard = list(machines(columns, ports, linked={link.port for link in found}, own=_own_macs(columns)))
    for machine in heard:
        if machine.port is not None:
            end = Claim("connects_to", True, f"record:snmp:{address}/{machine.key}", basis="inferred", confidence=0.8)
            ends.setdefault(machine.port, []).append(end)
    for index, port in ports.items():
        yield one(
            f"{address}/{port}", "interface", name=port, within=me, attributes=_port(columns, index),
            claims=[Claim("part_of", True, me), *ends.get(port, [])],
        )  # fmt: skip
    for other in {link.key: link for link in found}.values():
        yield one(f"{address}/{other.key}", "device", name=other.name or None, identifiers=other.identifiers)
    for machine in heard:
        yield one(f"{address}/{machine.key}", "device", identifiers=machine.identifiers)


def interfaces(columns: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """ifIndex → a name that no other interface of the device has: ifName, else ifDescr, else the number."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for index in sorted({*columns.get("if_descr", {}), *columns.get("if_name", {})}, key=_number):
        name = text(columns.get("if_name", {}).get(index)) or text(columns.get("if_descr", {}).get(index)) or index
        if name in taken:
            name = f"{name} #{index}"
        taken.add(name)
        found[index] = name[:200]
    return found


def class_of(system: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]) -> str:
    """By what it says it is, else by what it does: forwards frames (switch) or packets (router)."""
    described = text(system.get("descr")).casefold()
    if any(word in described for word in FIREWALLS):
        return "firewall"
    if any(word in described for word in PRINTERS):
        return "printer"
    services = system.get("services")
    runs_applications = isinstance(services, int) and bool(services & ENDS_LAYERS)
    if columns.get("bridge_if") and not (runs_applications and described.startswith("linux")):
        return "switch"
    if system.get("forwarding") == 1 and isinstance(services, int) and not runs_applications:
        return "router"
    return "device"


def _port(columns: Mapping[str, Mapping[str, Any]], index: str) -> dict[str, Any]:
    def cell(name: str) -> Any:
        return columns.get(name, {}).get(index)

    speed, fast = cell("if_speed"), cell("if_high_speed")
    mbps = fast if isinstance(fast, int) and fast else speed // 1_000_000 if isinstance(speed, int) and speed else None
    states = {"enabled": cell("if_admin"), "up": cell("if_oper")}
    return {
        "speed_mbps": mbps, "mac": mac(cell("if_mac")), "alias": text(cell("if_alias")), "type": cell("if_type"),
        "description": text(cell("if_descr"))[:MOST_TEXT],
        **{name: state == UP for name, state in states.items() if state is not None},
    }  # fmt: skip


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _chassis(columns: Mapping[str, Mapping[str, Any]]) -> tuple[str | None, str | None, str | None]:
    """(serial, vendor, model) of the one chassis; a stack of several is several machines behind one address."""
    found = [index for index, kind in columns.get("ent_class", {}).items() if kind == CHASSIS]
    if len(found) != 1:
        return None, None, None
    serial, vendor, model = (text(columns.get(name, {}).get(found[0])) or None for name in _ENTITY)
    return serial, vendor, model


_ENTITY = ("ent_serial", "ent_vendor", "ent_model")


def _names(name: str) -> list[tuple[str, object]]:
    host = name_as_host(name)
    return [("fqdn" if "." in host else "hostname", host)] if host else []


def _addresses(address: str, columns: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, object]]:
    return [("ip", ip) for ip in dict.fromkeys([address, *columns.get("ip_if", {})])]


def _own_macs(columns: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(found for value in columns.get("if_mac", {}).values() if (found := mac(value)))


def _macs(system: Mapping[str, Any], columns: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, object]]:
    chassis = mac(system.get("chassis_id")) if system.get("chassis_subtype") == BY_MAC else None
    return [("chassis_id", chassis), *(("mac", one) for one in sorted(_own_macs(columns)))]


def _number(index: str) -> tuple[int, ...]:
    return tuple(int(part) for part in index.split("."))
