"""Hostile fleets with known truth: machines that live for some days, are cloned, docked, renamed, re-imaged, replaced.

What sources say of them is in `fleet_records.py`. Everything is drawn from one seed; any size, any number of days.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

PLACEHOLDERS = ("To be filled by O.E.M.", "System Serial Number", "Default string", "Not Specified", "CHANGEME-0001")
"""the last one stands on no list: only its frequency gives it away"""
DOMAINS = ("corp.example", "emea.corp.example")


@dataclass(frozen=True, slots=True)
class Hostility:
    """Shares of machines (or of days) on which something nasty happens."""

    placeholder_serial: float = 0.04
    clone: float = 0.05
    """VMs copied with serial and UUID"""
    docked: float = 0.35
    """laptops that use a shared dock when they are at a desk"""
    random_mac: float = 0.15
    """laptops whose Wi-Fi address is randomised"""
    reimaged: float = 0.03
    """over all days: same hardware, new ids, often a new name"""
    renamed: float = 0.03
    replaced: float = 0.03
    """over all days: other hardware takes over the name"""
    same_name: float = 0.02
    """named as another machine of another domain is named"""
    dead: float = 0.12
    """machines that died before the first day and are still listed"""
    stale_pointer: float = 0.005
    """answers whose reverse name is that of the former holder of the address"""
    swapped_uuid: float = 0.3
    multi_homed: float = 0.4
    """servers with two or three addresses"""


@dataclass(slots=True)
class Install:
    """What a machine is between one imaging and the next: every id that software gave it."""

    number: int
    name: str
    since: int
    """first day; negative where it began before the first day"""
    until: int
    """last day, inclusive"""
    contact: dict[str, float] = field(default_factory=dict)
    """source → day of the last contact that the source knows"""
    listed: dict[str, object] = field(default_factory=dict)
    """source → what it last knew: addresses and hardware addresses"""


@dataclass(slots=True)
class Machine:
    """One thing. `truth` is its number."""

    truth: int
    kind: str
    site: int
    system: str
    serial: str | None
    uuid: str
    macs: tuple[str, ...]
    random_macs: bool
    domain: str | None
    managed: frozenset[str]
    installs: list[Install]
    static: tuple[str, ...] = ()
    mobile: bool = False
    docks: bool = False

    def install_on(self, day: int) -> Install | None:
        """The install that runs on a day."""
        return next((i for i in self.installs if i.since <= day <= i.until), None)


class Presence(NamedTuple):
    """A machine on a day: where it is and what its network cards show."""

    machine: Machine
    install: Install
    on_site: bool
    ports: tuple[tuple[str | None, str], ...]
    """(hardware address that neighbours see, address)"""
    macs: tuple[str, ...]
    """what an agent lists: its own and the dock's"""


class Leases:
    """One site's DHCP server: leases by hardware address, given away again when they have run out."""

    def __init__(self, dice: random.Random, prefix: str, size: int) -> None:
        self.dice = dice
        self.free = [f"{prefix}.{1 + n // 250}.{2 + n % 250}" for n in range(size)]
        dice.shuffle(self.free)
        self.held: dict[str, tuple[str, int]] = {}
        self.bearer: dict[str, str] = {}

    def ask(self, mac: str, day: int, length: int) -> str | None:
        """The address of a client on a day; None where the pool is empty."""
        if mac in self.held:
            address, until = self.held[mac]
            if until >= day or (self.bearer[address] == mac and self.dice.random() < 0.5):
                self.held[mac] = (address, day + length)
                return address
            self.give_back(mac)
        if not self.free:
            for other in [m for m, (_, until) in self.held.items() if until < day]:
                self.give_back(other)
            self.dice.shuffle(self.free)
        if not self.free:
            return None
        address = self.free.pop()
        self.held[mac], self.bearer[address] = (address, day + length), mac
        return address

    def give_back(self, mac: str) -> None:
        """End a lease; somebody else will have the address."""
        address, _ = self.held.pop(mac)
        self.free.insert(self.dice.randrange(len(self.free) + 1), address)


KINDS = {"laptop": 42, "desktop": 12, "server": 8, "vm": 20, "phone": 8, "printer": 5, "till": 3, "router": 2}


