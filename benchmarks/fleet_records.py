"""What each source says of a hostile fleet, day by day, each observation with the machine that it is truly of."""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from cmdb.ci_class import DAY
from cmdb.observation import Observation, observation
from cmdb.vocabulary import SourceTraits, vocabulary
from fleet import Fleet, Install, Machine, Presence

SOURCES = {
    "nmap": SourceTraits(authority=0.3, one_record_per_thing=False, by_address=True, scan=True, knows_contact=True),
    "ad": SourceTraits(knows_contact=True, guarantees_names=True),
    "entra": SourceTraits(knows_contact=True),
    "intune": SourceTraits(authority=2.0, knows_contact=True, guarantees_names=True),
    "jamf": SourceTraits(authority=2.0, knows_contact=True, guarantees_names=True),
    "edr": SourceTraits(authority=1.5, knows_contact=True),
    "vcenter": SourceTraits(authority=2.0),
    "snmp": SourceTraits(authority=1.5),
}
WORDS = vocabulary(SOURCES)
START = 20_000 * DAY
CLASSES = {"laptop": "workstation", "desktop": "workstation", "till": "workstation", "vm": "virtual_machine"} | {
    "server": "server", "phone": "mobile_device", "printer": "printer", "router": "router",
}  # fmt: skip
LAG = {"ad": 12.0, "entra": 4.0, "intune": 0.0, "jamf": 0.0, "edr": 0.0}
"""days by which a source's last contact may lie behind the truth: AD renews its date every 9 to 14 days"""
TALKS = {"ad": 0.9, "entra": 0.8, "intune": 0.8, "jamf": 0.8, "edr": 0.97}
"""how likely a machine that is on is heard of by a source"""
FORGETS = {"ad": 0.15, "entra": 0.2, "intune": 0.5, "jamf": 0.5, "edr": 0.4}
"""how likely a source no longer lists what is dead"""


class Said(NamedTuple):
    """An observation and the machine it is of; None where it is of none, or of several."""

    truth: int | None
    said: Observation


def sayings(fleet: Fleet, *, seed: int) -> Iterator[list[Said]]:
    """One list a day."""
    dice = random.Random(f"records {seed}")
    for day in range(fleet.days):
        said: list[Said] = []
        for presence in fleet.on(day):
            _contact(dice, presence, day)
            said += _scanned(dice, fleet, presence, day)
        said += _standby_addresses(fleet, day)
        for machine in fleet.machines:
            for install in machine.installs:
                if install.since <= day:
                    said += _listed(dice, machine, install, day)
        dice.shuffle(said)
        yield said


def _hash(*parts: object) -> random.Random:
    """Dice of its own for what must be the same every day."""
    return random.Random(repr(parts))


def _contact(dice: random.Random, here: Presence, day: int) -> None:
    machine, install = here.machine, here.install
    for source in sorted(machine.managed & TALKS.keys()):
        if dice.random() < TALKS[source] or source not in install.contact:
            at = day + 0.3 + dice.random() / 2
            if LAG[source] and at - install.contact.get(source, -99.0) < LAG[source] * 0.75:
                continue
            install.contact[source] = max(float(install.since), at)
            if source == "edr":
                install.listed["edr"] = (here.macs, tuple(address for _, address in here.ports))
    install.listed["vcenter"] = tuple(address for _, address in here.ports)


def _scanned(dice: random.Random, fleet: Fleet, here: Presence, day: int) -> Iterator[Said]:
    machine = here.machine
    if not here.on_site:
        return
    for mac, address in here.ports:
        if machine.kind != "router" and dice.random() < 0.08:
            continue
        identifiers = [("ip", address)]
        if mac is not None and fleet.near[machine.site]:
            identifiers.append(("mac", _mac_spelled(mac, 0)))
        place = (machine.site, address)
        known = fleet.names_before.get(place)
        own = f"{here.install.name}.{machine.domain}" if machine.domain else None
        shown = known if known and dice.random() < fleet.hostility.stale_pointer else own
        if shown and (shown != own or dice.random() < 0.7):
            identifiers.append(("fqdn", shown.lower()))
        elif not machine.domain and machine.kind in ("till", "printer"):
            identifiers.append(("hostname", here.install.name))
        if own:
            fleet.names_before[place] = own
        guess = "device" if dice.random() < 0.7 else {"laptop": "workstation"}.get(machine.kind, "device")
        yield _said(machine.truth, "nmap", address, guess, day + 0.5, identifiers, realm=f"site-{machine.site}")


