"""What a distinguished name says: plain, or extended with the ids of what it names (MS-ADTS 3.1.1.3.4.1.5)."""

import re
from typing import NamedTuple

_EXTENDED = re.compile(r"<(GUID|SID)=([^>]*)>;")
_ESCAPED = re.compile(r"\\([0-9A-Fa-f]{2})")
_PART = re.compile(r"((?:[^\\,;]|\\.)*)(?:[,;]|\Z)", re.DOTALL)
_OPTIONAL_UID = re.compile(r"#'[01]*'B\Z")
_FOREIGN = re.compile(r"CN=(S-1-[0-9-]+),", re.IGNORECASE)


class Name(NamedTuple):
    """A distinguished name with what was said of its bearer's ids."""

    dn: str
    guid: str | None = None
    sid: str | None = None

    @property
    def foreign_sid(self) -> str | None:
        """The SID that a foreign security principal stands for: somebody of another domain, or of every one."""
        found = _FOREIGN.match(self.dn)
        return found[1].upper() if found else None


def name_from(raw: bytes | str) -> Name:
    """`<GUID=…>;<SID=…>;CN=…` or a plain name. Bytes that are no UTF-8 become U+FFFD."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    ids: dict[str, str] = {}
    at = 0
    while found := _EXTENDED.match(text, at):
        ids[found[1]] = found[2]
        at = found.end()
    return Name(text[at:], ids.get("GUID", "").casefold() or None, ids.get("SID"))


def parts_of(dn: str) -> list[str]:
    """The relative names, nearest first, as they are spelled."""
    found, at = [], 0
    while at < len(dn):
        match = _PART.match(dn, at)
        if match is None or match.end() == at:  # a \ that nothing follows
            return [dn]
        found.append(match[1].strip())
        at = match.end()
    return found


def parent_of(dn: str) -> str:
    """The name of what lies around it; empty for a root."""
    return ",".join(parts_of(dn)[1:])


def normal(dn: str) -> str:
    """One spelling for names that people typed: no blanks around parts, characters written out, small letters.

    Also takes the value of a uniqueMember, which may end in a bit string (RFC 4517 3.3.21).
    """
    return ",".join(_normal_part(part) for part in parts_of(_OPTIONAL_UID.sub("", dn)))


def _normal_part(part: str) -> str:
    kind, _, value = part.partition("=")
    written = re.sub(r"(?:\\[0-9A-Fa-f]{2})+", lambda run: _written(run[0]), value.strip())
    return f"{kind.strip()}={' '.join(written.split())}".casefold()


def _written(run: str) -> str:
    """Bytes written in hexadecimal as text; what has a meaning in a name stays escaped."""
    text = bytes(int(pair, 16) for pair in _ESCAPED.findall(run)).decode("utf-8", "replace")
    return "".join(f"\\{letter}" if letter in ',;+"\\<>=#' else letter for letter in text)


def domain_name(dn: str) -> str:
    """`DC=corp,DC=example` → `corp.example`; the name itself where it is made of anything else."""
    labels = [part.partition("=") for part in parts_of(dn)]
    if all(kind.strip().casefold() == "dc" for kind, _, _ in labels):
        return ".".join(label.strip() for _, _, label in labels).casefold()
    return dn
