"""What hosts of the laboratory's network can offer: real daemons, started inside the host's namespace."""

import hashlib
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lab.unavailable import Unavailable


@dataclass(frozen=True, slots=True)
class Prepared:
    """A daemon ready to be started: its command line, the TCP ports it will open, and what it shows to visitors."""

    command: list[str]
    tcp_ports: tuple[int, ...]
    shows: dict[str, str] = field(default_factory=dict)
    """`certificate_sha256` of the TLS server, `host_key` of the SSH server (type and key as in known_hosts)"""


def _web(name: str, folder: Path) -> Prepared:
    certificate, key = folder / "web.crt", folder / "web.key"
    _run(
        _program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-days", "90", "-subj", f"/O=Laboratory/CN={name}.lab.example", "-addext",
        f"subjectAltName=DNS:{name}.lab.example", "-keyout", str(key), "-out", str(certificate),
    )  # fmt: skip
    fingerprint = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()
    script = Path(__file__).with_name("web_host.py")
    return Prepared(
        [sys.executable, str(script), str(certificate), str(key)], (80, 443), {"certificate_sha256": fingerprint}
    )


def _ssh(name: str, folder: Path) -> Prepared:
    key = folder / "ssh_host_ed25519_key"
    _run(_program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key))
    # Where sshd parks its unprivileged half; made by Debian's service unit, which does not run in a container.
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    config = folder / "sshd_config"
    config.write_text(f"Port 22\nHostKey {key}\nPidFile none\nUsePAM no\nPasswordAuthentication no\n")
    host_key = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    return Prepared([_program("sshd"), "-D", "-e", "-f", str(config)], (22,), {"host_key": host_key})


def _dns(name: str, folder: Path) -> Prepared:
    command = [
        _program("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv",
        "--user=root", f"--pid-file={folder / 'dnsmasq.pid'}", "--log-facility=-", "--local=/lab.example/",
        f"--host-record={name}.lab.example,192.0.2.53",
    ]  # fmt: skip
    return Prepared(command, (53,))


SERVICES: dict[str, Callable[[str, Path], Prepared]] = {"web": _web, "ssh": _ssh, "dns": _dns}


def _program(name: str) -> str:
    # Daemons live in sbin, which is not on everybody's PATH.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise Unavailable(f"a network to scan needs the program {name}")
    return found


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} failed: {done.stderr.strip()[-1000:]}")
