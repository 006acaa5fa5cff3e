"""What a device's agent says: the device, its parts, its interfaces, and who is at the other end of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cmdb.errors import Invalid
from cmdb.identifier import identifier
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.identifiers_stated import sound
from discovery.source import Hearing
from discovery.sources.snmp.hardware import chassis, modules, serial_of
from discovery.sources.snmp.heard import Machine, machines, own_cards
from discovery.sources.snmp.makers import maker
from discovery.sources.snmp.neighbours import BY_ADDRESS, BY_MAC, Link, links, names
from discovery.sources.snmp.ports import interfaces, own_addresses, port_facts
from discovery.sources.snmp.software import system as system_of
from discovery.sources.snmp.software import version
from discovery.sources.snmp.values import address as address_of
from discovery.sources.snmp.values import mac, text

FIREWALLS = ("palo alto", "fortigate", "adaptive security appliance", "checkpoint", "firewall")
PRINTERS = ("jetdirect", "laserjet", "printer")
MOST_TEXT = 4_000
BRIDGES, ROUTES, APPLICATIONS = 2, 4, 64
"""what sysServices says that it does"""
LIKELY = 0.8
"""that the only card behind a port is plugged into it, and not into something silent in between"""

Columns = Mapping[str, Mapping[str, Any]]


def observe(payload: Mapping[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """The device keyed by its address, and what hangs on it by keys below that; or who is only heard of in its tables.

    Raises RecordRejected.
    """
    device = _Device(payload, hearing)
    try:
        return tuple(device.only_heard() if payload.get("only_heard") else device.said())
    except Invalid as wrong:
        # Without a key: were it to count as seen, its interfaces would be missed all the same.
        raise RecordRejected(f"{payload['address']}: {wrong}") from None


class _Device:
    """Everything that is the same for all observations of one device."""

    def __init__(self, payload: Mapping[str, Any], hearing: Hearing) -> None:
        self.address: str = payload["address"]
        self.system: Mapping[str, Any] = payload["system"]
        self.columns: Columns = payload["columns"]
        self.heard: bool = payload.get("heard", False)
        self.read_at: int = payload["read_at"]
        self.hearing = hearing
        self.me = f"record:snmp:{self.address}"

    def said(self) -> Iterator[Observation]:
        yield self.device()
        yield from self.parts()
        ports = interfaces(self.columns)
        linked = links(self.columns, ports)
        ends: dict[str, list[Claim]] = {}
        for link in linked:
            ends.setdefault(link.port, []).append(Claim("connects_to", True, self.end(link), basis="observed"))
        for machine in self.machines(ports, linked):
            if machine.port is not None:
                ends.setdefault(machine.port, []).extend(self.guesses(machine))
        for index, port in ports.items():
            yield self.one(
                f"{self.address}/{port}", "interface", name=port, within=self.me,
                attributes=port_facts(self.columns, index),
                claims=[Claim("part_of", True, self.me, basis="observed"), *ends.get(port, [])],
            )  # fmt: skip
        yield from self.neighbours(linked)

    def only_heard(self) -> Iterator[Observation]:
        """Who answered it under an address: something is there, though nothing is known of it but that."""
        ports = interfaces(self.columns)
        for machine in self.machines(ports, links(self.columns, ports)):
            if machine.addresses:
                stated = [("mac", machine.card), *(("ip", ip) for ip in machine.addresses)]
                yield self.one(self.of_card(machine.card), "device", identifiers=stated)

    def machines(self, ports: Mapping[str, str], linked: Iterable[Link]) -> list[Machine]:
        """The cards in its tables that something is known by."""
        found = machines(self.columns, ports, linked={link.port for link in linked})
        return [machine for machine in found if self.is_of_hardware(machine.card)]

    def one(self, record: str, ci_class: str, **more: Any) -> Observation:
        identifiers, odd = sound(self.hearing.vocabulary, more.pop("identifiers", ()))
        said = {name: value for name, value in more.pop("attributes", {}).items() if value not in (None, "", [])}
        return observation(
            self.hearing.vocabulary, source="snmp", realm=self.hearing.realm, record=record, ci_class=ci_class,
            identifiers=identifiers, attributes=said | odd, observed_at=self.read_at, **more,
        )  # fmt: skip

    def device(self) -> Observation:
        system, columns = self.system, self.columns
        machines = chassis(columns)
        single = machines[0] if len(machines) == 1 else None
        made = maker(system.get("object_id"))
        described, name = text(system.get("descr")), text(system.get("name"))
        of_palo_alto = text(system.get("version_palo_alto"))
        stated = of_palo_alto or (single.software if single else "") or None
        engine = system.get("engine_id")
        facts = {
            "description": described[:MOST_TEXT], "location": text(system.get("location"))[:MOST_TEXT],
            "vendor": (single.vendor if single else "") or (made.name if made else None),
            "model": (single.model if single else "") or next((one.model for one in machines if one.model), None),
            "os": f"PAN-OS {of_palo_alto}" if of_palo_alto else system_of(described, stated),
            "version": stated or version(described),
            "sys_object_id": system.get("object_id"), "engine_id": engine.hex() if isinstance(engine, bytes) else None,
        }  # fmt: skip
        addresses = [("ip", ip) for ip in dict.fromkeys([self.address, *own_addresses(columns)])]
        cards = [("mac", card) for card in sorted(own_cards(columns))]
        return self.one(
            self.address, class_of(system, columns), name=name or None, attributes=facts,
            identifiers=[
                ("serial", serial_of(system, machines)), *names(name), *addresses, *cards,
                *(("chassis_id", found) for found in chassis_ids(system)),
            ],
        )  # fmt: skip

    def parts(self) -> Iterator[Observation]:
        """The members of a stack, and modules."""
        members = chassis(self.columns)
        for part in [*(members if len(members) > 1 else []), *modules(self.columns)]:
            name = f"{part.kind} {part.serial or part.row}"
            facts = {
                "label": part.name, "serial": part.serial, "vendor": part.vendor, "model": part.model,
                "version": part.software,
            }  # fmt: skip
            yield self.one(
                f"{self.address}/{name}", "module", name=name, within=self.me, attributes=facts,
                identifiers=[("serial", part.serial)], claims=[Claim("part_of", True, self.me, basis="observed")],
            )  # fmt: skip

    def neighbours(self, linked: list[Link]) -> Iterator[Observation]:
        """Each neighbour once, and the ports of theirs that ours lead to."""
        for link in {link.key: link for link in linked}.values():
            record = f"{self.address}/{link.key}"
            yield self.one(
                record, link.ci_class, name=link.name or None, identifiers=link.identifiers, attributes=link.facts
            )
        for link in {(link.key, link.far): link for link in linked if link.far}.values():
            other = f"record:snmp:{self.address}/{link.key}"
            yield self.one(
                self.end(link).removeprefix("record:snmp:"), "interface", name=link.far, within=other,
                claims=[Claim("part_of", True, other, basis="observed")],
            )  # fmt: skip

    def end(self, link: Link) -> str:
        """The other end of a link: the neighbour's port where it is named, else the neighbour."""
        other = f"record:snmp:{self.address}/{link.key}"
        return f"{other}/port/{link.far}" if link.far else other

    def guesses(self, machine: Machine) -> list[Claim]:
        """What is probably plugged into a port. Who bears the card or the address other sources know, or will."""
        if self.heard and machine.addresses:
            ends = [f"record:snmp:{self.of_card(machine.card)}"]
        else:
            ends = [f"mac:{machine.card}", *(f"ip:{ip}" for ip in machine.addresses[:1] if len(machine.addresses) == 1)]
        return [Claim("connects_to", True, end, basis="inferred", confidence=LIKELY) for end in ends]

    def of_card(self, card: str) -> str:
        return f"{self.address}/mac/{card}"

    def is_of_hardware(self, card: str) -> bool:
        """Neither made up, nor a group's, nor one that routers hand to each other: those nothing is known by."""
        return identifier(self.hearing.vocabulary.identifier_kinds, "mac", card) is not None


