"""What the name of a device says: sources put host names, full names, Windows accounts and captions in one field."""

import re
from typing import NamedTuple

_FULL = re.compile(r"[\w-]+(?:\.[\w-]+)*\.[^\W\d_][\w-]*[^\W_]\Z")
_ACCOUNT = re.compile(r"[\w.-]+\\([\w-]+)\$?\Z")
_IN_NO_HOST_NAME = re.compile(r"[\s\\/(),;:]")
_OWN_DOMAINS = frozenset({"local", "lan", "internal"})
"""domains of one label that make a full name, though one that means something within its realm only"""


class HostName(NamedTuple):
    """Either is empty where the name does not say it."""

    label: str
    full: str


NOTHING = HostName("", "")


def host_name_in(name: str) -> HostName:
    """The host name inside a longer one, and the full name if it is one; nothing for a plain label or a caption.

    `db1.corp.example` is the host `db1`, and so is `CORP\\DB1`. `name` is folded. A single dot makes no domain
    (`web.blue` is a label that somebody liked), unless it stands before one that is known.
    """
    if "\\" in name:
        account = _ACCOUNT.match(name)
        return HostName(account[1], "") if account else NOTHING
    label, dot, domain = name.partition(".")
    if not dot or ("." not in domain and domain not in _OWN_DOMAINS) or not _FULL.match(name):
        return NOTHING
    return HostName(label, name)


def is_caption(name: str) -> bool:
    """Whether it is a text for people (`Infusion pump 3`, `\\\\print\\Queue`), which contradicts no host name."""
    return _IN_NO_HOST_NAME.search(name) is not None