def _standby_addresses(fleet: Fleet, day: int) -> Iterator[Said]:
    """Every site's virtual router and the address behind which a branch hides: of no one machine."""
    for site in range(fleet.sites):
        for address, mac in (("10.0.0.1", f"00000c07ac{site % 256:02x}"), ("10.0.0.2", None)):
            identifiers = [("ip", address)] + ([("mac", mac)] if mac and fleet.near[site] else [])
            yield _said(None, "nmap", address, "device", day + 0.5, identifiers, realm=f"site-{site}")


def _listed(dice: random.Random, machine: Machine, install: Install, day: int) -> Iterator[Said]:
    for source in sorted(machine.managed):
        once = _hash(machine.truth, install.number, source)
        over = day > install.until
        if over and once.random() < FORGETS.get(source, 1.0) and (install.until < 0 or day > install.until + 1):
            continue
        if source not in install.contact and source in LAG:
            if install.since >= 0 or (install.until >= 0 and once.random() < 0.7):
                continue
            install.contact[source] = min(install.until, -1 - once.randrange(15)) + once.random()
        at = install.contact[source] if source in LAG else day + 0.4
        if source in LAG or not over:
            yield _READ[source](machine, install, at, _hash(machine.truth, install.number, source, "said"))


def _ad(machine: Machine, install: Install, at: float, once: random.Random) -> Said:
    guid = _guid(once)
    identifiers = [("ad_guid", guid), ("ad_sid", f"S-1-5-21-1-2-3-{10_000 + install.number}")]
    identifiers += [("hostname", f"{install.name.upper()}$"), ("fqdn", f"{install.name}.{machine.domain}.")]
    return _said(machine.truth, "ad", guid, CLASSES[machine.kind], at, identifiers, name=install.name)


def _entra_id(machine: Machine, install: Install) -> str:
    return _guid(_hash(machine.truth, install.number, "entra device"))


def _entra(machine: Machine, install: Install, at: float, once: random.Random) -> Said:
    guid = _guid(once)
    identifiers = [("entra_object_id", guid), ("entra_device_id", _entra_id(machine, install))]
    identifiers.append(("hostname", install.name))
    return _said(machine.truth, "entra", guid, CLASSES[machine.kind], at, identifiers, name=install.name)


def _intune(machine: Machine, install: Install, at: float, once: random.Random) -> Said:
    guid = _guid(once)
    identifiers = [("intune_id", guid), ("hostname", install.name), ("serial", _serial_spelled(machine, once))]
    if once.random() < 0.9:
        identifiers.append(("entra_device_id", _entra_id(machine, install).upper()))
    identifiers += [("mac", _mac_spelled(mac, 1)) for mac in machine.macs[:1]]
    if machine.kind == "phone":
        identifiers.append(("imei", f"35{_hash(machine.truth).randrange(10**13):013d}"))
    return _said(machine.truth, "intune", guid, CLASSES[machine.kind], at, identifiers, name=install.name)


def _jamf(machine: Machine, install: Install, at: float, once: random.Random) -> Said:
    identifiers = [("jamf_udid", machine.uuid.upper()), ("uuid", machine.uuid.upper())]
    identifiers += [("serial", _serial_spelled(machine, once)), ("hostname", f"{install.name}.local")]
    identifiers += [("mac", _mac_spelled(mac, 2)) for mac in machine.macs]
    return _said(machine.truth, "jamf", str(install.number), "workstation", at, identifiers, name=install.name)