def class_of(system: Mapping[str, Any], columns: Columns) -> str:
    """By what it says it is or who made it, else by what it does: forwards frames (switch) or packets (router)."""
    described = text(system.get("descr")).casefold()
    if any(word in described for word in FIREWALLS):
        return "firewall"
    if any(word in described for word in PRINTERS):
        return "printer"
    made = maker(system.get("object_id"))
    if made is not None and made.makes:
        return made.makes
    services = system.get("services")
    does = services if isinstance(services, int) else 0
    is_host = bool(does & APPLICATIONS) and described.startswith(("linux", "hardware:"))
    if (columns.get("bridge_if") and not is_host) or (does & BRIDGES and not does & APPLICATIONS):
        return "switch"
    if system.get("forwarding") == 1 and does & ROUTES and not is_host:
        return "router"
    return "device"


def chassis_ids(system: Mapping[str, Any]) -> list[str]:
    """As what neighbours know it: what it says in LLDP, and the address by which its bridge is told apart."""
    stated, kind = system.get("chassis_id"), system.get("chassis_subtype")
    if kind == BY_MAC:
        said = mac(stated)
    elif kind == BY_ADDRESS:
        said = address_of(stated[1:]) if isinstance(stated, bytes) else None
    else:
        said = text(stated)
    return [one for one in dict.fromkeys((said, mac(system.get("base_bridge")))) if one]
