"""Where a secret is to be found: `env:NAME`, `file:/path`, `secret:NAME`. A reference is no secret and may be shown."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cmdb.errors import Invalid
from discovery.secret_store import SecretStore

REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/[^\x00\n]+|secret:[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
ALLOWED = "env:NAME (a variable), file:/path (a file) or secret:NAME (stored with `cmdb secret set NAME`)"
OURS = re.compile(r"CMDB_(STORE|SECRET_KEY|BROKER)(_.*)?")
"""variables that are secrets of the installation itself: no source is given them"""
LARGEST_FILE = 65_536

Resolve = Callable[[str], str]
"""reference → the secret; raises cmdb.errors.Invalid or UnknownReference, which say what to do"""


def is_reference(text: str) -> bool:
    """Whether the text says where a secret is, and is not one itself."""
    return REFERENCE.fullmatch(text) is not None


def check_reference(field_name: str, text: object) -> str:
    """The reference. Raises Invalid, which does not quote what may be a secret."""
    if not isinstance(text, str) or not is_reference(text):
        raise Invalid(f"secrets.{field_name}: a reference is wanted, not a secret: {ALLOWED}")
    if text.startswith("env:") and OURS.fullmatch(text.removeprefix("env:")):
        raise Invalid(f"secrets.{field_name}: {text} belongs to this installation itself: choose another variable")
    return text


@dataclass(frozen=True, slots=True)
class SecretsOf:
    """Resolves references in one process; its environment and files are its own."""

    environment: Mapping[str, str] = field(repr=False)
    stored: SecretStore

    def __call__(self, reference: str) -> str:
        """The secret. Raises Invalid, UnknownReference."""
        check_reference("reference", reference)
        kind, _, where = reference.partition(":")
        if kind == "secret":
            return self.stored.get(where)
        if kind == "file":
            return secret_in(Path(where))
        if not self.environment.get(where):
            raise Invalid(f"the environment has no {where}: set it where this runs")
        return self.environment[where]


def secret_in(file: Path) -> str:
    """What a file holds, without the line end behind it. Raises Invalid."""
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(LARGEST_FILE + 1)
    except (OSError, UnicodeDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is no text"
        raise Invalid(f"the secret in {file} cannot be read: {why}") from None
    if len(text) > LARGEST_FILE:
        raise Invalid(f"{file} is larger than any secret")
    if not text.strip("\r\n"):
        raise Invalid(f"{file} is empty: it should hold a secret")
    return text.rstrip("\r\n")
