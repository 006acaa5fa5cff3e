"""A real OpenLDAP server: slapd, with whatever a test loads into it."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.certificates import certificate_for
from lab.free_port import free_port
from lab.unavailable import Unavailable

SUFFIX = "dc=lab,dc=example"
ADMIN = f"cn=admin,{SUFFIX}"
START_SECONDS = 20
SCHEMAS = Path("/etc/ldap/schema")
GROUP_CLASS = """\
attributetype ( 1.2.840.113556.1.4.750 NAME 'groupType' SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.8 NAME 'Group' SUP top STRUCTURAL MUST ( groupType $ cn ) MAY ( member ) )
"""
"""Active Directory's class, which other servers take over"""


@dataclass(slots=True)
class SlapdServer:
    """A running server with TLS on both doors."""

    folder: Path
    port: int
    secure_port: int
    password: str
    ca_file: Path

    @property
    def url(self) -> str:
        """For StartTLS."""
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def secure_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.secure_port}"


@contextlib.contextmanager
def slapd_server(ldif: str, *, suffix: str = SUFFIX, more: str = "") -> Iterator[SlapdServer]:
    """A server that keeps these entries; `more`: lines for its database's configuration. Raises Unavailable."""
    slapd, slapadd = _program("slapd"), _program("slapadd")
    with tempfile.TemporaryDirectory(prefix="cmdb-lab-slapd-") as name:
        folder = Path(name)
        server = SlapdServer(
            folder,
            free_port(),
            free_port(),
            "of-the-laboratory-only",
            certificate_for(folder, "IP:127.0.0.1").authority,
        )
        config = _configured(server, suffix, more)
        entries = folder / "entries.ldif"
        entries.write_text(ldif)
        done = subprocess.run(
            [slapadd, "-q", "-f", str(config), "-l", str(entries)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise Unavailable(f"slapadd failed: {done.stderr.strip()[-1000:]}")
        with (folder / "slapd.log").open("wb") as log:
            process = subprocess.Popen(
                [slapd, "-d", "0", "-f", str(config), "-h", f"{server.url}/ {server.secure_url}/"],
                stdout=log,
                stderr=log,
            )
        try:
            _wait_until_it_answers(server, process)
            yield server
        finally:
            process.terminate()
            process.wait()


def _configured(server: SlapdServer, suffix: str, more: str) -> Path:
    folder = server.folder
    (folder / "db").mkdir()
    schemas = ("core", "cosine", "inetorgperson", "nis")
    config = folder / "slapd.conf"
    config.write_text(
        "".join(f"include {SCHEMAS / name}.schema\n" for name in schemas)
        + GROUP_CLASS
        + f"pidfile {folder}/slapd.pid\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        + f"TLSCACertificateFile {server.ca_file}\nTLSCertificateFile {folder}/server.pem\n"
        + f"TLSCertificateKeyFile {folder}/server.key\n"
        + f"database mdb\nsuffix {suffix}\nrootdn cn=admin,{suffix}\nrootpw {server.password}\n"
        + f"directory {folder}/db\nmaxsize 104857600\n{more}\n"
    )
    return config


def _wait_until_it_answers(server: SlapdServer, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    for port in (server.port, server.secure_port):
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    said = (server.folder / "slapd.log").read_text(errors="replace")[-1000:]
                    raise Unavailable(f"slapd does not answer: {error}\n{said}") from error
                time.sleep(0.05)


def _program(name: str) -> str:
    # Daemons live in sbin, which is not on everybody's PATH.
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None or not SCHEMAS.is_dir():
        raise Unavailable(f"an LDAP server needs the program {name} and its schemas (slapd)")
    return found
