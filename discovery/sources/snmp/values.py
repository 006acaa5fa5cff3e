"""How agents spell texts, hardware addresses and network addresses."""

import ipaddress
from typing import Any


def text(value: Any) -> str:
    """A text without control characters; bytes that are no UTF-8 are read as Latin-1."""
    if not isinstance(value, bytes):
        return ""
    try:
        said = value.decode()
    except UnicodeDecodeError:
        said = value.decode("latin-1")
    return "".join(character if character.isprintable() else " " for character in said).strip()


def mac(value: Any) -> str | None:
    """Six bytes as aa:bb:cc:dd:ee:ff; None for anything else and for all zeros."""
    return value.hex(":") if isinstance(value, bytes) and len(value) == 6 and any(value) else None


def mac_of_index(parts: list[str]) -> str | None:
    """Six numbers of a row's index as a MAC address."""
    numbers = [int(part) for part in parts]
    return mac(bytes(numbers)) if len(numbers) == 6 and max(numbers) < 256 else None


def address(value: Any) -> str | None:
    """Four or sixteen bytes as a network address."""
    if not isinstance(value, bytes) or len(value) not in (4, 16) or not any(value):
        return None
    return str(ipaddress.ip_address(value))


def indexed_address(parts: list[str]) -> str | None:
    """An address in a row's index: its kind (1 or 2, IPv4 or IPv6), its length, which some leave out, and its bytes."""
    if not parts or parts[0] not in ("1", "2"):
        return None
    size = 4 if parts[0] == "1" else 16
    numbers = [int(part) for part in parts[1:]]
    if len(numbers) == size + 1 and numbers[0] == size:
        numbers = numbers[1:]
    return address(bytes(numbers)) if len(numbers) == size and max(numbers) < 256 else None
