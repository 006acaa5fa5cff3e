"""Directory: what is asked of an open connection, page by page, and whether the answer was whole."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import ldap3

from discovery.errors import SourceUnavailable
from discovery.sources.ldap.distinguished_name import Name, name_from
from discovery.sources.ldap.refusals import named_by_reaction
from discovery.sources.ldap.settings import Where

PAGED = "1.2.840.113556.1.4.319"
"""RFC 2696"""
EXTENDED_NAMES = ("1.2.840.113556.1.4.529", True, b"\x30\x03\x02\x01\x01")
"""control: names come with GUID and SID, in text"""
SHOW_DELETED = ("1.2.840.113556.1.4.417", True, None)
"""control: deleted objects are found too"""
_RANGE = re.compile(r"(.*);range=(\d+)-(\d+|\*)\Z", re.IGNORECASE)

Control = tuple[str, bool, bytes | None]
Depth = Literal["BASE", "LEVEL", "SUBTREE"]


class Incomplete(SourceUnavailable):
    """The answer is not whole: what it does not hold may still be there."""


class Found(NamedTuple):
    """An object of an answer."""

    name: Name
    values: dict[str, tuple[bytes, ...]]
    """attribute in small letters → values; only objects with all values of it"""


@dataclass(slots=True)
class Directory:
    """An open connection, and what was asked on it."""

    connection: ldap3.Connection
    where: Where
    page_size: int
    requests: int = 0
    referrals: list[str] = field(default_factory=list)
    """urls that answers pointed to for what lies elsewhere; never followed"""

    def search(
        self, base: str, wanted: str, attributes: Sequence[str], *, controls: Sequence[Control] = (), deep: bool = True
    ) -> Iterator[Found]:
        """Everything below (or, not `deep`, directly below) that fits, page by page.

        `wanted` is a filter made of words of ours and numbers: nothing that anybody wrote ever enters one.

        Raises Incomplete where an answer is not whole, and what refusals.py makes of other errors.
        """
        cookie: bytes | None = None
        while True:
            result = self._ask(base, wanted, attributes, "SUBTREE" if deep else "LEVEL", controls, cookie)
            yield from self._found(base)
            paging = (result.get("controls") or {}).get(PAGED)
            if paging is None:
                raise Incomplete(f"{self.where}: an answer did not say whether more follows")
            cookie = paging["value"]["cookie"]
            if not cookie:
                return

    def read(self, dn: str, attributes: Sequence[str], *, controls: Sequence[Control] = ()) -> Found | None:
        """One object by its name, None where the answer is empty. Raises NoSuchBranch where there is none."""
        self._ask(dn, "(objectClass=*)", attributes, "BASE", controls, None, paged=False)
        return next(self._found(dn), None)

    def whole(self, found: Found, base: str, attribute: str, at_once: int) -> Found:
        """The object with all values of an attribute that came in part (`member;range=0-1499`).

        Raises Incomplete where the parts leave a gap.
        """
        part = _part(found.values, attribute)
        if part is None:
            return found
        values: list[bytes] = []
        kept = {name: value for name, value in found.values.items() if ";" not in name}
        while True:
            first, last, some = part
            if first != len(values) or (last is not None and last - first + 1 != len(some)):
                raise Incomplete(f"{self.where}: {attribute} of {base} came with a gap after {len(values)} values")
            values += some
            if last is None:
                return Found(found.name, {**kept, attribute: tuple(values)})
            more = self.read(
                base, [f"{attribute};range={len(values)}-{len(values) + at_once - 1}"], controls=(EXTENDED_NAMES,)
            )
            following = None if more is None else _part(more.values, attribute)
            if following is None:
                raise Incomplete(f"{self.where}: {attribute} of {base} ended after {len(values)} values")
            part = following

    def _ask(
        self,
        base: str,
        wanted: str,
        attributes: Sequence[str],
        depth: Depth,
        controls: Sequence[Control],
        cookie: bytes | None,
        *,
        paged: bool = True,
    ) -> dict[str, Any]:
        self.requests += 1
        with named_by_reaction(self.where):
            self.connection.search(
                base,
                wanted,
                search_scope=depth,
                dereference_aliases=ldap3.DEREF_NEVER,
                attributes=list(attributes),
                controls=list(controls),
                paged_size=self.page_size if paged else None,
                paged_criticality=True,
                paged_cookie=cookie,
            )
        result: dict[str, Any] = self.connection.result
        if result["result"] != 0:  # a referral is no exception for ldap3
            elsewhere = ", ".join(result.get("referrals") or ())
            raise Incomplete(f"{self.where}: {base} lies elsewhere: {elsewhere or result['description']}")
        return result

    def _found(self, base: str) -> Iterator[Found]:
        for answer in self.connection.response or ():
            if answer["type"] == "searchResRef":
                self.referrals += [url for url in answer["uri"] if url not in self.referrals]
            elif answer["type"] == "searchResEntry":
                values = {name.casefold(): tuple(raw) for name, raw in answer["raw_attributes"].items()}
                yield Found(name_from(answer["raw_dn"]), values)


def _part(values: dict[str, tuple[bytes, ...]], attribute: str) -> tuple[int, int | None, tuple[bytes, ...]] | None:
    """(first, last or None where it is the end, values) of an attribute that came in part."""
    for name, some in values.items():
        found = _RANGE.match(name)
        if found and found[1] == attribute and (some or found[3] == "*"):
            return int(found[2]), None if found[3] == "*" else int(found[3]), some
    return None
