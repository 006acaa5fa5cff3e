"""How Active Directory writes ids and times, and what they say (MS-DTYP 2.3.4, 2.4.2; MS-ADTS 3.1.1.2)."""

import uuid
from datetime import UTC, datetime

NEVER = 0x7FFF_FFFF_FFFF_FFFF
"""the largest FILETIME: an account that never expires"""
_BEFORE_1970 = 116_444_736_000_000_000
"""1601 to 1970 in units of 100 nanoseconds"""


def guid_text(raw: bytes) -> str:
    """An objectGUID as it is written: the first three fields are little-endian. Raises ValueError."""
    if len(raw) != 16:
        raise ValueError(f"a GUID has 16 bytes, not {len(raw)}")
    return str(uuid.UUID(bytes_le=raw))


def sid_text(raw: bytes) -> str:
    """An objectSid as it is written: revision, authority (big-endian), then little-endian parts. Raises ValueError."""
    if len(raw) < 8 or raw[0] != 1 or len(raw) != 8 + 4 * raw[1]:
        raise ValueError("a SID has 8 bytes and 4 for each part")
    authority = int.from_bytes(raw[2:8], "big")
    # MS-DTYP 2.4.2.1: an authority that does not fit 32 bits is written in hexadecimal.
    parts = [str(authority) if authority < 1 << 32 else f"0x{authority:012x}"]
    parts += [str(int.from_bytes(raw[at : at + 4], "little")) for at in range(8, len(raw), 4)]
    return "S-1-" + "-".join(parts)


def filetime(raw: bytes) -> int | None:
    """Microseconds since 1970, UTC; None for never (0, the largest value, anything up to 1970). Raises ValueError."""
    ticks = int(raw)
    if ticks <= _BEFORE_1970 or ticks >= NEVER:
        return None
    return (ticks - _BEFORE_1970) // 10


def generalized_time(raw: bytes) -> int | None:
    """Microseconds since 1970, UTC, of `20261121114203.0Z`; None for the years before 1970. Raises ValueError."""
    text = raw.decode("ascii")
    digits = text.rstrip("Z").partition(".")[0]
    if not text.endswith("Z") or not digits.isdecimal() or len(digits) not in (10, 12, 14):
        raise ValueError(f"{text!r} is no time in UTC")
    if int(digits[:4]) < 1970:
        return None
    filled = digits.ljust(14, "0")
    year, month, day = int(filled[:4]), int(filled[4:6]), int(filled[6:8])
    at = datetime(year, month, day, int(filled[8:10]), int(filled[10:12]), int(filled[12:]), tzinfo=UTC)
    return int(at.timestamp()) * 1_000_000


def domain_of(sid: str) -> str | None:
    """The SID of the domain that an account's SID lies in; None for those that mean the same everywhere."""
    return sid.rpartition("-")[0] if is_of_a_domain(sid) else None


def is_of_a_domain(sid: str) -> bool:
    """Whether the SID is one thing's own. S-1-5-32-544 (Administrators) and the like are the same in every domain."""
    return sid.startswith("S-1-5-21-") and sid.count("-") >= 7


def spelled_time(at: int) -> str:
    """Microseconds since 1970 as a time in a filter."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y%m%d%H%M%S.0Z")