def _edr(machine: Machine, install: Install, at: float, once: random.Random) -> Said:
    identifiers = [("agent_id", f"{once.getrandbits(128):032x}")]
    macs, addresses = install.listed.get("edr", (machine.macs, ()))  # type: ignore[misc]
    identifiers += [("mac", _mac_spelled(mac, 2)) for mac in macs] + [("ip", address) for address in addresses]
    name = install.name.lower()
    identifiers.append(("fqdn", f"{name}.{machine.domain}") if machine.domain else ("hostname", name))
    if once.random() < 0.8:
        identifiers.append(("serial", _serial_spelled(machine, once)))
    if once.random() < 0.8:
        swapped = once.random() < 0.3
        identifiers.append(("uuid", _swapped(machine.uuid) if swapped else machine.uuid))
    realm = f"site-{machine.site}" if machine.site % 2 else "default"
    record = f"agent-{install.number}"
    return _said(machine.truth, "edr", record, CLASSES[machine.kind], at, identifiers, realm=realm, name=install.name)


def _vcenter(machine: Machine, install: Install, at: float, once: random.Random) -> Said:
    addresses: Any = install.listed.get("vcenter", ())
    identifiers = [("uuid", machine.uuid), *(("mac", _mac_spelled(mac, 0)) for mac in machine.macs)]
    identifiers += [("ip", address) for address in addresses]
    identifiers.append(("hostname", machine.installs[-1].name))
    record, name = f"vm-{machine.truth}", machine.installs[-1].name
    realm = f"site-{machine.site}"
    return _said(machine.truth, "vcenter", record, "virtual_machine", at, identifiers, realm=realm, name=name)


def _snmp(machine: Machine, install: Install, at: float, once: random.Random) -> Said:
    identifiers = [("chassis_id", machine.uuid), ("serial", _serial_spelled(machine, once))]
    identifiers += [("mac", _mac_spelled(mac, 3)) for mac in machine.macs] + [("ip", a) for a in machine.static]
    if machine.kind == "router" and machine.truth % 2:
        identifiers += [("mac", f"0000.0c07.ac{machine.site % 256:02x}"), ("ip", "10.0.0.1")]
    realm, record = f"site-{machine.site}", f"dev-{machine.truth}"
    return _said(machine.truth, "snmp", record, CLASSES[machine.kind], at, identifiers, realm=realm, name=install.name)


_READ = {
    "ad": _ad, "entra": _entra, "intune": _intune, "jamf": _jamf, "edr": _edr, "vcenter": _vcenter, "snmp": _snmp,
}  # fmt: skip


def _said(
    truth: int | None,
    source: str,
    record: str,
    ci_class: str,
    at: float,
    identifiers: list[tuple[str, str]],
    *,
    realm: str = "default",
    name: str | None = None,
) -> Said:
    observed_at = START + int(at * DAY)
    return Said(
        truth,
        observation(
            WORDS,
            source=source,
            record=record,
            ci_class=ci_class,
            observed_at=observed_at,
            realm=realm,
            name=name,
            identifiers=identifiers,
        ),
    )


def _guid(once: random.Random) -> str:
    digits = f"{once.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _swapped(uuid: str) -> str:
    a, b, c, d, e = uuid.split("-")
    return "-".join("".join(x[i : i + 2] for i in range(len(x) - 2, -1, -2)) for x in (a, b, c)) + f"-{d}-{e}"


def _mac_spelled(mac: str, way: int) -> str:
    if way == 0:
        return ":".join(mac[i : i + 2] for i in range(0, 12, 2))
    if way == 1:
        return mac.upper()
    if way == 2:
        return "-".join(mac[i : i + 2] for i in range(0, 12, 2)).upper()
    return ".".join(mac[i : i + 4] for i in range(0, 12, 4))


def _serial_spelled(machine: Machine, once: random.Random) -> str:
    serial = machine.serial or ""
    way = once.randrange(4)
    return (serial, serial.lower(), f" {serial} ", serial.upper())[way]
