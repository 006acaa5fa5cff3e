"""Which source a command means: an instance by name or a source, with what was said about it."""

import os
from typing import Any, NamedTuple

from api.cli.output import fail, stderr
from api.toml_sources import toml_settings
from api.wiring import System
from cmdb.errors import UnknownReference
from discovery.run import Errand
from discovery.source import Source
from discovery.source_instance import instance, place_of, scopes_of, settings_to_run, source_of
from discovery.source_settings import clear_secrets, settings_of, variable_of
from discovery.sources import SOURCES


def pairs(said: list[str] | None, option: str = "--set") -> dict[str, str]:
    """key=value options. A value is never quoted in an error: it may be a secret."""
    found = {}
    for pair in said or []:
        key, equals, value = pair.partition("=")
        if not equals:
            fail(f"{option} {key if key.isidentifier() else ''}: key=value is wanted")
        found[key] = value
    return found


def source_named(name: str) -> Source:
    """A source by name."""
    found = SOURCES.get(name)
    if found is None:
        fail(f"unknown source {name!r}; known: {', '.join(sorted(SOURCES))}")
    return found


class Chosen(NamedTuple):
    """What is to be read."""

    source: Source
    settings: Any
    errand: Errand | None


def chosen_source(system: System, name: str, said: list[str]) -> Chosen:
    """A source instance by name, else a source; `said` are key=value, the last word on each setting."""
    given = pairs(said)
    try:
        found = instance(system.means, name)
    except UnknownReference:
        source = source_named(name)
        _warn_of_clear(source, given)
        told = {**toml_settings(source.name), **given}
        return Chosen(source, settings_of(source, told, system.means.resolve, environment=os.environ), None)
    source = source_of(system.means, found)
    _warn_of_clear(source, given)
    settings = settings_to_run(system.means, found, given)
    place, scopes = place_of(source, settings), scopes_of(source, settings)
    return Chosen(source, settings, Errand(instance=found.name, place=place, scopes=scopes))


def _warn_of_clear(source: Source, given: dict[str, str]) -> None:
    for name in clear_secrets(source, given):
        stderr.print(
            f"[yellow]warning:[/yellow] {name} was given in clear: every user of this machine can see it in the list "
            f"of processes. Say --set {name}_file=FILE, or set {variable_of(source.name, name)}",
            soft_wrap=True,
        )
