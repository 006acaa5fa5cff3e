"""A real Active Directory domain controller: Samba, with a domain made for the test."""

import contextlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.certificates import certificate_for
from lab.directory_place import Place, end_everything, place_of_its_own
from lab.unavailable import Unavailable

BASE = "DC=lab,DC=example"
START_SECONDS = 60
READER = "reader"
"""an account with no more rights than any user has"""


@dataclass(slots=True)
class SambaDC:
    """A running domain controller; `stop` and `start` are what happens to it in the night."""

    folder: Path
    place: Place
    password: str
    """of the administrator"""
    reader_password: str
    ca_file: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"ldaps://{self.place.address}"

    @property
    def sam(self) -> Path:
        """Its database, for Samba's own tools."""
        return self.folder / "dc" / "private" / "sam.ldb"

    def samba_tool(self, *arguments: str) -> str:
        """What `samba-tool` says, working on the database itself."""
        return _said("samba-tool", *arguments, "-H", str(self.sam))

    def search(self, wanted: str, *attributes: str) -> str:
        """What `ldbsearch` lists: LDIF."""
        return _said("ldbsearch", "-H", str(self.sam), "-b", BASE, wanted, *attributes)

    def add(self, ldif: str, *options: str) -> None:
        """Load objects, offline and in one transaction."""
        self._load("ldbadd", ldif, *options)

    def modify(self, ldif: str, *options: str) -> None:
        """Change objects."""
        self._load("ldbmodify", ldif, *options)

    def _load(self, program: str, ldif: str, *options: str) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".ldif", dir=self.folder) as file:
            file.write(ldif)
            file.flush()
            _said(program, "-H", str(self.sam), *options, file.name)

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.folder / "samba.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [
                    *("ip", "netns", "exec", self.place.namespace, _program("samba"), "-i", "--no-process-group"),
                    f"--configfile={self.folder}/dc/etc/smb.conf",
                ],
                stdin=subprocess.PIPE,  # it ends with whoever started it
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((self.place.address, 636), timeout=1).close()
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.folder / "samba.log").read_text(errors="replace")[-2000:]
                    raise Unavailable(f"samba does not answer: {error}\n{said}") from error
                time.sleep(0.05)

    def stop(self) -> None:
        """Pull its plug."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        process.kill()
        process.wait()
        end_everything(self.place)  # its children outlive it for a while


@contextlib.contextmanager
def samba_dc() -> Iterator[SambaDC]:
    """A new domain `lab.example` with the accounts administrator and reader. Raises Unavailable."""
    for program in ("samba", "samba-tool", "ldbadd"):
        _program(program)
    with tempfile.TemporaryDirectory(prefix="cmdb-lab-directory-") as folder, place_of_its_own() as place:
        dc = _provisioned(Path(folder), place)
        try:
            dc.start()
            yield dc
        finally:
            dc.stop()


def _provisioned(folder: Path, place: Place) -> SambaDC:
    password, reader_password = (f"Aa1-{secrets.token_urlsafe(16)}" for _ in range(2))
    made = certificate_for(folder, f"IP:{place.address}", "DNS:dc1.lab.example")
    dc = folder / "dc"
    options = {
        "interfaces": f"{place.address}/30",
        "bind interfaces only": "yes",
        "server services": "ldap, cldap",
        "tls enabled": "yes",
        "tls certfile": made.certificate,
        "tls keyfile": made.key,
        "tls cafile": made.authority,
        "logging": "file",
        "log file": folder / "log.%m",
        "pid directory": dc / "run",
        "ncalrpc dir": dc / "ncalrpc",
        "winbindd socket directory": dc / "winbindd",
        "ntp signd socket directory": dc / "ntp_signd",
    }
    _said(
        *("samba-tool", "domain", "provision", f"--targetdir={dc}", "--realm=LAB.EXAMPLE", "--domain=LAB"),
        *("--server-role=dc", "--dns-backend=NONE", "--host-name=dc1", f"--host-ip={place.address}"),
        f"--adminpass={password}",
        *(f"--option={name}={value}" for name, value in options.items()),
    )
    config = dc / "etc" / "smb.conf"
    lines = config.read_text().splitlines()
    kept = [line for line in lines if line.partition("=")[0].strip() not in options]
    at = kept.index("[global]") + 1
    kept[at:at] = [f"\t{name} = {value}" for name, value in options.items()]
    config.write_text("\n".join(kept) + "\n")
    made_dc = SambaDC(folder, place, password, reader_password, made.authority)
    made_dc.samba_tool("user", "create", READER, reader_password)
    return made_dc


def _program(name: str) -> str:
    # Daemons live in sbin, which is not on everybody's PATH.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise Unavailable(f"a domain controller needs the program {name} (samba, ldb-tools)")
    return found


def _said(program: str, *arguments: str) -> str:
    try:
        done = subprocess.run([_program(program), *arguments], capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{program} took longer than 5 minutes") from error
    if done.returncode != 0:
        raise Unavailable(f"{program} {arguments[0]} failed: {(done.stderr or done.stdout).strip()[-1000:]}")
    return done.stdout
