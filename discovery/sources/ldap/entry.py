"""Entry: one object of a directory as it was read, with what has to be known beside it to understand it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["account", "plain", "domain", "deleted"]


@dataclass(frozen=True, slots=True)
class Entry:
    """`account`: an object of Active Directory; `plain`: of any other server; `domain`: what keeps them; `deleted`."""

    kind: Kind
    dn: str
    values: Mapping[str, tuple[bytes, ...]]
    """attribute, in small letters and without options → its values, as they came"""
    domain: str | None = None
    """objectGUID of the domain that it lies in"""
    members: tuple[str, ...] = field(default=())
    """references to members that only the whole reading could find: by uid, by primary group; a domain's controllers"""

    def text(self, attribute: str) -> str | None:
        """The first value as text, None where there is none."""
        found = self.values.get(attribute)
        return found[0].decode("utf-8", "replace").strip() or None if found else None

    def texts(self, attribute: str) -> tuple[str, ...]:
        """All values as text."""
        return tuple(value.decode("utf-8", "replace") for value in self.values.get(attribute, ()))

    def raw(self, attribute: str) -> bytes | None:
        """The first value, None where there is none."""
        found = self.values.get(attribute)
        return found[0] if found else None

    def number(self, attribute: str) -> int | None:
        """The first value as a whole number. Raises ValueError."""
        found = self.raw(attribute)
        return None if found is None else int(found)

    @property
    def classes(self) -> frozenset[str]:
        """objectClass, in small letters."""
        return frozenset(value.casefold() for value in self.texts("objectclass"))
