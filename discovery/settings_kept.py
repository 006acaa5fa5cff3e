"""The settings that identity rests on, as the store keeps them: they move only with a pass over the whole estate."""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from cmdb.errors import Invalid
from cmdb.graph_patch import DocumentWrite
from cmdb.identity_settings import DEFAULT_IDENTITY, IdentitySettings
from graph.store import ReadTransaction, WriteTransaction

SETTINGS, IDENTITY = "settings", "identity"


def identity_settings(tx: WriteTransaction | ReadTransaction) -> IdentitySettings:
    """What the store keeps; the defaults where nobody changed anything."""
    document = tx.document(SETTINGS, IDENTITY)
    return replace(DEFAULT_IDENTITY, **document.body) if document is not None else DEFAULT_IDENTITY


def changed(before: IdentitySettings, said: Mapping[str, Any]) -> IdentitySettings:
    """With these changes. Raises Invalid for a setting that does not exist, or a value of another kind."""
    known = {field.name: getattr(before, field.name) for field in fields(before)}
    for name, value in said.items():
        if name not in known:
            raise Invalid(f"unknown setting {name!r}; known: {', '.join(sorted(known))}")
        whole = isinstance(known[name], int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise Invalid(f"setting {name}: {'a whole number' if whole else 'a number'} is wanted, not {value!r}")
        if whole and value < 1:
            raise Invalid(f"setting {name}: at least 1 is wanted")
    return replace(before, **{name: type(known[name])(value) for name, value in said.items()})


def kept(settings: IdentitySettings) -> DocumentWrite:
    """As it is written; only what differs from the defaults."""
    defaults = asdict(DEFAULT_IDENTITY)
    said = {name: value for name, value in asdict(settings).items() if value != defaults[name]}
    return DocumentWrite(SETTINGS, IDENTITY, said or None)
