"""Three machines in a row that tell each other by LLDP who they are, and tell us by SNMP: lldpd and snmpd for real."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.namespaces import free_number, ip, need_namespaces
from lab.unavailable import Unavailable

COMMUNITY = "lab-reads"
LABS = 16
"""how many such rows one machine can hold at once"""
READY_SECONDS = 30
NAMES = ("left", "middle", "right")
CABLES = (("left", "east", "middle", "west"), ("middle", "east", "right", "west"))
"""machine, its port, the machine at the other end, its port"""


@dataclass(frozen=True, slots=True)
class LldpMachine:
    """`ports`: name → MAC, the one towards us apart."""

    name: str
    address: str
    ports: dict[str, str]


class _Row:
    """Builds it and takes it down."""

    def __init__(self, number: int, folder: Path) -> None:
        self._prefix, self._folder, self._number = f"cmdbrow{number:x}", folder, number
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._programs = {name: _program(name) for name in ("snmpd", "lldpd", "lldpcli")}

    def build(self) -> tuple[LldpMachine, ...]:
        self.clear()
        machines = []
        for place, name in enumerate(NAMES):
            network = f"10.214.{self._number}"
            ours, theirs = f"{network}.{4 * place + 1}", f"{network}.{4 * place + 2}"
            ip("netns", "add", self._at(name))
            ip("-n", self._at(name), "link", "set", "lo", "up")
            ip("link", "add", self._at(name), "type", "veth", "peer", "name", "mgmt", "netns", self._at(name))
            ip("link", "set", self._at(name), "up")
            ip("address", "add", f"{ours}/30", "dev", self._at(name))
            ip("-n", self._at(name), "link", "set", "mgmt", "address", _mac(place, 0), "up")
            ip("-n", self._at(name), "address", "add", f"{theirs}/30", "dev", "mgmt")
            machines.append(LldpMachine(f"{name}.lab.example", theirs, {}))
        for one, port, other, far in CABLES:
            # Directly: a bridge in between would keep the frames to itself, as the standard wants it.
            ip("link", "add", f"{self._prefix}one", "type", "veth", "peer", "name", f"{self._prefix}two")
            for name, end, half in ((one, port, "one"), (other, far, "two")):
                ip("link", "set", f"{self._prefix}{half}", "netns", self._at(name), "name", end)
                card = _mac(NAMES.index(name), 1 if end == "west" else 2)
                ip("-n", self._at(name), "link", "set", end, "address", card, "up")
                machines[NAMES.index(name)].ports[end] = card
        for name, machine in zip(NAMES, machines, strict=True):
            self._start(name, machine)
        self._wait()
        return tuple(machines)

    def clear(self) -> None:
        """Remove every namespace and cable of this row, with the processes in them."""
        while self._daemons:
            daemon = self._daemons.pop()
            daemon.kill()
            daemon.wait(20)
        for line in ip("netns", "list").splitlines():
            namespace = line.split()[0]
            if namespace.startswith(f"{self._prefix}-"):
                for pid in ip("netns", "pids", namespace).split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
                ip("netns", "delete", namespace)
        for interface in Path("/sys/class/net").iterdir():
            if interface.name.startswith(self._prefix):
                subprocess.run(["ip", "link", "delete", interface.name], capture_output=True, check=False)

    def _start(self, name: str, machine: LldpMachine) -> None:
        folder = self._folder / name
        folder.mkdir()
        (folder / "snmpd.conf").write_text(
            f"agentaddress udp:{machine.address}:161\nrocommunity {COMMUNITY}\nsysName {machine.name}\n"
            f"master agentx\nagentXSocket {folder}/agentx\n"
        )
        # The middle one names its ports, as switches do; the others give their MAC, as hosts do.
        by_name = "configure lldp portidsubtype ifname\n" if name == "middle" else ""
        (folder / "lldpd.conf").write_text(
            f"configure system hostname {machine.name}\nconfigure lldp tx-interval 1\n{by_name}"
        )
        self._run(name, "snmpd", "-f", "-Lf", f"{folder}/snmpd.log", "-C", "-c", f"{folder}/snmpd.conf", "-p",
                  f"{folder}/pid", SNMP_PERSISTENT_DIR=str(folder))  # fmt: skip
        _until((folder / "agentx").exists, "snmpd", self._folder)
        self._run(name, "lldpd", "-d", "-u", f"{folder}/lldpd", "-O", f"{folder}/lldpd.conf", "-x", "-X",
                  f"{folder}/agentx", "-I", "east,west", "-C", "east,west", "-m", "10.*")  # fmt: skip

    def _run(self, name: str, program: str, *arguments: str, **environment: str) -> None:
        with (self._folder / name / f"{program}.out").open("wb") as log:
            daemon = subprocess.Popen(
                ["ip", "netns", "exec", self._at(name), self._programs[program], *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment},
            )  # fmt: skip
        self._daemons.append(daemon)

    def _wait(self) -> None:
        """Until everybody has heard of everybody at the other end of his cables, by the full name."""
        for name, neighbours in (("left", 1), ("middle", 2), ("right", 1)):
            socket = f"{self._folder}/{name}/lldpd"
            command = [self._programs["lldpcli"], "-u", socket, "-f", "keyvalue", "show", "neighbors"]

            def heard(command: list[str] = command, neighbours: int = neighbours) -> bool:
                done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
                return done.stdout.count(".lab.example") >= neighbours

            _until(heard, "lldpd", self._folder)

    def _at(self, name: str) -> str:
        return f"{self._prefix}-{name}"


@contextlib.contextmanager
def machines_in_a_row() -> Iterator[tuple[LldpMachine, ...]]:
    """`left`, `middle` and `right`, removed at the end. Raises Unavailable."""
    need_namespaces("a row of machines with LLDP")
    with free_number("lldp", LABS) as number, tempfile.TemporaryDirectory(prefix="cmdb-lab-lldp-") as folder:
        Path(folder).chmod(0o755)
        row = _Row(number, Path(folder))
        try:
            yield row.build()
        finally:
            row.clear()


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if found is None:
        raise Unavailable(f"a row of machines with LLDP needs the program {name} (Debian: snmpd, lldpd)")
    return found


def _mac(machine: int, port: int) -> str:
    """Of the block that RFC 7042 sets aside for documentation."""
    return f"00:00:5e:00:53:{0xC0 + 16 * machine + port:02x}"


def _until(true: Callable[[], bool], program: str, folder: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not true():
        if time.monotonic() > deadline:
            logs = "; ".join(log.read_text(errors="replace")[-500:] for log in folder.glob(f"*/{program}.out"))
            raise Unavailable(f"{program} is not ready within {READY_SECONDS} s: {logs}")
        time.sleep(0.1)
