"""What carries traffic, and how it is named and divided."""

from cmdb.ci_class import DEVICE, PART, Absence, Attribute, CIClass
from cmdb.classes.hardware import MACHINE, STEADY

WITH_ITS_DEVICE = Absence(misses_to_retire=3, age_to_retire=0, with_holder=True)

NETWORK = (
    CIClass("switch", "network", DEVICE, "Carries traffic between the ports of a network.", STEADY, MACHINE),
    CIClass("router", "network", DEVICE, "Carries traffic between networks.", STEADY, MACHINE),
    CIClass("firewall", "network", DEVICE, "Decides which traffic may pass.", STEADY, MACHINE),
    CIClass("load_balancer", "network", DEVICE, "Spreads requests over the members of a pool.", STEADY, MACHINE),
    CIClass("access_point", "network", DEVICE, "Lets radio devices into a network.", STEADY, MACHINE),
    CIClass(
        "interface",
        "network",
        PART,
        "A port of a device, physical or logical.",
        WITH_ITS_DEVICE,
        {"speed_mbps": Attribute("integer", "nominal speed in megabits per second")},
        own_record=True,
        counts_in_hold=False,
    ),
    CIClass(
        "network",
        "network",
        "network",
        "A range of addresses: a subnet, VLAN or VRF.",
        attributes={"prefix": Attribute("string", "the range in CIDR notation")},
        named=True,
    ),
    CIClass("virtual_address", "network", "virtual_address", "An address that moves between devices or spreads load."),
    CIClass("dns_zone", "network", "dns_zone", "A zone of names; it needs one of its servers.", named=True),
    CIClass("cluster", "network", "cluster", "Machines that act as one.", named=True),
)
