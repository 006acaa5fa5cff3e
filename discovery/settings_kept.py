"""The settings that identity rests on, as the store keeps them: they move only with a pass over the whole estate."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from cmdb.errors import Invalid
from cmdb.graph_patch import DocumentWrite
from cmdb.identity_settings import DEFAULT_IDENTITY, IdentitySettings
from graph.store import GraphStore, ReadTransaction, WriteTransaction

SETTINGS, IDENTITY = "settings", "identity"

LARGEST_WHOLE = 2**53
"""what every store and every reader of JSON keeps exactly"""
MOST_BITS = 1_000_000
PROBABILITIES = frozenset({"address_at_once"})
""""certain" has no odds"""


def identity_settings(store: GraphStore | WriteTransaction | ReadTransaction) -> IdentitySettings:
    """What the store keeps; the defaults where nobody changed anything."""
    document = store.document(SETTINGS, IDENTITY)
    return replace(DEFAULT_IDENTITY, **document.body) if document is not None else DEFAULT_IDENTITY


def changed(before: IdentitySettings, said: Mapping[str, Any]) -> IdentitySettings:
    """With these changes. Raises Invalid for a setting that does not exist, or a value of another kind."""
    known = {field.name: getattr(before, field.name) for field in fields(before)}
    for name, value in said.items():
        if name not in known:
            raise Invalid(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
        _check(name, value, isinstance(known[name], int))
    return replace(before, **{name: type(known[name])(value) for name, value in said.items()})


def _check(name: str, value: object, whole: bool) -> None:
    """What passes here is what everything is decided with from then on: no number may make a decision fail."""
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise Invalid(f"setting {name}: {'a whole number' if whole else 'a number'} is wanted, not {value!r}")
    if whole and value < 1:
        raise Invalid(f"setting {name}: at least 1 is wanted")
    most = LARGEST_WHOLE if whole else MOST_BITS
    if not abs(value) <= most:  # no number at all is not at most anything
        raise Invalid(f"setting {name}: at most {most} is wanted")
    if name in PROBABILITIES and not 0 < value < 1:
        raise Invalid(f"setting {name}: a probability between 0 and 1, neither of them, is wanted")


def kept(settings: IdentitySettings) -> DocumentWrite:
    """As it is written; only what differs from the defaults."""
    defaults = asdict(DEFAULT_IDENTITY)
    said = {name: value for name, value in asdict(settings).items() if value != defaults[name]}
    return DocumentWrite(SETTINGS, IDENTITY, said or None)
