"""What a device is built of (ENTITY-MIB): one chassis that is the device, or several that are stacked, and modules."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from discovery.sources.snmp.values import text

CHASSIS, MODULE = 3, 9
"""entPhysicalClass"""
MOST_MODULES = 500
SERIALS = ("serial_cisco", "serial_hewlett_packard", "serial_juniper", "serial_fortinet", "serial_palo_alto")
"""scalars in which makers say a serial number, beside ENTITY-MIB or in its place"""

Columns = Mapping[str, Mapping[str, Any]]


class Part(NamedTuple):
    """A chassis or a module; empty texts where nothing was said."""

    row: str
    kind: str
    name: str
    serial: str
    vendor: str
    model: str
    software: str


def chassis(columns: Columns) -> list[Part]:
    """Every chassis: one is the device, several are a stack or a cluster behind one address."""
    return _parts(columns, CHASSIS, "chassis")


def modules(columns: Columns) -> list[Part]:
    """Modules that bear a serial number of their own; what bears none cannot be told from a slot."""
    taken = {part.serial for part in chassis(columns)}
    found: dict[str, Part] = {}
    for part in _parts(columns, MODULE, "module"):
        if part.serial and part.serial not in taken:
            found.setdefault(part.serial, part)
    return list(found.values())[:MOST_MODULES]


def serial_of(system: Mapping[str, Any], machines: list[Part]) -> str | None:
    """The device's; a stack of several has none of its own."""
    if len(machines) > 1:
        return None
    stated = machines[0].serial if machines else ""
    return stated or next((said for name in SERIALS if (said := text(system.get(name)))), None)


def _parts(columns: Columns, wanted: int, kind: str) -> list[Part]:
    def cell(name: str, index: str) -> str:
        return text(columns.get(name, {}).get(index))

    return [
        Part(
            index, kind, cell("ent_name", index) or cell("ent_descr", index), cell("ent_serial", index),
            cell("ent_vendor", index), cell("ent_model", index), cell("ent_software", index),
        )
        for index, found in columns.get("ent_class", {}).items()
        if found == wanted
    ]  # fmt: skip
