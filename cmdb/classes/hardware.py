"""Machines and what is built into them."""

from cmdb.ci_class import DAY, DEVICE, PART, Absence, Attribute, CIClass

MACHINE = {
    "os": Attribute("string", "operating system with version, as the source spells it", watched=True),
    "vendor": Attribute("string", "manufacturer"),
    "model": Attribute("string", "model name"),
    "cpu_count": Attribute("integer", "logical processors", watched=True),
    "memory_bytes": Attribute("integer", "main memory in bytes", watched=True),
}
STEADY = Absence(misses_to_retire=3, age_to_retire=14 * DAY, contact_age=90 * DAY)
PORTABLE = Absence(misses_to_retire=1, age_to_retire=90 * DAY, contact_age=30 * DAY, by_scan=False)

HARDWARE = (
    CIClass(
        "device",
        "hardware",
        DEVICE,
        "Something answers; what kind of machine it is nobody has said yet.",
        Absence(misses_to_retire=3, age_to_retire=14 * DAY),
        MACHINE,
    ),
    CIClass("server", "hardware", DEVICE, "A physical machine that serves others.", STEADY, MACHINE),
    CIClass("workstation", "hardware", DEVICE, "A desk machine or laptop that a person works on.", PORTABLE, MACHINE),
    CIClass(
        "mobile_device", "hardware", DEVICE, "A telephone or tablet under management.", PORTABLE, MACHINE, apart=True
    ),
    CIClass("printer", "hardware", DEVICE, "A printer or multi-function device.", PORTABLE, MACHINE, apart=True),
    CIClass("storage", "hardware", DEVICE, "An array or filer that stores for others.", STEADY, MACHINE),
    CIClass("hypervisor", "hardware", DEVICE, "A machine that hosts virtual machines.", STEADY, MACHINE),
    CIClass(
        "virtual_machine",
        "hardware",
        DEVICE,
        "A machine that exists inside a hypervisor.",
        Absence(misses_to_retire=2, age_to_retire=7 * DAY),
        MACHINE,
    ),
    CIClass(
        "module",
        "hardware",
        PART,
        "A board, blade or power supply inside a chassis.",
        Absence(age_to_retire=0, with_holder=True),
        counts_in_hold=False,
    ),
)
