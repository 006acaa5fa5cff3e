"""When a source last had contact with a thing, out of the times it spells, among them those that mean never."""

from collections.abc import Mapping, Sequence
from typing import Any

from cmdb.errors import Invalid
from cmdb.observation import CLOCK_SKEW
from cmdb.time import from_rfc3339, to_rfc3339


def last_contact(row: Mapping[str, Any], names: Sequence[str], read_at: int) -> int:
    """The first of these times that the row states, microseconds UTC; `read_at` where it states none.

    Raises Invalid for what is no time, and for one that lies more than 5 minutes after the reading.
    """
    for name in names:
        at = moment(row.get(name))
        if at is not None:
            if at > read_at + CLOCK_SKEW:
                raise Invalid(f"{name} {to_rfc3339(at)} lies more than 5 minutes in the future: check the clocks")
            return at
    return read_at


def moment(stated: object) -> int | None:
    """Microseconds UTC; None for nothing and for the years 0001, 1601 and 9999, by which services say never.

    Raises Invalid for what is no time.
    """
    if stated is None or stated == "":
        return None
    if not isinstance(stated, str):
        raise Invalid(f"{stated!r} is no time")
    if stated[:4] in ("0001", "1601", "9999"):
        return None
    at = from_rfc3339(_as_rfc3339(stated))
    return at if at > 0 else None


def _as_rfc3339(stated: str) -> str:
    """Some services write ten millionths of a second, or an offset without its colon."""
    if stated[-5:-4] in ("+", "-") and stated[-4:].isdigit():
        stated = f"{stated[:-2]}:{stated[-2:]}"
    head, dot, rest = stated.partition(".")
    if not dot:
        return stated
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}.{rest[: min(digits, 6)]}{rest[digits:]}"
