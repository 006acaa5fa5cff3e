"""Who made a device, by the number of its maker in sysObjectID, and what their devices are where they make one kind."""

from typing import Any, NamedTuple

ENTERPRISES = "1.3.6.1.4.1."


class Maker(NamedTuple):
    """`makes`: the class of everything they make that has an agent, empty where they make several kinds."""

    name: str
    makes: str = ""


MAKERS: dict[int, Maker] = {
    9: Maker("Cisco"),
    11: Maker("Hewlett-Packard"),
    43: Maker("3Com"),
    171: Maker("D-Link"),
    207: Maker("Allied Telesis"),
    232: Maker("Hewlett Packard Enterprise", "server"),
    253: Maker("Xerox", "printer"),
    318: Maker("APC"),
    367: Maker("Ricoh", "printer"),
    641: Maker("Lexmark", "printer"),
    674: Maker("Dell"),
    789: Maker("NetApp", "storage"),
    890: Maker("Zyxel"),
    1248: Maker("Epson", "printer"),
    1347: Maker("Kyocera", "printer"),
    1588: Maker("Brocade"),
    1602: Maker("Canon", "printer"),
    1916: Maker("Extreme Networks"),
    1991: Maker("Brocade"),
    2011: Maker("Huawei"),
    2435: Maker("Brother", "printer"),
    2620: Maker("Check Point", "firewall"),
    2636: Maker("Juniper Networks"),
    3375: Maker("F5", "load_balancer"),
    4526: Maker("Netgear"),
    5951: Maker("Citrix", "load_balancer"),
    6027: Maker("Dell"),
    6486: Maker("Alcatel-Lucent Enterprise"),
    6527: Maker("Nokia"),
    6574: Maker("Synology", "storage"),
    6876: Maker("VMware", "hypervisor"),
    11863: Maker("TP-Link"),
    12356: Maker("Fortinet"),
    14179: Maker("Cisco"),
    14823: Maker("Aruba"),
    14988: Maker("MikroTik"),
    24681: Maker("QNAP", "storage"),
    25053: Maker("Ruckus"),
    25461: Maker("Palo Alto Networks", "firewall"),
    25506: Maker("H3C"),
    30065: Maker("Arista Networks"),
    41112: Maker("Ubiquiti"),
    47196: Maker("Hewlett Packard Enterprise"),
}
"""IANA's private enterprise numbers, those met most often; makers of agents (net-snmp, 8072) made no device"""


def maker(object_id: Any) -> Maker | None:
    """By a sysObjectID as dotted text; None for one that is not known here."""
    if not isinstance(object_id, str) or not object_id.startswith(ENTERPRISES):
        return None
    number = object_id.removeprefix(ENTERPRISES).split(".")[0]
    return MAKERS.get(int(number)) if number.isdigit() else None
