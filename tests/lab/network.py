"""A network to scan: hosts in network namespaces on a bridge, with addresses and real services of their own."""

import contextlib
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lab.namespaces import free_number, ip, need_namespaces
from lab.network_services import SERVICES
from lab.unavailable import Unavailable

LABS = 16
"""how many such networks one machine can hold at once; each test run takes the first free one"""
READY_SECONDS = 20


@dataclass(frozen=True, slots=True)
class LabHost:
    """A host as it stands on the network now; `move` and `stop` make another of it."""

    name: str
    address: str
    mac: str
    ports: tuple[int, ...]
    """TCP ports that answer"""
    shows: dict[str, str] = field(default_factory=dict)
    """what identifies its services: `certificate_sha256`, `host_key`"""
    up: bool = True


class LabNetwork:
    """Builds and changes the network. The scanner is this process, at `scanner` on the bridge."""

    def __init__(self, number: int, folder: Path) -> None:
        self._prefix = f"cmdblab{number:x}"
        self._folder = folder
        self._network = ipaddress.ip_network(f"10.213.{77 + number}.0/24")
        self._daemons: dict[str, list[subprocess.Popen[bytes]]] = {}
        self._hosts: dict[str, LabHost] = {}
        self.bridge = f"{self._prefix}br"
        self.scanner = str(self._network[1])
        self.subnet = str(self._network)

    @property
    def hosts(self) -> tuple[LabHost, ...]:
        """Every host in the order it was added, stopped ones too."""
        return tuple(self._hosts.values())

    def host(self, name: str) -> LabHost:
        """The host as it is now."""
        return self._hosts[name]

    def daemons(self, name: str) -> tuple[int, ...]:
        """Process ids of what runs on a host."""
        return tuple(daemon.pid for daemon in self._daemons[name])

    def add(self, name: str, *, services: Sequence[str] = (), address: str | None = None) -> LabHost:
        """A new host with a MAC of its own (the same in every run), ready to answer. Names have 1 to 6 letters."""
        if name in self._hosts or not 1 <= len(name) <= 6:
            raise ValueError(f"{name!r} is taken or does not fit into the name of an interface")
        number = len(self._hosts) + 1
        host = LabHost(
            name,
            address or str(self._network[10 * number]),
            # The block that RFC 7042 sets aside for documentation: globally administered, hence worth something.
            f"00:00:5e:00:53:{number:02x}",
            (),
        )
        namespace, link = self._namespace(name), f"{self._prefix}-{name}"
        ip("netns", "add", namespace)
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        ip("link", "set", link, "master", self.bridge, "up")
        ip("-n", namespace, "link", "set", "lo", "up")
        ip("-n", namespace, "link", "set", "eth0", "address", host.mac, "up")
        ip("-n", namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        ip("-n", namespace, "route", "add", "default", "via", self.scanner)
        self._daemons[name] = []
        for service in services:
            host = self._start(host, service)
        self._hosts[name] = host
        _wait_until_it_answers(host)
        return host

    def move(self, name: str, address: str) -> LabHost:
        """Give a host another address of the subnet, as a new DHCP lease would; its services go on."""
        host = self._hosts[name]
        namespace = self._namespace(name)
        ip("-n", namespace, "address", "flush", "dev", "eth0", "scope", "global")
        ip("-n", namespace, "address", "add", f"{address}/24", "dev", "eth0")
        ip("-n", namespace, "route", "add", "default", "via", self.scanner)
        # Neighbours remember for minutes who had an address; the next scan must see what is true now.
        ip("neigh", "flush", "dev", self.bridge)
        self._hosts[name] = replace(host, address=address)
        _wait_until_it_answers(self._hosts[name])
        return self._hosts[name]

    def stop(self, name: str) -> LabHost:
        """Pull a host's plug: its services end and nothing answers at its address."""
        self._end_daemons(name)
        ip("link", "set", f"{self._prefix}-{name}", "down")
        ip("neigh", "flush", "dev", self.bridge)
        self._hosts[name] = replace(self._hosts[name], ports=(), up=False)
        return self._hosts[name]

    def build(self) -> None:
        """Lay the bridge, after clearing away what a test run that was killed left of this network."""
        self.clear()
        ip("link", "add", self.bridge, "type", "bridge")
        ip("address", "add", f"{self.scanner}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")

    def clear(self) -> None:
        """Remove every namespace and interface that bears this network's prefix, with the processes in them."""
        for name in self._daemons:
            self._end_daemons(name)
        for line in ip("netns", "list").splitlines():
            namespace = line.split()[0]
            if namespace.startswith(f"{self._prefix}-"):
                for pid in ip("netns", "pids", namespace).split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                ip("netns", "delete", namespace)
        for interface in Path("/sys/class/net").iterdir():
            if interface.name == self.bridge or interface.name.startswith(f"{self._prefix}-"):
                # Deleting a namespace takes its end of the cable with it, a moment later.
                subprocess.run(["ip", "link", "delete", interface.name], capture_output=True, check=False)

    def _namespace(self, name: str) -> str:
        return f"{self._prefix}-{name}"

    def _start(self, host: LabHost, service: str) -> LabHost:
        folder = self._folder / host.name
        folder.mkdir(exist_ok=True)
        prepared = SERVICES[service](host.name, folder)
        with (folder / f"{service}.log").open("wb") as log:
            daemon = subprocess.Popen(
                ["ip", "netns", "exec", self._namespace(host.name), *prepared.command], stdout=log, stderr=log
            )
        self._daemons[host.name].append(daemon)
        return replace(host, ports=(*host.ports, *prepared.tcp_ports), shows={**host.shows, **prepared.shows})

    def _end_daemons(self, name: str) -> None:
        while self._daemons[name]:
            daemon = self._daemons[name].pop()
            daemon.kill()
            daemon.wait()


@contextlib.contextmanager
def lab_network_of_hosts() -> Iterator[LabNetwork]:
    """The network with hosts `web`, `ssh`, `dns` and `silent`, removed at the end. Raises Unavailable."""
    need_namespaces("a network to scan")
    with free_number("network", LABS) as number:
        kept = f"cmdb-lab-network-{number}-"
        for left in Path(tempfile.gettempdir()).glob(f"{kept}*"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=kept) as folder:
            yield from _built(number, Path(folder))


def _built(number: int, folder: Path) -> Iterator[LabNetwork]:
    network = LabNetwork(number, folder)
    try:
        network.build()
        network.add("web", services=["web"])
        network.add("ssh", services=["ssh"])
        network.add("dns", services=["dns"])
        network.add("silent")
        yield network
    finally:
        network.clear()


def _wait_until_it_answers(host: LabHost) -> None:
    deadline = time.monotonic() + READY_SECONDS
    for port in host.ports:
        while True:
            try:
                socket.create_connection((host.address, port), timeout=1).close()
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Unavailable(f"{host.name} does not answer at {host.address}:{port}: {error}") from error
                time.sleep(0.05)
