"""What a scan sends: named sets of options, because free text is how a scan gets out of hand."""

from dataclasses import dataclass

FRAGILE = (*range(9100, 9108), 102, 502, 20000, 44818, 47808)
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


@dataclass(frozen=True, slots=True)
class Profile:
    """Options of one way to scan. Rates are in packets a second."""

    name: str
    description: str
    options: tuple[str, ...]
    ports: tuple[int, ...]
    probes_per_port: int = 2
    """packets sent to a port at most: the first and one retry"""
    needs_root: bool = False
    network_rate: int = 500
    host_rate: int = 40

    def arguments(self) -> list[str]:
        """Everything on nmap's command line but its input and output."""
        delay = 1000 // self.host_rate
        limits = [
            "--max-rate", str(self.network_rate),
            # One probe each 1/rate s to a host: nmap waits this long between two probes to the same host.
            "--scan-delay", f"{delay}ms", "--max-scan-delay", f"{max(delay, 1000)}ms",
            "--max-retries", str(self.probes_per_port - 1), "--max-hostgroup", "64",
        ]  # fmt: skip
        ports = ["-p", "T:" + ",".join(map(str, self.ports))] if self.ports else []
        return [*self.options, *ports, *limits]


DEFAULT = "safe"

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "safe", "TCP connect to 200 ports; no version probes, no scripts, no operating system guess",
            ("-sT", "-n"), COMMON_PORTS,
        ),
        Profile("ping", "which hosts answer, and nothing else", ("-sn", "-n"), (), probes_per_port=2),
        Profile(
            "services", "as safe, then asks open ports what they are (never the fragile ones)",
            ("-sT", "-R", "-sV", "--version-light", "--script", "ssl-cert", "--script-timeout", "20s"), COMMON_PORTS,
            probes_per_port=4,
        ),
        Profile(
            "thorough", "SYN scan with services, operating system, route and certificates; needs root",
            ("-sS", "-R", "-sV", "-O", "--osscan-limit", "--traceroute", "--script", "ssl-cert,ssh-hostkey",
             "--script-timeout", "30s"),
            COMMON_PORTS, probes_per_port=6, needs_root=True,
        ),
    )
}  # fmt: skip
