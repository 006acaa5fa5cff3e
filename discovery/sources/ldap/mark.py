"""Mark: where the next reading of an Active Directory branch may go on, and when it may not."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from cmdb.ci_class import DAY

FORM = 1
"""of what is read and kept; another one is no mark"""


@dataclass(frozen=True, slots=True)
class Mark:
    """USNs are numbers of one domain controller's own database: worth nothing on another, nor after a restore."""

    service: str
    """which domain controller (dsServiceName)"""
    invocation: str
    """which life of its database (invocationId)"""
    usn: int
    """its latest write before the reading began"""
    base: str
    """objectGUID of the branch"""
    branches: dict[str, str]
    """objectGUID → name of every branch below: what lies in one that moves is not told by USNs"""
    read_at: int
    full_at: int
    """microseconds; when everything was read last"""
    form: int = FORM

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def mark_from(kept: Any) -> Mark | None:
    """The mark that was kept, None where there is none or it is of another form."""
    if not isinstance(kept, dict) or kept.get("form") != FORM:
        return None
    if {field.name for field in fields(Mark)} != set(kept):
        return None
    return Mark(**kept)


def why_in_full(
    before: Mark | None, now: Mark, created: Mapping[str, int], *, asked: bool, deleted: bool, after_days: int
) -> str | None:
    """Why everything has to be read; None where what has moved will do.

    `created`: objectGUID of a branch → the number with which it was made: one that is older came from elsewhere.
    """
    if asked:
        return "as was asked"
    if before is None:
        return "nothing was kept of an earlier reading"
    if before.service != now.service:
        return f"another domain controller answered ({now.service})"
    if before.invocation != now.invocation or before.usn > now.usn:
        return "the domain controller's database was restored or made anew"
    if before.base != now.base:
        return "another branch bears the name of base"
    if not deleted:
        return "this login cannot see deleted objects"
    if now.read_at - before.full_at >= after_days * DAY:
        return f"the last time was {after_days} days ago or more"
    moved = {guid for guid, name in before.branches.items() if now.branches.get(guid) != name}
    moved |= {guid for guid in now.branches.keys() - before.branches.keys() if created.get(guid, 0) <= before.usn}
    if moved:
        return f"{len(moved)} branches were moved, renamed or deleted"
    return None