class Fleet:
    """All machines and what happens to them; `on(day)` says who is where. Days must be asked in order, once each."""

    def __init__(self, size: int, *, days: int, seed: int, hostility: Hostility | None = None) -> None:
        self.dice = random.Random(f"fleet {seed}")
        self.days = days
        self.hostility = hostility or Hostility()
        self.sites = max(2, size // 500)
        self.near = [site % 5 < 3 for site in range(self.sites)]
        """sites whose scanner stands in the network and sees hardware addresses"""
        self.machines: list[Machine] = []
        self._macs: set[str] = set()
        self._names: set[str] = set()
        self._next_static = [0] * self.sites
        self._numbers = iter(range(1, 1 << 40))
        for kind in self.dice.choices(list(KINDS), list(KINDS.values()), k=size):
            self._add(self._machine(kind))
        self._clone()
        self._fate()
        of_site = [sum(m.site == s and not m.static for m in self.machines) for s in range(self.sites)]
        self.leases = [Leases(self.dice, "10.20", max(20, int(n * 0.62))) for n in of_site]
        self.docks = [[self.mac("00e04c") for _ in range(max(2, n // 25))] for n in of_site]
        self.names_before: dict[tuple[int, str], str] = {}
        """(site, address) → name that DNS still has for it"""

    def _add(self, machine: Machine) -> None:
        self.machines.append(machine)

    def mac(self, maker: str = "") -> str:
        """A hardware address that nothing else bears."""
        while True:
            maker_of = maker or self.dice.choice(("3c5282", "a4bb6d", "f8e43b", "8c1645", "d0817a"))
            found = maker_of + f"{self.dice.randrange(1 << 24):06x}"
            if found not in self._macs:
                self._macs.add(found)
                return found

    def _random_mac(self) -> str:
        return f"{self.dice.choice('26ae')}".join(
            (f"{self.dice.randrange(16):x}", f"{self.dice.randrange(1 << 40):010x}")
        )

    def _name(self, kind: str, site: int) -> str:
        prefix = {
            "laptop": "LAP",
            "desktop": "DESKTOP-",
            "server": "srv",
            "vm": "app",
            "router": "rt",
            "printer": "NPI",
        }
        while True:
            if kind == "phone":
                return self.dice.choice(("iPhone", "iPad", f"Galaxy-{self.dice.randrange(10_000)}"))
            if kind == "till":
                return f"pos-{self.dice.randrange(1, 9):02d}"
            if kind == "router":
                found = f"rt{site:03d}-{self.dice.randrange(10_000)}"
            else:
                found = f"{prefix[kind]}{self.dice.choice('ABCDEFGH')}{self.dice.randrange(1 << 24):06X}"
            if found not in self._names:
                self._names.add(found)
                return found

    def _uuid(self) -> str:
        digits = f"{self.dice.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _static(self, site: int) -> str:
        self._next_static[site] += 1
        n = self._next_static[site]
        return f"10.{n // 62_500}.{n // 250 % 250}.{4 + n % 250}"

    def _machine(self, kind: str) -> Machine:
        dice, nasty = self.dice, self.hostility
        site = dice.randrange(self.sites)
        system = "windows"
        if kind == "laptop" and dice.random() < 0.3:
            system = "mac"
        elif kind in ("server", "vm") and dice.random() < 0.6:
            system = "linux"
        elif kind == "phone":
            system = "phone"
        domain = None
        if (system == "windows" and kind in ("laptop", "desktop", "server", "vm") and dice.random() < 0.85) or (
            system == "linux" and dice.random() < 0.2
        ):
            domain = DOMAINS[site % 2]
        managed = {"ad"} if domain else set()
        if kind in ("laptop", "desktop", "server", "vm") and dice.random() < 0.88:
            managed.add("edr")
        if (kind in ("laptop", "desktop") and system == "windows" and dice.random() < 0.75) or kind == "phone":
            managed |= {"entra", "intune"}
        if system == "mac" and dice.random() < 0.9:
            managed.add("jamf")
        if kind == "vm":
            managed.add("vcenter")
        if kind == "router" or (kind == "printer" and dice.random() < 0.7):
            managed.add("snmp")
        if kind == "till" and dice.random() < 0.5:
            managed.add("edr")
        serial: str | None = f"{dice.choice(('5CG', 'PF3', 'C02', 'CZC'))}{dice.randrange(1 << 30):07X}"
        if kind == "vm":
            serial = f"VMware-42 {dice.getrandbits(40):010x}"
        if dice.random() < nasty.placeholder_serial:
            serial = dice.choice(PLACEHOLDERS)
        cards = 1
        homes = 0
        if kind in ("server", "vm"):
            cards = homes = dice.choice((2, 3)) if dice.random() < nasty.multi_homed else 1
        elif kind == "router":
            cards = homes = 3
        elif kind == "printer":
            homes = 1
        elif kind == "laptop":
            cards = dice.choice((1, 2))
        dull = random_macs = kind == "phone" or (kind == "laptop" and dice.random() < nasty.random_mac)
        macs = tuple(self._random_mac() if dull and n == 0 else self.mac() for n in range(cards))
        name = self._name(kind, site)
        if kind in ("laptop", "desktop", "vm", "server") and self.machines and dice.random() < nasty.same_name:
            other = dice.choice(self.machines)
            if other.domain != domain and other.kind in ("laptop", "desktop", "vm", "server"):
                name = other.installs[0].name
        install = Install(next(self._numbers), name, -1000, self.days)
        if dice.random() < nasty.dead and kind not in ("router", "printer", "till"):
            install.until = -dice.randrange(20, 400)
        return Machine(
            len(self.machines), kind, site, system, serial, self._uuid(), macs, random_macs, domain,
            frozenset(managed), [install], tuple(self._static(site) for _ in range(homes)),
            mobile=kind in ("laptop", "phone"), docks=kind == "laptop" and dice.random() < nasty.docked,
        )  # fmt: skip

    def _clone(self) -> None:
        """Some VMs are copies: they show the serial and the UUID of another one."""
        vms = [m for m in self.machines if m.kind == "vm" and m.installs[0].until >= 0]
        for machine in vms:
            if self.dice.random() < self.hostility.clone:
                model = self.dice.choice(vms)
                machine.serial, machine.uuid = model.serial, model.uuid

    def _fate(self) -> None:
        """Who is re-imaged, renamed or replaced, and on which day."""
        dice, nasty = self.dice, self.hostility
        for machine in list(self.machines):
            install = machine.installs[-1]
            if machine.kind not in ("laptop", "desktop", "vm", "server") or install.until < 0 or self.days < 3:
                continue
            day = dice.randrange(1, self.days)
            fate = dice.random()
            if fate < nasty.reimaged:
                install.until = day - 1
                name = install.name if dice.random() < 0.4 else self._name(machine.kind, machine.site)
                machine.installs.append(Install(next(self._numbers), name, day, self.days))
            elif fate < nasty.reimaged + nasty.replaced and machine.kind in ("laptop", "desktop"):
                install.until = day - 1
                heir = self._machine(machine.kind)
                heir.installs = [Install(next(self._numbers), install.name, day, self.days)]
                heir.site, heir.domain, heir.system, heir.managed = (
                    machine.site, machine.domain, machine.system, machine.managed,
                )  # fmt: skip
                self._add(heir)
            elif fate < nasty.reimaged + nasty.replaced + nasty.renamed:
                install.listed["rename"] = (day, self._name(machine.kind, machine.site))

    def on(self, day: int) -> Iterator[Presence]:
        """Every machine that is switched on that day."""
        dice = self.dice
        free_docks = [dice.sample(docks, len(docks)) for docks in self.docks]
        for machine in dice.sample(self.machines, len(self.machines)):
            install = machine.install_on(day)
            if install is None or (machine.mobile and dice.random() < 0.2) or dice.random() < 0.03:
                continue
            if (renamed := install.listed.get("rename")) and day >= renamed[0]:  # type: ignore[index]
                install.name = renamed[1]  # type: ignore[index]
            if machine.static:
                ports = tuple(zip((*machine.macs, *machine.macs), machine.static, strict=False))
                yield Presence(machine, install, True, ports, machine.macs)
                continue
            if machine.mobile and dice.random() < 0.4:
                home = (None, f"192.168.1.{dice.randrange(2, 60)}")
                yield Presence(machine, install, False, (home,), machine.macs)
                continue
            macs, shown = machine.macs, dice.choice(machine.macs)
            if machine.random_macs and dice.random() < 0.1:
                machine.macs = macs = (self._random_mac(), *macs[1:])
                shown = macs[0]
            if machine.docks and free_docks[machine.site] and dice.random() < 0.7:
                shown = free_docks[machine.site].pop()
                macs = (*macs, shown)
            address = self.leases[machine.site].ask(shown, day, 1 if machine.mobile else 3)
            ports = ((shown, address),) if address else ()
            yield Presence(machine, install, True, ports, macs)
