"""An authority of the laboratory's own, and certificates that it signed."""

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from lab.unavailable import Unavailable


class Certificate(NamedTuple):
    """PEM files."""

    authority: Path
    certificate: Path
    key: Path


def certificate_for(folder: Path, *names: str) -> Certificate:
    """A certificate for these names (`IP:10.0.0.1`, `DNS:dc1.lab.example`), good for a client too. Raises Unavailable."""
    authority, signs = folder / "authority.pem", folder / "authority.key"
    certificate, key, request = folder / "server.pem", folder / "server.key", folder / "server.csr"
    extensions = folder / "server.ext"
    extensions.write_text(f"subjectAltName={','.join(names)}\nextendedKeyUsage=serverAuth,clientAuth\n")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    _openssl(
        "req", "-x509", *curve, "-days", "30", "-subj", "/CN=Laboratory", "-keyout", str(signs), "-out", str(authority)
    )
    _openssl("req", *curve, "-subj", "/CN=directory", "-keyout", str(key), "-out", str(request))
    _openssl(
        "x509", "-req", "-in", str(request), "-CA", str(authority), "-CAkey", str(signs), "-CAcreateserial",
        "-days", "30", "-extfile", str(extensions), "-out", str(certificate),
    )  # fmt: skip
    for secret in (signs, key):
        secret.chmod(0o600)
    return Certificate(authority, certificate, key)


def _openssl(*arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise Unavailable("a directory with TLS needs the program openssl")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise Unavailable(f"openssl {arguments[0]} failed: {done.stderr.strip()[-500:]}")
