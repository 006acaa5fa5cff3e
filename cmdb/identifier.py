"""What can identify a thing: kinds of identifier, their normal forms, and the values that identify nothing."""

import ipaddress
import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cmdb.errors import Invalid

MAX_BYTES = 1024

_PRIVATE_SUFFIXES = (".local", ".lan", ".internal", ".home.arpa")
_HEX = re.compile(r"[^0-9a-f]")
_SPACES = re.compile(r"\s+")
_SID = re.compile(r"S-1-[0-9-]+\Z")
_PLACEHOLDERS = frozenset(
    {
        *("none", "null", "nil", "n/a", "na", "unknown", "unspecified", "undefined", "default", "empty", "blank"),
        *("invalid", "serial", "serialnumber", "serial number", "system serial number", "chassis serial number"),
        *("base board serial number", "type2 - board serial number", "system product name", "default string"),
        *("to be filled by o.e.m.", "to be filled by oem", "o.e.m.", "oem", "not specified", "none specified"),
        *("not applicable", "not available", "no asset tag", "asset tag", "n.a.", "123456789", "1234567890"),
        *("0123456789", "0123456789abcdef", "01234567890123456789", "123456", "1234567", "12345678", "9876543210"),
        *("to be filled by o.e.m", "default_string", "$(default_string)", "system serial", "chassis serial", "(none)"),
        *("base board serial", "not settable", "no enclosure", "oem serial", "oem_serial", "tbd", "123-1234-123"),
        *("mb-1234567890", "nb-1234567890", "sys-1234567890", "bss-0123456789", "sernum0"),
        *("ssn12345678901234567", "bsn12345678901234567", "csn12345678901234567", "atn12345678901234567"),
    }
)
_BAD_UUIDS = frozenset(
    {
        *("03000200-0400-0500-0006-000700080009", "00020003-0004-0005-0006-000700080009"),
        *("12345678-1234-5678-90ab-cddeefaabbcc", "4c4c4544-0000-2010-8020-80c04f202020"),
    }
)
_VIRTUAL_ROUTER_MACS = (
    *("00:00:0c:07:ac", "00:00:0c:9f:f", "00:05:73:a0:0", "00:00:5e:00:01", "00:00:5e:00:02", "00:07:b4:00"),
    *("00:09:0f:09", "00:10:db:ff"),  # what FortiGate and SRX clusters answer with, whichever member is active
)
_MACS_OF_SOFTWARE = frozenset(
    {
        *("00:50:56:c0:00:01", "00:50:56:c0:00:08"),  # VMware's networks on a workstation
        *("00:05:9a:3c:7a:00", "00:05:9a:3c:78:00", "00:09:0f:fe:00:01", "00:09:0f:aa:00:01"),  # VPN clients
        *("00:53:45:00:00:00", "50:50:54:50:30:30", "20:41:53:59:4e:ff"),  # dial-up adapters of Windows
        *("0c:5b:8f:27:9a:64", "00:1e:10:1f:00:00", "00:a0:c6:00:00:00"),  # modem sticks
        "ac:de:48:00:11:22",  # the way to the security chip inside a Mac
        "00:11:22:33:44:55",
    }
)
"""the same on every machine that has the program or the stick"""


