"""Times as the outside spells them (RFC 3339, UTC) and as we keep them (whole microseconds since 1970)."""

import re
from datetime import UTC, datetime, timedelta

from cmdb.errors import Invalid

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""the years 1 to 9999 in UTC, all that RFC 3339 can spell"""
FOR_EVER = (1 << 63) - 1
"""the last time that a store can hold"""


def from_rfc3339(text: str) -> int:
    """Microseconds since 1970, UTC. Raises Invalid for anything but RFC 3339 with an offset."""
    if not _RFC3339.match(text):
        raise Invalid(f"{text!r} is no time: RFC 3339 with an offset is wanted, such as 2026-11-20T10:00:00Z")
    try:
        at = (datetime.fromisoformat(text.upper()) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise Invalid(f"{text!r} is no time that exists") from None
    if not _FIRST <= at <= _LAST:  # an offset can lead out of what can be spelled again
        raise Invalid(f"{text!r} lies outside the years 1 to 9999 in UTC")
    return at


def to_rfc3339(at: int) -> str:
    """RFC 3339 in UTC, with as many decimals as are needed."""
    moment = _EPOCH + timedelta(microseconds=at)
    return moment.isoformat(timespec="microseconds" if at % 1_000_000 else "seconds").replace("+00:00", "Z")
