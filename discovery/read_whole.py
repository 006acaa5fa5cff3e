"""told_of: of a reading what is in some scopes, for sources that can be asked for nothing less than a scope."""

from collections.abc import Collection, Iterable, Iterator

from discovery.source import Fetched, Known, Raw, ScopeEnd


def told_of(fetched: Iterable[Fetched], scopes: Collection[str]) -> Iterator[Fetched]:
    """The Raws and ends of these scopes, as they come; bookmarks are left out."""
    return (one for one in fetched if isinstance(one, Raw | ScopeEnd) and one.scope in scopes)


def scope_of(known: Known) -> str | None:
    """The place of a record that is found again by reading all of its scope."""
    return known.scope