class Identifier(NamedTuple):
    """A kind and a value in normal form; the realm it is read in is its record's."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class IdentifierKind:
    """How values of one kind are spelled, scoped and weighed.

    `bits` is log2(m/u) of an agreement on a value that nothing else bears: how much likelier it is on two records
    of one thing than on two records of different things.
    """

    name: str
    description: str
    bits: float
    normal: Callable[[str], str]
    one_valued: bool = False
    """two values disagree"""
    by_realm: bool = False
    """means something within its realm only"""
    worthless: Callable[[str], bool] = lambda value: False
    form: str = ""
    """which of FORMS a declared kind has; empty for those that are built in"""
    stop: frozenset[str] = frozenset()
    """values in normal form that identify nothing in this estate: kept and shown, and never weighed"""


def _text(value: str) -> str:
    return unicodedata.normalize("NFC", value.strip())


def _folded(value: str) -> str:
    return _text(value).casefold()


def _serial(value: str) -> str:
    return _SPACES.sub("", _text(value)).upper()


def _mac(value: str) -> str:
    digits = _HEX.sub("", value.strip().lower())
    if len(digits) != 12 or re.search(r"[g-z]", value.lower()):
        raise Invalid(f"{value!r} is not a MAC address: twelve hexadecimal digits are wanted")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _ip(value: str) -> str:
    try:
        address = ipaddress.ip_address(value.strip().split("%")[0])
    except ValueError:
        raise Invalid(f"{value!r} is not an IP address") from None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _socket(value: str) -> str:
    address, colon, port = value.strip().rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise Invalid(f"{value!r} is no socket: ADDRESS:PORT is wanted, an IPv6 address in brackets")
    normal = _ip(address.strip("[]"))
    return f"[{normal}]:{int(port)}" if ":" in normal else f"{normal}:{int(port)}"


def _domain_name(value: str) -> str:
    return _folded(value).rstrip(".")


def _hostname(value: str) -> str:
    return _domain_name(value).removesuffix("$")


def _guid(value: str) -> str:
    try:
        return str(uuid.UUID(value.strip()))
    except ValueError:
        raise Invalid(f"{value!r} is not a UUID: 32 hexadecimal digits are wanted") from None


def _sid(value: str) -> str:
    spelled = value.strip().upper()
    if not _SID.match(spelled):
        raise Invalid(f"{value!r} is not a security identifier (S-1-…)")
    return spelled


def _fingerprint(value: str) -> str:
    digits = value.strip().lower().replace(":", "").replace(" ", "")
    if len(digits) != 64 or _HEX.search(digits):
        raise Invalid(f"{value!r} is not a SHA-256 fingerprint: 64 hexadecimal digits are wanted")
    return digits


def _placeholder(value: str) -> bool:
    return value.casefold() in _PLACEHOLDERS or len(set(value)) <= 1


def _spaceless_placeholder(value: str) -> bool:
    return _placeholder(value) or value.casefold() in _SPACELESS


_SPACELESS = frozenset(_SPACES.sub("", value) for value in _PLACEHOLDERS)


def _worthless_uuid(value: str) -> bool:
    return value in _BAD_UUIDS or len(set(value.replace("-", ""))) <= 1


def _worthless_mac(value: str) -> bool:
    """Random, shared by construction, or nothing at all.

    Locally administered addresses (second bit of the first octet) are randomised or given by software; HSRP, VRRP
    and GLBP addresses move between routers; some programs give their adapter one address everywhere.
    """
    first = int(value[:2], 16)
    same = len(set(value.replace(":", ""))) <= 1
    return bool(first & 0b11) or same or value in _MACS_OF_SOFTWARE or value.startswith(_VIRTUAL_ROUTER_MACS)


def _worthless_ip(value: str) -> bool:
    address = ipaddress.ip_address(value)
    return address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast


def _worthless_socket(value: str) -> bool:
    return _worthless_ip(value.rpartition(":")[0].strip("[]"))


def _worthless_name(value: str) -> bool:
    return value in {"localhost", "localhost.localdomain", "localhost6"} or _placeholder(value)


_DECLARED = (
    IdentifierKind("serial", "serial number", 25, _serial, one_valued=True, worthless=_spaceless_placeholder),
    IdentifierKind("uuid", "SMBIOS or hypervisor UUID", 25, _guid, one_valued=True, worthless=_worthless_uuid),
    IdentifierKind("mac", "hardware address of an interface", 20, _mac, worthless=_worthless_mac),
    IdentifierKind("ip", "network address", 7, _ip, by_realm=True, worthless=_worthless_ip),
    # Where a program is reached, never what makes two of them one: who has the port today is not who had it.
    IdentifierKind(
        "socket", "address and TCP port listened on", 0, _socket, by_realm=True, worthless=_worthless_socket
    ),
    IdentifierKind("hostname", "name of a host", 12, _hostname, by_realm=True, worthless=_worthless_name),
    IdentifierKind("fqdn", "name of a host with its domain", 18, _hostname, worthless=_worthless_name),
    IdentifierKind("name", "name within realm and class", 12, _folded, by_realm=True, worthless=_worthless_name),
    IdentifierKind("email", "mail address", 22, _folded, worthless=_placeholder),
    IdentifierKind("upn", "user principal name", 22, _folded, worthless=_placeholder),
    IdentifierKind("ad_guid", "objectGUID", 30, _guid, one_valued=True, worthless=_worthless_uuid),
    IdentifierKind("ad_sid", "objectSid", 30, _sid, one_valued=True),
    IdentifierKind("dn", "distinguished name", 18, _folded, by_realm=True),
    IdentifierKind("entra_device_id", "Entra device id", 30, _guid, one_valued=True, worthless=_worthless_uuid),
    IdentifierKind("entra_object_id", "Entra object id", 30, _guid, one_valued=True, worthless=_worthless_uuid),
    IdentifierKind("intune_id", "Intune device id", 30, _guid, one_valued=True, worthless=_worthless_uuid),
    IdentifierKind("jamf_udid", "Jamf UDID", 30, _folded, one_valued=True, worthless=_worthless_uuid),
    IdentifierKind("imei", "mobile equipment identity", 25, _serial, worthless=_placeholder),
    IdentifierKind("cloud_id", "id given by a cloud provider", 30, _text, worthless=_placeholder),
    IdentifierKind("agent_id", "id given by an agent", 30, _folded, one_valued=True, worthless=_placeholder),
    IdentifierKind("chassis_id", "id of a chassis (LLDP, SNMP engine)", 22, _folded, worthless=_placeholder),
    IdentifierKind("certificate_sha256", "fingerprint of a certificate", 20, _fingerprint),
    IdentifierKind("k8s_uid", "uid of a Kubernetes object", 30, _guid, worthless=_worthless_uuid),
    IdentifierKind("url", "address of a service", 20, _text, worthless=_placeholder),
)

IDENTIFIER_KINDS: dict[str, IdentifierKind] = {declared.name: declared for declared in _DECLARED}

FORMS: dict[str, tuple[Callable[[str], str], Callable[[str], bool]]] = {
    "text": (_text, _placeholder),
    "folded": (_folded, _placeholder),
    "serial": (_serial, _spaceless_placeholder),
    "uuid": (_guid, _worthless_uuid),
    "mac": (_mac, _worthless_mac),
    "domain": (_domain_name, _worthless_name),
}
"""normal forms that a declared kind can choose from, each with the values that identify nothing"""

NAME_KINDS = frozenset({"name", "hostname", "fqdn"})
"""counted once, as the best of them: they say the same thing in three spellings"""


def identifier(kinds: Mapping[str, IdentifierKind], kind: str, value: str) -> Identifier | None:
    """The identifier in normal form, or None where the value identifies nothing and is kept as an attribute only.

    Raises Invalid for an unknown kind and for a value that is no value of its kind.
    """
    declared = kinds.get(kind)
    if declared is None:
        raise Invalid(f"unknown identifier kind {kind!r}; known: {', '.join(sorted(kinds))}")
    normal = declared.normal(value)
    if not normal:
        return None
    if len(normal) > MAX_BYTES // 4 and len(normal.encode()) > MAX_BYTES:
        raise Invalid(f"identifier {kind} is longer than {MAX_BYTES} bytes")
    return None if declared.worthless(normal) else Identifier(kind, normal)


def is_scoped(kind: IdentifierKind, value: str) -> bool:
    """Whether the value means something within its realm only."""
    if kind.by_realm:
        return True
    return kind.name == "fqdn" and ("." not in value or value.endswith(_PRIVATE_SUFFIXES))


def swapped_uuid(value: str) -> str:
    """The same UUID with its first three fields in the other byte order, as SMBIOS 2.6 readers differ."""
    a = value
    return f"{a[6:8]}{a[4:6]}{a[2:4]}{a[:2]}-{a[11:13]}{a[9:11]}-{a[16:18]}{a[14:16]}{a[18:]}"


_SLOT = re.compile(r"(?<![0-9])[0-9]{1,3}([-.])[0-9]{1,3}\1[0-9]{1,3}\1[0-9]{1,3}(?![0-9])")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}\Z|[0-9a-f]*:[0-9a-f:.]*\Z")


def is_address(name: str) -> bool:
    """Whether what stands where a name should is an address: it is no name, and says what the address says."""
    return _ADDRESS.match(name) is not None


def is_of_an_address(name: str) -> bool:
    """Whether it is an address, or a name made of one (`dhcp-10-0-0-5`): whoever has the address is called so, and may
    have a name of its own as well."""
    return _SLOT.search(name) is not None or is_address(name)


def is_keyed_by_realm(kind: IdentifierKind) -> bool:
    """Whether the realm is part of the linking key. Host names are keyed without theirs, because names from a cloud
    directory (realm `default`) may match in any."""
    return kind.by_realm and kind.name != "hostname"


BOTH_ORDERS = frozenset({"uuid", "ad_guid"})
"""kinds of which both byte orders share a linking key"""


def is_keyed_as_it_is(kind: IdentifierKind) -> bool:
    """Whether the value itself is part of the linking key: of a UUID, both byte orders share one."""
    return kind.name not in BOTH_ORDERS


def linking_key(kind: IdentifierKind, value: str, realm: str) -> str:
    """Under which records that may be of one thing find each other: `kind|value|realm`, realm empty where global."""
    if not is_keyed_as_it_is(kind):
        value = min(value, swapped_uuid(value))
    if "|" in value or "%" in value:
        value = value.replace("%", "%25").replace("|", "%7C")
    return f"{kind.name}|{value}|{realm if is_keyed_by_realm(kind) else ''}"
