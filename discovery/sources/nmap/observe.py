"""What a scanned host says: itself, what answers on it, its software and certificates, and the way to it."""

from collections.abc import Iterable, Iterator
from typing import Any

from cmdb.observation import Claim, Observation, observation
from discovery.errors import RecordRejected
from discovery.source import Hearing

ANSWERS_EVERYWHERE = 0.9
"""share of the asked ports that are open from which a host is a middlebox that answers for others"""
ENOUGH_PORTS = 50
SECOND = 1_000_000

CLASS_OF_DEVICE = {
    "printer": "printer", "router": "router", "broadband router": "router", "switch": "switch",
    "firewall": "firewall", "load balancer": "load_balancer", "storage-misc": "storage", "WAP": "access_point",
    "hypervisor": "hypervisor", "phone": "mobile_device",
}  # fmt: skip
SURE = 95
"""accuracy from which nmap's guess of a kind of device is taken"""


def observe(host: dict[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """The device, then an endpoint for each open port, with certificates and software where they were asked for."""
    address = host.get("address")
    if not isinstance(address, str):
        raise RecordRejected("a host without an address")
    at = host["ends_at"] * SECOND if host.get("ends_at") else hearing.received_at
    weak = weakness(host)
    if weak is not None and not _identified(host):
        return  # an address that only ever refused is no thing yet
    say = _Saying(hearing, address, min(at, hearing.received_at))
    yield say.device(host, weak)
    if weak is None:
        for port in host["ports"]:
            if port["state"] == "open":
                yield from say.port(port)
    yield from say.hops(host["hops"])


def weakness(host: dict[str, Any]) -> str | None:
    """Why this host is no good evidence, None where it is.

    A firewall that resets or accepts for every address makes a network of ghosts.
    """
    open_ports = sum(1 for port in host["ports"] if port["state"] == "open")
    asked = len(host["ports"]) + sum(extra["count"] for extra in host["uncounted"])
    if asked >= ENOUGH_PORTS and open_ports >= ANSWERS_EVERYWHERE * asked:
        return f"answers on {open_ports} of {asked} ports"
    if open_ports == 0 and host.get("reason") in ("reset", "conn-refused"):
        return "only refused"
    return None


def _identified(host: dict[str, Any]) -> bool:
    """Whether something beside the address says that there is a thing."""
    return any(found["type"] == "mac" for found in host["addresses"]) or any(
        name["name"] and name["type"] == "PTR" for name in host["names"]
    )


class _Saying:
    """Everything that is the same for all observations of one host."""

    def __init__(self, hearing: Hearing, address: str, at: int) -> None:
        self.hearing, self.address, self.at = hearing, address, at
        self.me = f"record:nmap:{address}"

    def one(self, record: str, ci_class: str, **more: Any) -> Observation:
        return observation(
            self.hearing.vocabulary, source="nmap", realm=self.hearing.realm, record=record, ci_class=ci_class,
            observed_at=self.at, **more,
        )  # fmt: skip

    def device(self, host: dict[str, Any], weak: str | None) -> Observation:
        identifiers = [("ip", self.address)]
        identifiers += [("ip", found["addr"]) for found in host["addresses"] if found["type"] in ("ipv4", "ipv6")]
        identifiers += [("mac", found["addr"]) for found in host["addresses"] if found["type"] == "mac"]
        for name in host["names"]:
            if name["name"] and name["type"] == "PTR":
                identifiers.append(("fqdn" if "." in name["name"] else "hostname", name["name"]))
        attributes: dict[str, Any] = {"scan": {"reason": host.get("reason")}}
        if weak is not None:
            attributes["scan"]["weak"] = weak
        if host["os"]:
            best = host["os"][0]
            attributes["os"] = best["name"]
            attributes["scan"]["os_accuracy"] = best["accuracy"]
        vendor = next((found["vendor"] for found in host["addresses"] if found["vendor"]), None)
        if vendor:
            attributes["vendor"] = vendor
        return self.one(self.address, _class_of(host), identifiers=identifiers, attributes=attributes)

    def port(self, port: dict[str, Any]) -> Iterator[Observation]:
        name = f"{port['protocol']}/{port['port']}"
        certificate = port["certificate"]
        claims = [Claim("part_of", True, self.me, basis="observed")]
        if certificate:
            claims.append(Claim("secured_by", True, f"certificate_sha256:{certificate['sha256']}", basis="observed"))
            yield self.one(
                f"certificate {certificate['sha256']}", "certificate", name=certificate["subject"],
                identifiers=[("certificate_sha256", certificate["sha256"])],
                attributes={
                    key: certificate[key]
                    for key in ("subject", "issuer", "not_before", "not_after")
                    if certificate[key]
                },
            )  # fmt: skip
        stated = {
            "port": port["port"], "protocol": port["protocol"], "service": port["service"],
            "product": port["product"], "version": port["version"], "tunnel": port["tunnel"],
            "reason": port["reason"], "cpe": port["cpe"], "host_keys": port["host_keys"],
        }  # fmt: skip
        yield self.one(
            f"{self.address}/{name}", "endpoint", name=name, within=self.me, claims=claims,
            attributes={key: value for key, value in stated.items() if value not in (None, [])},
        )  # fmt: skip
        if port["product"] and port["method"] == "probed":
            yield self.one(
                f"{self.address}/software/{port['product']}", "software", name=port["product"], within=self.me,
                attributes={"version": port["version"]} if port["version"] else {},
                claims=[Claim("installed_on", True, self.me, basis="inferred")],
            )  # fmt: skip

    def hops(self, hops: list[dict[str, Any]]) -> Iterator[Observation]:
        """Each hop is a device and the neighbour of the one before it, as far as a route tells."""
        before: str | None = None
        for hop in hops:
            address = hop["address"]
            if not address or address == self.address:
                continue
            links = [Claim("connects_to", True, f"ip:{before}", basis="inferred", confidence=0.5)] if before else []
            yield self.one(
                f"hop {address}", "device", claims=links, identifiers=[("ip", address)],
                attributes={"scan": {"reason": "hop"}},
            )  # fmt: skip
            before = address


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
