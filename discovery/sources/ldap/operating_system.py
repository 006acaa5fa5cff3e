"""What a computer account's operating system says about the kind of machine."""

import re

_SERVES = re.compile(
    r"server|enterprise linux|rhel|centos|debian|suse|oracle|rocky|alma|esx|ontap|netapp|onefs|isilon|samba|"
    r"aix|solaris|hp-ux|bsd|domain controller",
    re.IGNORECASE,
)
_ON_A_DESK = re.compile(r"desktop|workstation|professional|mac ?os|os x", re.IGNORECASE)


def kind_of_machine(system: str | None, *, controller: bool) -> str:
    """`server` or `workstation`; a computer that names no system, or an unknown one, is taken for a workstation.

    `controller`: it is a domain controller, whatever it says.
    """
    if controller:
        return "server"
    if system is None or _ON_A_DESK.search(system):
        return "workstation"
    return "server" if _SERVES.search(system) or system.casefold().startswith(("linux", "ubuntu")) else "workstation"
