"""Root: what a server says of itself (its rootDSE)."""

from typing import NamedTuple

from discovery.errors import SourceUnavailable
from discovery.sources.ldap.directory import Directory

ACTIVE_DIRECTORY = "1.2.840.113556.1.4.800"
ASKED = (
    *("namingContexts", "defaultNamingContext", "configurationNamingContext", "supportedCapabilities"),
    *("dsServiceName", "dnsHostName", "highestCommittedUSN", "isSynchronized"),
)


class Root(NamedTuple):
    """Names of what the server keeps; `usn` is the number of its latest write when it was asked."""

    contexts: tuple[str, ...]
    default: str
    """the branch to read where nobody named one; empty where several could be meant"""
    configuration: str | None
    active_directory: bool
    service: str
    """dsServiceName: which domain controller this is"""
    host: str
    usn: int | None
    in_step: bool
    """False: a domain controller that has not yet got everything from the others"""


def root_of(directory: Directory) -> Root:
    """Read the rootDSE."""
    found = directory.read("", ASKED)
    if found is None:
        raise SourceUnavailable(f"{directory.where}: it says nothing of itself, so it is perhaps no directory")

    def texts(attribute: str) -> tuple[str, ...]:
        return tuple(raw.decode("utf-8", "replace") for raw in found.values.get(attribute.casefold(), ()))

    def text(attribute: str) -> str:
        return next(iter(texts(attribute)), "")

    contexts = texts("namingContexts")
    usn = text("highestCommittedUSN")
    return Root(
        contexts=contexts,
        default=text("defaultNamingContext") or (contexts[0] if len(contexts) == 1 else ""),
        configuration=text("configurationNamingContext") or None,
        active_directory=ACTIVE_DIRECTORY in texts("supportedCapabilities"),
        service=text("dsServiceName"),
        host=text("dnsHostName"),
        usn=int(usn) if usn.isdecimal() else None,
        in_step=text("isSynchronized").upper() != "FALSE",
    )
