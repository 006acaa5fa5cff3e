"""host_record: one `<host>` element as a plain record that can be stored as JSON and observed later.

python-nmap reads the element; what it drops is read from the same element: every address, every CPE, operating
system classes, tunnels, reasons, ports that are only counted, the route.
"""

import base64
import hashlib
import ipaddress
import re
from typing import Any
from xml.etree import ElementTree

import nmap

_HEAD = b'<nmaprun args="" start="0" startstr="" version=""><scaninfo type="" protocol="tcp" services=""/>'
_TAIL = (
    b'<runstats><finished timestr="" elapsed="0" exit="success"/>'
    b'<hosts up="1" down="0" total="1"/></runstats></nmaprun>'
)
_NAIVE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\Z")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.S)


class Unreadable(ValueError):
    """A `<host>` that does not say what nmap's always do."""


class _Reader(nmap.PortScanner):  # type: ignore[misc]
    """python-nmap's reader without its scanner: the constructor would run nmap, which may not even be here."""

    def __init__(self) -> None:
        self._scan_result: dict[str, Any] = {}


def host_record(fragment: bytes, began: int | None = None) -> dict[str, Any]:
    """Everything we use of one `<host>…</host>`. `began`: when the scan began (seconds since 1970), for hosts that do
    not say when they were asked. Raises Unreadable.
    """
    try:
        element = ElementTree.fromstring(fragment)
    except ElementTree.ParseError as wrong:
        raise Unreadable(f"a host that cannot be read: {wrong}") from None
    address = _address(element)
    if address is None:
        raise Unreadable("a host without an IP address")
    known = _as_python_nmap_reads(fragment)
    status = known.get("status", {})
    return {
        "address": address,
        "state": status.get("state"),
        "reason": status.get("reason"),
        "ends_at": whole_number(element.get("endtime")) or whole_number(element.get("starttime")) or began,
        "timed_out": element.get("timedout") == "true",
        "addresses": [
            {"addr": found.get("addr"), "type": found.get("addrtype"), "vendor": found.get("vendor")}
            for found in element.findall("address")
        ],
        "names": [{"name": name.get("name"), "type": name.get("type")} for name in known.get("hostnames", [])],
        "ports": _ports(element, known),
        "uncounted": [
            {"state": extra.get("state"), "count": whole_number(extra.get("count")) or 0}
            for extra in element.findall("ports/extraports")
        ],
        "os": [
            {
                "name": match.get("name"),
                "accuracy": whole_number(match.get("accuracy")),
                "classes": _classes(match),
            }
            for match in element.findall("os/osmatch")
        ],
        "hops": [
            {"ttl": whole_number(hop.get("ttl")), "address": hop.get("ipaddr"), "name": hop.get("host")}
            for hop in element.findall("trace/hop")
        ],
    }


def _as_python_nmap_reads(fragment: bytes) -> dict[str, Any]:
    try:
        read = _Reader().analyse_nmap_xml_scan(_HEAD + fragment + _TAIL, "", "", "")
    except nmap.PortScannerError:  # its message would be the whole text
        raise Unreadable("a host that cannot be read") from None
    except (ValueError, AttributeError, KeyError, TypeError) as wrong:
        raise Unreadable(f"a host that nmap would not have written: {type(wrong).__name__}: {wrong}") from None
    found: dict[str, Any] = next(iter(read["scan"].values()), {})
    return found


def _address(element: ElementTree.Element) -> str | None:
    for wanted in ("ipv4", "ipv6"):
        for found in element.findall("address"):
            if found.get("addrtype") == wanted:
                try:
                    return str(ipaddress.ip_address(found.get("addr", "")))
                except ValueError:
                    return None
    return None


def _ports(element: ElementTree.Element, known: dict[str, Any]) -> list[dict[str, Any]]:
    ports = []
    for port in element.findall("ports/port"):
        protocol, number = port.get("protocol", "tcp"), whole_number(port.get("portid"))
        if number is None:
            continue
        read = known.get(protocol, {}).get(number, {})
        service = port.find("service")
        ports.append(
            {
                "protocol": protocol,
                "port": number,
                "state": read.get("state"),
                "reason": read.get("reason"),
                "service": read.get("name") or None,
                "product": read.get("product") or None,
                "version": read.get("version") or None,
                "extra": read.get("extrainfo") or None,
                "tunnel": None if service is None else service.get("tunnel"),
                "method": None if service is None else service.get("method"),
                "host": None if service is None else service.get("hostname"),
                "os": None if service is None else service.get("ostype"),
                "device": None if service is None else service.get("devicetype"),
                "cpe": [cpe.text for cpe in port.findall("service/cpe") if cpe.text],
                "certificate": _certificate(port),
                "host_keys": [table_key for table_key in _host_keys(port) if table_key],
            }
        )
    return ports


def _classes(match: ElementTree.Element) -> list[dict[str, Any]]:
    return [
        {
            "type": found.get("type"),
            "vendor": found.get("vendor"),
            "family": found.get("osfamily"),
            "generation": found.get("osgen"),
            "accuracy": whole_number(found.get("accuracy")),
            "cpe": [cpe.text for cpe in found.findall("cpe") if cpe.text],
        }
        for found in match.findall("osclass")
    ]


def _certificate(port: ElementTree.Element) -> dict[str, Any] | None:
    """Of the `ssl-cert` script: names, validity, and the fingerprint of the certificate itself."""
    for script in port.findall("script"):
        if script.get("id") != "ssl-cert":
            continue
        pem = next((found.text or "" for found in script.findall("elem") if found.get("key") == "pem"), "")
        match = _PEM.search(pem) or _PEM.search(script.get("output", ""))
        try:
            der = base64.b64decode("".join(match[1].split())) if match else b""
        except ValueError:
            der = b""
        if not der:
            return None
        return {
            "sha256": hashlib.sha256(der).hexdigest(),
            "subject": _named(script, "subject"),
            "issuer": _named(script, "issuer"),
            "names": _alternative_names(script),
            "not_before": _time(_named(script, "validity", "notBefore")),
            "not_after": _time(_named(script, "validity", "notAfter")),
        }
    return None


def _named(script: ElementTree.Element, table: str, key: str = "commonName") -> str | None:
    for found in script.findall("table"):
        if found.get("key") == table:
            for elem in found.findall("elem"):
                if elem.get("key") == key:
                    return elem.text
    return None


def _alternative_names(script: ElementTree.Element) -> list[str]:
    """DNS names that the certificate is good for."""
    for extension in script.findall("table[@key='extensions']/table"):
        said = {elem.get("key"): elem.text or "" for elem in extension.findall("elem")}
        if said.get("name") == "X509v3 Subject Alternative Name":
            named = (part.strip() for part in said.get("value", "").split(","))
            return sorted({part.removeprefix("DNS:") for part in named if part.startswith("DNS:")})
    return []


def _time(text: str | None) -> str | None:
    """RFC 3339; nmap leaves out that it means UTC."""
    return f"{text}Z" if text is not None and _NAIVE_TIME.match(text) else text


def _host_keys(port: ElementTree.Element) -> list[str | None]:
    return [
        elem.text
        for script in port.findall("script")
        if script.get("id") == "ssh-hostkey"
        for table in script.findall("table")
        for elem in table.findall("elem")
        if elem.get("key") == "fingerprint"
    ]


def whole_number(text: str | None) -> int | None:
    """A number as nmap writes them; None for anything else."""
    return int(text) if text is not None and len(text) <= 15 and text.isascii() and text.isdigit() else None
