"""What a scanned host says: itself, what answers on it, its software and certificates, and the way to it."""

import ipaddress
from collections.abc import Iterable, Iterator
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.source import Hearing

ANSWERS_EVERYWHERE = 0.9
"""share of the asked ports that are open from which a host is a middlebox that answers for others"""
ENOUGH_PORTS = 40
SECOND = 1_000_000

CLASS_OF_DEVICE = {
    "printer": "printer", "router": "router", "broadband router": "router", "switch": "switch",
    "firewall": "firewall", "load balancer": "load_balancer", "storage-misc": "storage", "WAP": "access_point",
    "hypervisor": "hypervisor", "phone": "mobile_device",
}  # fmt: skip
"""nmap's kinds of device (the others say too little) → classes"""
SURE = 95
"""accuracy from which nmap's guess of an operating system or kind of device is taken for one"""


def observe(host: dict[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """The device, then an endpoint for each open port, with certificates and software where they were asked for.

    Raises RecordRejected for a host that is weak evidence and nothing but an address: what is known of that address
    counts as seen, and nothing new comes of it.
    """
    address = host.get("address")
    if not isinstance(address, str):
        raise RecordRejected("a host without an address")
    said = _Saying(host, hearing)
    weak = weakness(host)
    if weak is not None and not _identified(host):
        raise RecordRejected(f"{address} {weak}: weak evidence that there is a machine", said.record)
    try:
        return list(_observed(said, weak))
    except Invalid as wrong:
        raise RecordRejected(str(wrong), said.record) from None


def _observed(said: "_Saying", weak: str | None) -> Iterator[Observation]:
    host = said.host
    yield said.device(weak)
    if weak is None:
        for port in host["ports"]:
            if port["state"] == "open":
                yield from said.port(port)
    yield from said.hops()


def weakness(host: dict[str, Any]) -> str | None:
    """Why this host is no good evidence, None where it is.

    A firewall that resets or accepts for every address makes a network of ghosts.
    """
    open_ports = sum(1 for port in host["ports"] if port["state"] == "open")
    asked = len(host["ports"]) + sum(extra["count"] for extra in host["uncounted"])
    if asked >= ENOUGH_PORTS and open_ports >= ANSWERS_EVERYWHERE * asked:
        return f"answers on {open_ports} of {asked} ports"
    if host.get("crowd") is not None:
        return f"is one of many: {host['crowd']}"
    if open_ports == 0 and host.get("reason") in ("reset", "conn-refused"):
        return "only refused"
    return None


def _identified(host: dict[str, Any]) -> bool:
    """Whether something beside the address says that there is a thing of its own."""
    if any(name["name"] and name["type"] == "PTR" for name in host["names"]) or "self" in host:
        return True
    return host.get("crowd") is None and any(found["type"] == "mac" for found in host["addresses"])


class _Saying:
    """Everything that is the same for all observations of one host."""

    def __init__(self, host: dict[str, Any], hearing: Hearing) -> None:
        self.host, self.hearing = host, hearing
        self.address: str = host["address"]
        self.installed: set[str] = set()
        # Every machine has the same loopback addresses: there, the record is the machine's.
        self.record = f"{host['self']['hostname']}/{self.address}" if "self" in host else self.address
        self.me = f"record:nmap:{self.record}"
        ends_at = host.get("ends_at")
        self.at = min(ends_at * SECOND, hearing.received_at) if ends_at else hearing.received_at

    def one(self, record: str, ci_class: str, **more: Any) -> Observation:
        return observation(
            self.hearing.vocabulary, source="nmap", realm=self.hearing.realm, record=record, ci_class=ci_class,
            observed_at=self.at, **more,
        )  # fmt: skip

    def device(self, weak: str | None) -> Observation:
        host = self.host
        found = host["addresses"]
        identifiers = [("ip", one["addr"]) for one in found if one["type"] in ("ipv4", "ipv6")]
        if host.get("crowd") is None:
            identifiers += [("mac", one["addr"]) for one in found if one["type"] == "mac"]
        for name in host["names"]:
            if name["name"] and name["type"] == "PTR" and "self" not in host:
                identifiers.append(("fqdn" if "." in name["name"] else "hostname", name["name"]))
        if "self" in host:
            identifiers += _of_this_machine(host["self"])
        scan = {"reason": host.get("reason"), "weak": weak, "asked_as": host.get("asked_as")}
        attributes: dict[str, Any] = {"scan": {key: value for key, value in scan.items() if value is not None}}
        if host["os"]:
            best = host["os"][0]
            attributes["scan"]["os_accuracy"] = best["accuracy"]
            if (best["accuracy"] or 0) >= SURE and best["name"]:
                attributes["os"] = best["name"]
            else:
                attributes["scan"]["os_guess"] = best["name"]
        vendor = next((one["vendor"] for one in found if one["vendor"]), None)
        if vendor:
            attributes["vendor"] = vendor
        return self.one(
            self.record, _class_of(host), identifiers=identifiers, attributes=attributes, claims=self.last_step()
        )

    def port(self, port: dict[str, Any]) -> Iterator[Observation]:
        name = f"{port['protocol']}/{port['port']}"
        claims = [Claim("part_of", True, self.me, basis="observed")]
        certificate = port["certificate"]
        if certificate:
            reference = f"certificate.certificate_sha256:{certificate['sha256']}"
            claims.append(Claim("secured_by", True, reference, basis="observed"))
            yield self.certificate(certificate)
        stated = {
            "port": port["port"], "protocol": port["protocol"], "service": port["service"],
            "product": port["product"], "version": port["version"], "tunnel": port["tunnel"],
            "reason": port["reason"], "cpe": port["cpe"], "host_keys": port["host_keys"],
        }  # fmt: skip
        yield self.one(
            f"{self.record}/{name}", "endpoint", name=name, within=self.me, claims=claims,
            attributes={key: value for key, value in stated.items() if value not in (None, [])},
        )  # fmt: skip
        if port["product"] and port["method"] == "probed" and port["product"] not in self.installed:
            self.installed.add(port["product"])
            known = {"version": port["version"], "cpe": [cpe for cpe in port["cpe"] if cpe.startswith("cpe:/a:")]}
            yield self.one(
                f"{self.record}/software/{port['product']}", "software", name=port["product"], within=self.me,
                attributes={key: value for key, value in known.items() if value},
                claims=[Claim("installed_on", True, self.me, basis="inferred")],
            )  # fmt: skip

    def certificate(self, found: dict[str, Any]) -> Observation:
        """A CI of its own: many endpoints may show the same one."""
        known = {key: found.get(key) for key in ("subject", "issuer", "not_before", "not_after", "names")}
        return self.one(
            f"certificate {found['sha256']}", "certificate", name=found["subject"],
            identifiers=[("certificate_sha256", found["sha256"])],
            attributes={key: value for key, value in known.items() if value},
        )  # fmt: skip

    def route(self) -> list[tuple[int, str]]:
        """(number of the hop, address) of the routers on the way."""
        return [
            (hop["ttl"], hop["address"])
            for hop in self.host["hops"]
            if hop["ttl"] is not None and _is_address(hop["address"]) and hop["address"] != self.address
        ]

    def last_step(self) -> list[Claim]:
        """The link between this host and the router before it, where the route has no gap there."""
        ends = [hop["ttl"] for hop in self.host["hops"] if hop["address"] == self.address]
        return [_link(before) for ttl, before in self.route() if ends and ttl == ends[0] - 1]

    def hops(self) -> Iterator[Observation]:
        """Each router on the way shows one address, an interface of a device that may be known by another.

        It is a neighbour of the one before it, as far as a route tells.
        """
        route = dict(self.route())
        for ttl, address in route.items():
            claims = [Claim("part_of", True, f"ip:{address}", basis="inferred", confidence=0.9)]
            if ttl - 1 in route:
                claims.append(_link(route[ttl - 1]))
            yield self.one(
                f"hop {address}", "interface", name=address, claims=claims, identifiers=[("ip", address)],
                attributes={"scan": {"reason": "hop"}},
            )  # fmt: skip


def _link(hop: str) -> Claim:
    return Claim("connects_to", True, f"record:nmap:hop {hop}", basis="inferred", confidence=0.5)


def _is_address(text: str | None) -> bool:
    try:
        ipaddress.ip_address(text or "")
    except ValueError:
        return False
    return True


def _of_this_machine(known: dict[str, Any]) -> list[tuple[str, str]]:
    """What identifies the machine that scanned its own loopback."""
    found = [("hostname", known["hostname"]), *(("ip", ip) for ip in known["addresses"])]
    found += [("mac", mac) for mac in known["macs"]]
    return found + [(kind, known[kind]) for kind in ("agent_id", "fqdn") if known[kind]]


def _class_of(host: dict[str, Any]) -> str:
    """`device` unless nmap is sure of the kind."""
    for match in host["os"][:1]:
        for found in match["classes"]:
            if (found["accuracy"] or 0) >= SURE and found["type"] in CLASS_OF_DEVICE:
                return CLASS_OF_DEVICE[found["type"]]
    for port in host["ports"]:
        if port["state"] == "open" and port["device"] in CLASS_OF_DEVICE:
            return CLASS_OF_DEVICE[port["device"]]
    return "device"
