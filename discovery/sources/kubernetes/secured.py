"""How the server is recognised, and shown who asks: TLS of one reading."""

import os
import ssl
import tempfile
from pathlib import Path

from discovery.errors import SourceMisconfigured


def secured(*, authority: str, verify: bool, certificate: str = "", key: str = "") -> ssl.SSLContext:
    """`authority`: PEM text to trust instead of this machine's own authorities; `certificate` and `key`: PEM text.

    Raises SourceMisconfigured.
    """
    try:
        context = ssl.create_default_context(cadata=authority or None)
    except (ssl.SSLError, ValueError):
        raise SourceMisconfigured("the authority to trust (CA) is no certificate in PEM") from None
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if bool(certificate) != bool(key):
        raise SourceMisconfigured("a client certificate needs its key, and a key its certificate")
    if certificate:
        _show(context, certificate, key)
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """The ssl module reads certificates from files only: this one is readable by nobody else and gone at once."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "client.pem"
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as pem:
            pem.write(f"{certificate}\n{key}\n")
        try:
            # A key under a pass phrase is refused, not asked about on a terminal.
            context.load_cert_chain(file, password="")
        except (ssl.SSLError, ValueError):
            raise SourceMisconfigured("the client certificate and its key do not fit, or are no PEM") from None
