"""A lease: of any number of processes one holds it, until it lets go or has not been heard of for a while.

Kept as one document, moved by compare-and-set. Processes on several machines go by their own clocks: the time to live
has to be much longer than these differ.
"""

from cmdb.graph_patch import DocumentWrite
from graph.ledger import Conflict, Ledger

LEASES = "lease"
"""ledger kind"""
RENEWED_AT = 1 / 3
"""of the time to live: after so much of it the holder writes again"""


def hold(ledger: Ledger, name: str, owner: str, *, now: int, lives: int) -> bool:
    """Whether `owner` holds the lease from now on; times in microseconds."""
    found = ledger.document(LEASES, name)
    if found is not None:
        mine, left = found.body["owner"] == owner, found.body["until"] - now
        if mine and left > lives * (1 - RENEWED_AT):
            return True
        if not mine and 0 < left <= 2 * lives:  # one from further in the future was written by a wrong clock
            return False
    body = {"owner": owner, "until": now + lives}
    try:
        ledger.put(DocumentWrite(LEASES, name, body, expected=None if found is None else found.version))
    except Conflict:
        return False
    return True


def let_go(ledger: Ledger, name: str, owner: str) -> None:
    """Give the lease back, if it is held."""
    found = ledger.document(LEASES, name)
    if found is not None and found.body["owner"] == owner:
        try:
            ledger.put(DocumentWrite(LEASES, name, None, expected=found.version))
        except Conflict:
            return


def holder(ledger: Ledger, name: str, now: int) -> str | None:
    """Who holds it, None where nobody does."""
    found = ledger.document(LEASES, name)
    return None if found is None or found.body["until"] <= now else str(found.body["owner"])
