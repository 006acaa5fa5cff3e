"""A real snmpd on loopback: v2c with a community, v3 with authentication and encryption."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.unavailable import Unavailable

COMMUNITY, USER, KEY = "lab-reads", "lab-reader", "lab-pass-phrase"
STARTS_WITHIN = 20.0
"""seconds"""


@dataclass(frozen=True, slots=True)
class SnmpAgent:
    """Where it answers."""

    port: int


@contextmanager
def snmpd(name: str = "lab-agent.corp.example") -> Iterator[SnmpAgent]:
    """An agent of that sysName, for as long as the context lasts. Raises Unavailable."""
    program = shutil.which("snmpd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        raise Unavailable("an SNMP agent needs the program snmpd (Debian: snmpd)")
    with tempfile.TemporaryDirectory(prefix="cmdb-lab-snmpd-") as folder:
        port = _free_port()
        settings = Path(folder) / "snmpd.conf"
        settings.write_text(
            f"agentaddress udp:127.0.0.1:{port}\nrocommunity {COMMUNITY} 127.0.0.1\nsysName {name}\nsysLocation lab\n"
            f"createUser {USER} SHA {KEY} AES {KEY}\nrouser {USER} priv\n"
        )
        command = [program, "-f", "-Lf", f"{folder}/log", "-C", "-c", str(settings), "-p", f"{folder}/pid"]
        process = subprocess.Popen(command, env={"SNMP_PERSISTENT_DIR": folder, "PATH": "/usr/sbin:/usr/bin"})
        try:
            _wait(process, port)
            yield SnmpAgent(port)
        finally:
            process.kill()
            process.wait(20)


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Until somebody has taken the port."""
    deadline = time.monotonic() + STARTS_WITHIN
    wanted = f"{port:04X}"
    while True:
        taken = any(
            line.split()[1].endswith(f":{wanted}") for line in Path("/proc/net/udp").read_text().splitlines()[1:]
        )
        if taken:
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable("snmpd does not start")
        time.sleep(0.05)
