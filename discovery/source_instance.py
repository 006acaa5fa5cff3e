"""Source instances: a source under a name of its own, with its settings, its realm and references to its secrets.

Two forests or three tenants are two or three of them. What they observe still says the source's name.
"""

import contextlib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cmdb.errors import Invalid, UnknownReference
from cmdb.graph_patch import DocumentWrite
from cmdb.reference import escaped
from discovery.errors import SourceMisconfigured
from discovery.hiding import secret_fields
from discovery.means import Means
from discovery.secret_reference import check_reference
from discovery.source import Source
from discovery.source_settings import check_settings, settings_of
from graph.ledger import Conflict

INSTANCES = "source_instance"
"""ledger kind"""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
DEFAULT_REALM = "default"


class NameTaken(Exception):
    """Something else bears this name already."""


@dataclass(frozen=True, slots=True)
class SourceInstance:
    """`zone`: whose workers run it; None: anybody's. `secrets`: field → reference. It holds no secret."""

    name: str
    source: str
    realm: str = DEFAULT_REALM
    zone: str | None = None
    settings: Mapping[str, Any] | None = None
    secrets: Mapping[str, str] | None = None

    def as_body(self) -> dict[str, Any]:
        """As a document, and as clients see it."""
        return {
            "name": self.name,
            "source": self.source,
            "realm": self.realm,
            "zone": self.zone,
            "settings": dict(self.settings or {}),
            "secrets": dict(self.secrets or {}),
        }

    @staticmethod
    def from_body(body: Mapping[str, Any]) -> "SourceInstance":
        """The other way round."""
        return SourceInstance(**{name: body.get(name) for name in SourceInstance.__slots__})  # type: ignore[arg-type]


def add(means: Means, instance: SourceInstance) -> SourceInstance:
    """Keep a new one. Raises Invalid for what cannot work, NameTaken where there is one."""
    checked = _checked(means, instance)
    try:
        means.parts.store.put(DocumentWrite(INSTANCES, checked.name, checked.as_body(), expected=None))
    except Conflict:
        raise NameTaken(f"a source instance {checked.name!r} exists already: change that one") from None
    return checked


def edit(means: Means, name: str, said: Mapping[str, Any]) -> SourceInstance:
    """Change one. In `settings` and `secrets` what is named is changed, and null takes it out.

    Raises UnknownReference, Invalid.
    """
    while True:
        # Somebody else may change something else of it at the same time.
        with contextlib.suppress(Conflict):
            return _edit(means, name, said)


def _edit(means: Means, name: str, said: Mapping[str, Any]) -> SourceInstance:
    found = means.parts.store.document(INSTANCES, name)
    if found is None:
        raise _unknown(name)
    before = SourceInstance.from_body(found.body)
    for fixed in ("name", "source"):
        if said.get(fixed, getattr(before, fixed)) != getattr(before, fixed):
            raise Invalid(f"{fixed} cannot be changed: add another source instance and remove this one")
    after = replace(
        before,
        realm=said.get("realm", before.realm),
        zone=said.get("zone", before.zone),
        settings=_merged(before.settings, said.get("settings")),
        secrets=_merged(before.secrets, said.get("secrets")),
    )
    checked = _checked(means, after)
    means.parts.store.put(DocumentWrite(INSTANCES, name, checked.as_body(), expected=found.version))
    return checked


def remove(means: Means, name: str) -> None:
    """Forget one; what it observed stays. Raises UnknownReference."""
    instance(means, name)
    means.parts.store.put(DocumentWrite(INSTANCES, name, None))


def instance(means: Means, name: str) -> SourceInstance:
    """One by name. Raises UnknownReference."""
    found = means.parts.store.document(INSTANCES, name)
    if found is None:
        raise _unknown(name)
    return SourceInstance.from_body(found.body)


def instances(means: Means, *, after: str | None = None, limit: int = 1000) -> tuple[SourceInstance, ...]:
    """In the order of name, beginning after that one."""
    found = means.parts.store.documents(INSTANCES, after=after, limit=limit)
    return tuple(SourceInstance.from_body(document.body) for document in found)


def source_of(means: Means, found: SourceInstance) -> Source:
    """Its source. Raises Invalid for one that this installation has not."""
    source = means.sources.get(found.source)
    if source is None:
        raise Invalid(f"unknown source {found.source!r}; known: {', '.join(sorted(means.sources))}")
    return source


def settings_to_run(means: Means, found: SourceInstance, also: Mapping[str, Any] | None = None) -> Any:
    """What its source is told, secrets filled in; `also` says otherwise for this once. Raises Invalid."""
    said = {**(found.settings or {}), "realm": found.realm, **(also or {})}
    return settings_of(source_of(means, found), said, means.resolve, references=found.secrets)


def place_of(source: Source, settings: Any) -> str:
    """What a run with these settings reads, in a short form: two runs of one place do not go on at the same time."""
    told = settings.model_dump_json(exclude={"full", *secret_fields(source.settings)})
    digest = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
    return f"{escaped(source.name)}|{escaped(settings.realm)}|{digest}"


def scopes_of(source: Source, settings: Any) -> tuple[str, ...]:
    """The scopes that a run with these settings will enter; none where that shows in reading only."""
    if source.covers is None:
        return ()
    try:
        return tuple(source.covers(settings))
    except SourceMisconfigured:  # the reading itself says so
        return ()


def _checked(means: Means, said: SourceInstance) -> SourceInstance:
    if not NAME.fullmatch(said.name):
        raise Invalid("name: letters, digits, '_', '.' and '-', beginning with a letter or digit, at most 63 of them")
    if said.name in means.sources and said.name != said.source:
        raise Invalid(f"name: {said.name!r} is another source's name")
    source = source_of(means, said)
    settings, secrets = dict(said.settings or {}), dict(said.secrets or {})
    realm = settings.pop("realm", said.realm)
    if said.realm not in (DEFAULT_REALM, realm):
        raise Invalid(f"realm is {said.realm!r} and settings.realm is {realm!r}: say it once")
    for field, reference in secrets.items():
        check_reference(field, reference)
    check_settings(source, {**settings, "realm": realm}, secrets, means.resolve)
    return replace(said, realm=realm, settings=settings, secrets=secrets)


def _merged(before: Mapping[str, Any] | None, said: Mapping[str, Any] | None) -> dict[str, Any]:
    merged = {**(before or {}), **(said or {})}
    return {name: value for name, value in merged.items() if value is not None}


def _unknown(name: str) -> UnknownReference:
    return UnknownReference(
        f"no source instance {name!r}: `cmdb source add` makes one, `cmdb source list` shows those there are"
    )
