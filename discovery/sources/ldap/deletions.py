"""Which objects of Active Directory were deleted, and whether this login would be told."""

from collections.abc import Iterator

from cmdb.ci_class import DAY
from discovery.sources.ldap.directory import SHOW_DELETED, Directory, Found
from discovery.sources.ldap.mark import Mark
from discovery.sources.ldap.microsoft_values import spelled_time
from discovery.sources.ldap.refusals import NoSuchBranch
from discovery.sources.ldap.root import Root

DELETED_OBJECTS = "18E2EA80684F11D2B9AA00C04F79F805"
"""well-known GUID of the container of deleted objects (MS-ADTS 6.1.1.4)"""


def can_see_deleted(directory: Directory, root: Root) -> bool:
    """Whether the container of deleted objects shows anything of itself: to most logins it is an empty name."""
    if not root.default:
        return False
    try:
        found = directory.read(_container(root), ["objectGUID", "isDeleted"], controls=(SHOW_DELETED,))
    except NoSuchBranch:
        return False
    return found is not None and "objectguid" in found.values


def deleted_since(directory: Directory, root: Root, before: Mark, *, by_usn: bool) -> Iterator[Found]:
    """By update sequence number on the same domain controller, else by time with a day to spare."""
    moved = f"(uSNChanged>={before.usn + 1})" if by_usn else f"(whenChanged>={spelled_time(before.read_at - DAY)})"
    wanted = f"(&(isDeleted=TRUE){moved})"
    for found in directory.search(_container(root), wanted, ["objectGUID", "objectClass"], controls=(SHOW_DELETED,)):
        if "objectguid" in found.values and b"container" not in found.values.get("objectclass", ()):
            yield found


def was_deleted(directory: Directory, guid: str) -> bool:
    """Whether the object of this GUID is shown as a deleted one. `guid` is one, in letters and digits."""
    try:
        found = directory.read(f"<GUID={guid}>", ["isDeleted"], controls=(SHOW_DELETED,))
    except NoSuchBranch:
        return False
    return found is not None and b"TRUE" in found.values.get("isdeleted", ())


def _container(root: Root) -> str:
    return f"<WKGUID={DELETED_OBJECTS},{root.default}>"
