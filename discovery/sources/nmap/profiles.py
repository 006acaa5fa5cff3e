"""What a scan sends: named sets of options, because free text is how a scan gets out of hand."""

import math
from dataclasses import dataclass

FRAGILE = (102, 502, *range(9100, 9108), 20000, 44818, 47808)
"""printer and control-system ports: a print job or a stopped machine is what a probe there can cause"""

COMMON_PORTS = (
    7, 13, 21, 22, 23, 25, 37, 49, 53, 70, 79, 80, 81, 82, 88, 110, 111, 113, 119, 135, 139, 143, 179, 199, 389,
    427, 443, 444, 445, 464, 465, 512, 513, 514, 515, 543, 545, 548, 554, 587, 593, 631, 636, 808, 843, 873, 880,
    888, 900, 902, 990, 992, 993, 995, 1025, 1080, 1099, 1194, 1311, 1352, 1414, 1433, 1434, 1521, 1720, 1723,
    1812, 1883, 1900, 2000, 2049, 2121, 2181, 2222, 2375, 2376, 2379, 2380, 2483, 2484, 3000, 3001, 3128, 3260,
    3268, 3269, 3306, 3389, 3690, 4000, 4369, 4443, 4444, 4505, 4506, 4848, 4899, 5000, 5001, 5044, 5060, 5061,
    5190, 5222, 5269, 5353, 5357, 5432, 5433, 5555, 5601, 5631, 5666, 5671, 5672, 5683, 5800, 5900, 5901, 5984,
    5985, 5986, 6000, 6001, 6379, 6380, 6443, 6514, 6667, 7000, 7001, 7002, 7077, 7199, 7443, 7474, 7687, 7777,
    8000, 8001, 8008, 8009, 8020, 8042, 8080, 8081, 8082, 8083, 8086, 8088, 8089, 8090, 8091, 8123, 8140, 8161,
    8181, 8200, 8280, 8300, 8383, 8443, 8500, 8600, 8834, 8880, 8883, 8888, 8983, 9000, 9001, 9042, 9060, 9080,
    9090, 9091, 9092, 9093, 9160, 9200, 9300, 9418, 9443, 9999, 10000, 10050, 10051, 10250, 10443, 11211, 15672,
    16992, 18080, 19999, 27017, 27018, 32400, 32768, 49152, 50000,
)  # fmt: skip
"""200 TCP ports on which servers and network devices are met; none of them fragile"""

FEW_PORTS = (
    21, 22, 23, 25, 53, 80, 88, 111, 135, 139, 143, 389, 443, 445, 587, 631, 993, 1433, 1521, 2049, 3000, 3128, 3306,
    3389, 5000, 5060, 5432, 5672, 5900, 5985, 6379, 6443, 7687, 8000, 8080, 8443, 9090, 9200, 11211, 27017,
)  # fmt: skip
"""forty of them, for a first look"""

HOSTS_AT_ONCE = 16
"""hosts whose ports are asked together, and that are reported together"""
PACKETS_PER_PROBE = 3
"""what one connect costs at most: SYN, and where the port is open the ACK of the handshake and a RST to end it"""
PROBES_TO_FIND = 4
"""probes that ask whether a host is there, at most (ARP on the own network, else ICMP and two ports)"""


@dataclass(frozen=True, slots=True)
class Profile:
    """Options of one way to scan. Rates are upper bounds in packets a second that leave this machine."""

    name: str
    description: str
    options: tuple[str, ...]
    ports: tuple[int, ...]
    tries: int = 2
    """how often a port that stays silent is asked"""
    needs_root: bool = False
    host_rate: int = 40
    network_rate: int = 500
    unpaced_seconds: int = 0
    """what a group of hosts may take beside its ports: versions, scripts and routes have a pace of their own"""

    def probe_delay(self) -> int:
        """Milliseconds between two probes of one host: within any second, all their packets stay below the rate."""
        return math.ceil(1000 * PACKETS_PER_PROBE / (self.host_rate - PACKETS_PER_PROBE)) + 1

    def probe_rate(self) -> int:
        """Probes a second to all hosts together."""
        return (self.network_rate - PACKETS_PER_PROBE) // PACKETS_PER_PROBE

    def arguments(self) -> list[str]:
        """Everything on nmap's command line but its input and output."""
        delay = self.probe_delay()
        pace = [
            "--max-rate", str(self.probe_rate()), "--scan-delay", f"{delay}ms", "--max-scan-delay", "1000ms",
            "--max-retries", str(self.tries - 1), "--max-hostgroup", str(HOSTS_AT_ONCE),
        ]  # fmt: skip
        ports = ["-p", "T:" + ",".join(map(str, self.ports))] if self.ports else []
        return [*self.options, *ports, *pace]

    def packets(self, hosts: int) -> int:
        """Packets to so many hosts, at most: every host there, every port open or asked again."""
        return hosts * (PROBES_TO_FIND + len(self.ports) * max(PACKETS_PER_PROBE, self.tries))

    def seconds(self, hosts: int) -> float:
        """What a tile of so many hosts takes at most, when all of them are there."""
        groups = math.ceil(hosts / HOSTS_AT_ONCE)
        one_host = (PROBES_TO_FIND + len(self.ports) * self.tries) * self.probe_delay() / 1000
        return max(self.packets(hosts) / self.network_rate, groups * one_host) + groups * self.unpaced_seconds


DEFAULT = "safe"

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "safe", "TCP connect to 200 ports; no version probes, no scripts, no operating system guess",
            ("-sT",), COMMON_PORTS,
        ),
        Profile("quick", "as safe, but 40 ports: a first look", ("-sT",), FEW_PORTS),
        Profile("ping", "which hosts answer, and nothing else", ("-sn",), ()),
        Profile(
            "services", "as safe, then asks open ports what they are (never the fragile ones), and for certificates",
            ("-sT", "-sV", "--version-light", "--script", "ssl-cert", "--script-timeout", "20s"), COMMON_PORTS,
            unpaced_seconds=120,
        ),
        Profile(
            "thorough", "SYN scan with services, operating system, route, certificates and host keys; needs root",
            ("-sS", "-sV", "-O", "--osscan-limit", "--traceroute", "--script", "ssl-cert,ssh-hostkey",
             "--script-timeout", "30s"),
            COMMON_PORTS, needs_root=True, unpaced_seconds=300,
        ),
    )
}  # fmt: skip
