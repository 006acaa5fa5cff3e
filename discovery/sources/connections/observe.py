"""What a host's connection table says: applications, what they run on, and with what they talk."""

import ipaddress
from collections.abc import Iterable
from typing import Any

from cmdb.observation import Claim, Observation, observation
from discovery.source import Hearing

WATCHING_PORTS = frozenset({22, 123, 161, 162, 514, 601, 3389, 5044, 5985, 5986, 6514, 9090, 9093, 9100, 10050, 10051})
"""ports by which machines are watched, logged, timed or administered: losing these brings nobody down"""
WATCHING_PROCESSES = frozenset(
    {
        *("sshd", "ssh", "chronyd", "ntpd", "systemd-timesyncd", "rsyslogd", "syslog-ng", "snmpd", "filebeat"),
        *("node_exporter", "prometheus", "telegraf", "zabbix_agentd", "fluentd", "fluent-bit", "salt-minion", "puppet"),
    }
)


def observe(host: dict[str, Any], hearing: Hearing) -> Iterable[Observation]:
    """The host, one application for each name of a process that listens or talks, one endpoint for each port."""
    at, words, realm = hearing.received_at, hearing.vocabulary, hearing.realm
    record = host["machine_id"] or host["hostname"]
    self_reference = f"record:connections:{record}"
    yield observation(
        words,
        source="connections",
        realm=realm,
        record=record,
        ci_class="device",
        name=host["hostname"],
        identifiers=_identifiers(host),
        attributes={key: host[key] for key in ("os", "vendor", "model", "cpu_count", "memory_bytes") if host[key]},
        observed_at=at,
    )
    listeners = _listeners(host)
    for name, talks in sorted(_applications(host).items()):
        yield observation(
            words,
            source="connections",
            realm=realm,
            record=f"{record}/{name}",
            ci_class="application",
            name=name,
            within=self_reference,
            attributes={"ports": sorted({port for port, owner in listeners.items() if owner == name})},
            claims=[
                Claim("runs_on", True, self_reference, basis="observed"),
                *_calls(name, talks, host, record, listeners),
            ],
            observed_at=at,
        )
    for port, name in sorted(listeners.items()):
        yield observation(
            words,
            source="connections",
            realm=realm,
            record=f"{record}/tcp/{port}",
            ci_class="endpoint",
            name=f"tcp/{port}",
            within=self_reference,
            attributes={"port": port, "protocol": "tcp", "process": name},
            claims=[Claim("part_of", True, self_reference, basis="observed")],
            observed_at=at,
        )


def _identifiers(host: dict[str, Any]) -> list[tuple[str, str]]:
    found = [("hostname", host["hostname"]), *(("ip", ip) for ip in host["addresses"])]
    found += [("mac", mac) for mac in host["macs"] if len(mac) >= 12]
    if "." in host["fqdn"] and not host["fqdn"].endswith((".local", ".arpa")) and not host["fqdn"][0].isdigit():
        found.append(("fqdn", host["fqdn"]))
    for kind, key in (("agent_id", "machine_id"), ("serial", "serial"), ("uuid", "uuid")):
        if host[key]:
            found.append((kind, host[key]))
    return found


def _listeners(host: dict[str, Any]) -> dict[int, str]:
    """Port → name of the process that listens there."""
    return {
        row["local"][1]: host["processes"].get(str(row["pid"]), "unknown")
        for row in host["sockets"]
        if row["status"] == "LISTEN"
    }


def _applications(host: dict[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """Process name → the far ends it talks to, as the one that began: a port it listens on is the other's call."""
    listening = {row["local"][1] for row in host["sockets"] if row["status"] == "LISTEN"}
    found: dict[str, list[tuple[str, int]]] = {}
    for row in host["sockets"]:
        name = host["processes"].get(str(row["pid"]))
        if name is None:
            continue
        talks = found.setdefault(name, [])
        if row["status"] == "ESTABLISHED" and row["remote"] and row["local"][1] not in listening:
            talks.append((row["remote"][0], row["remote"][1]))
    return found


def _calls(
    name: str, talks: list[tuple[str, int]], host: dict[str, Any], record: str, listeners: dict[int, str]
) -> Iterable[Claim]:
    """`calls` where the application at the other end is known, else the device that answers there."""
    own = set(host["addresses"])
    for ip, port in sorted(set(talks)):
        effect = "none" if port in WATCHING_PORTS or name in WATCHING_PROCESSES else None
        if ip in own or ipaddress.ip_address(ip).is_loopback:
            callee = listeners.get(port)
            if callee is not None and callee != name:
                yield Claim("calls", True, f"record:connections:{record}/{callee}", effect=effect, basis="observed")
        else:
            # Only an address is known of the far end; what is merely seen talking degrades, it does not bring down.
            yield Claim("depends_on", True, f"ip:{ip}", effect=effect or "degraded", basis="observed", strength=0.5)
