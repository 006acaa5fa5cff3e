"""check: whether login and rights suffice for a source, permission by permission, and what to grant."""

from dataclasses import dataclass
from typing import Any

from discovery.attempt import Attempt
from discovery.hiding import hiding, secrets_in
from discovery.run import Parts
from discovery.source import Permission, Reading, Source


@dataclass(frozen=True, slots=True)
class Checked:
    """`ok` where nothing is lacking; a source that needs no rights has none listed."""

    ok: bool
    permissions: tuple[Permission, ...]


def check(parts: Parts, source: Source, settings: Any) -> Checked:
    """Try login and rights. Never raises for what the source did: that is a permission that is lacking."""
    hide = hiding(secrets_in(settings))
    found: list[Permission] = []
    attempt = Attempt(hide)
    with attempt:
        for permission in source.check(settings, Reading(parts.now, hurried=True)) if source.check is not None else ():
            found.append(Permission(hide(permission.name), permission.ok, hide(permission.fix)))
    if attempt.error is not None:
        found.append(Permission("reach the source" if not attempt.broken else "settings", False, attempt.error))
    return Checked(all(permission.ok for permission in found), tuple(found))
