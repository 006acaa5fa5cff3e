"""What every source promises. A source is tested here by being in SOURCES."""

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cmdb.errors import Invalid
from cmdb.vocabulary import SourceTraits, vocabulary
from discovery.checking import check
from discovery.errors import SourceMisconfigured
from discovery.hiding import secret_fields
from discovery.looking_again import look_again
from discovery.previewing import preview_run
from discovery.run import Parts
from discovery.run_source import run_source
from discovery.source import Known, Permission, Reading, Source, SourceSettings
from discovery.source_settings import settings_of
from discovery.sources import SOURCES
from discovery.way_again import Way

ROOT = Path(__file__).parent.parent.parent
PLANTED = "pl4nted-s3cret-0f-a-test"
HEAVY = ("msgraph", "msal", "azure", "celery", "pysnmp", "ldap3", "kiota_abstractions", "apscheduler", "neo4j")
SOUNDS_SECRET = re.compile(r"password|passphrase|secret|token|community|_key$|private")
NOWHERE: dict[str, Any] = {
    "base_url": "https://127.0.0.1:1", "url": "https://127.0.0.1:1", "base": "DC=nowhere,DC=example",
    "user": "reader", "file": "/nowhere/at/all", "mapping": "/nowhere/mapping.toml", "xml": "/nowhere/scan.xml",
    "targets": "127.0.0.1", "port": 1, "patience": 1,
}  # fmt: skip
"""setting → a value that leads nowhere; those that a source has are said to it, and so are its secrets"""
NOWHERE_OF: dict[str, dict[str, Any]] = {
    "ldap": {"url": "ldaps://127.0.0.1:1"}, "nmap": {"targets": ()}, "otel_service_graph": {"file": ""},
    "kubernetes": {"file": ""},
    "snmp": {"timeout": 0.1, "retries": 0, "user": ""},
}  # fmt: skip
RECORDS = ("127.0.0.1", "4c4c4544-1", "4c4c4544-1/1")
"""what records look like, somewhere"""
LOCAL = {"connections": "it reads the machine it runs on"}
"""source → why nothing can be out of its reach"""
LEFT_OUT = {"client_secret", "certificate"}
"""secrets of a second way to log in, beside `token`"""

every_source = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
remote_source = pytest.mark.parametrize(
    "source", [source for name, source in SOURCES.items() if name not in LOCAL], ids=lambda source: source.name
)


def _nowhere(source: Source) -> dict[str, Any]:
    fields, secrets = source.settings.model_fields, secret_fields(source.settings)
    said = {name: value for name, value in {**NOWHERE, **NOWHERE_OF.get(source.name, {})}.items() if name in fields}
    said |= {name: PLANTED for name in secrets if name not in LEFT_OUT}
    lacking = [name for name, field in fields.items() if field.is_required() and name not in said]
    assert not lacking, f"say in NOWHERE what leads nowhere for {lacking}"
    return said


def _settings(source: Source) -> Any:
    return settings_of(source, _nowhere(source), lambda reference: reference)


@pytest.mark.parametrize("name", SOURCES)
def test_it_bears_the_name_it_is_listed_under(name: str) -> None:
    source = SOURCES[name]
    assert source.name == name
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert source.description
    assert not source.description.endswith(".")


@every_source
def test_its_settings_are_described_and_know_a_realm(source: Source) -> None:
    assert issubclass(source.settings, SourceSettings)
    assert "realm" in source.settings.model_fields
    assert source.settings.model_config["extra"] == "forbid"
    undescribed = [name for name, field in source.settings.model_fields.items() if not field.description]
    assert not undescribed


@every_source
def test_its_secrets_are_secrets_and_none_is_needed_where_there_is_a_saved_file(source: Source) -> None:
    secrets = secret_fields(source.settings)
    open_ones = [
        name
        for name, field in source.settings.model_fields.items()
        if SOUNDS_SECRET.search(name) and name not in secrets and field.annotation in (str, str | None)
    ]
    assert not [name for name in open_ones if not name.endswith(("_file", "_url"))]
    assert not [name for name in secrets if source.settings.model_fields[name].is_required()]


@every_source
def test_its_settings_are_shown_as_a_schema_without_values_of_secrets(source: Source) -> None:
    schema = source.settings.model_json_schema()
    for name in secret_fields(source.settings):
        assert "password" in str(schema["properties"][name])
        assert source.settings.model_fields[name].default in (None, inspect.Parameter.empty)


@every_source
def test_its_traits_are_declared_and_known_to_the_vocabulary(source: Source) -> None:
    assert isinstance(source.traits, SourceTraits)
    assert source.traits.authority > 0
    words = vocabulary({name: one.traits for name, one in SOURCES.items()})
    assert words.traits(source.name) == source.traits


@every_source
def test_its_page_says_what_it_needs_what_it_can_be_told_and_what_it_yields(source: Source) -> None:
    text = (ROOT / "docs" / "sources" / f"{source.name}.md").read_text()
    assert re.search(r"(?i)\b(rights?|permissions?|root|grant)\b", text), "which rights it needs"
    for name in source.settings.model_fields:
        assert f"`{name}`" in text, name
    classes = [name for name in vocabulary().classes if re.search(rf"`{name}`", text)]
    assert classes or source.name in ("json_lines", "csv"), "which classes it yields"
    assert len(text.splitlines()) > 20


@remote_source
def test_what_cannot_be_reached_is_a_report_that_misses_nothing(source: Source, parts: Parts) -> None:
    report = run_source(parts, source, _settings(source))
    assert report.status in ("failed", "partial")
    assert report.missed == report.gone_missing == report.retired == 0
    assert report.errors or all(scope.reason for scope in report.scopes if not scope.complete)
    assert report.errors or report.scopes
    assert PLANTED not in str(report.as_body())
    assert PLANTED not in str(list(parts.store.dump()))


@remote_source
def test_what_cannot_be_reached_is_previewed_and_checked_without_being_raised(source: Source, parts: Parts) -> None:
    settings = _settings(source)
    found = preview_run(parts, source, settings)
    assert found.error is not None or any(not scope.complete for scope in found.scopes)
    assert found.missed == 0
    assert PLANTED not in str(found)
    checked = check(parts, source, settings)
    assert all(isinstance(permission, Permission) for permission in checked.permissions)
    assert all(permission.ok or permission.fix for permission in checked.permissions)
    assert checked.ok is (source.check is None)
    assert PLANTED not in str(checked)


@remote_source
def test_what_cannot_be_reached_is_looked_at_again_and_said_to_be_neither_there_nor_gone(
    source: Source, parts: Parts
) -> None:
    settings = _settings(source)
    if source.again is None:
        assert source.name == "json_lines", "its records are pushed: say here why another source cannot be asked again"
        return
    scopes = source.covers(settings) if source.covers is not None else ()
    places: dict[str, list[Known]] = {}
    for known in (Known(record, scope) for scope in (*scopes, "127.0.0.1") for record in RECORDS):
        if (place := source.again.place_of(known)) is not None:
            places.setdefault(place, []).append(known)
    assert places
    said = look_again(parts, source, "default", places, (Way("main", settings),), lambda: False)
    assert (said.observations, said.read) == ({}, set())
    assert all(why.startswith("main: ") for why in said.unread.values())
    assert PLANTED not in str(said)


@every_source
def test_a_setting_that_does_not_exist_is_named_beside_those_that_do(source: Source) -> None:
    said = {**({} if source.name in LOCAL else _nowhere(source)), "no_such_setting": PLANTED}
    with pytest.raises(Invalid) as caught:
        settings_of(source, said, lambda reference: reference)
    assert "no_such_setting" in str(caught.value)
    assert all(name in str(caught.value) for name in source.settings.model_fields)
    assert PLANTED not in str(caught.value)


@remote_source
def test_settings_that_say_nothing_are_refused_before_anything_is_read(source: Source, parts: Parts) -> None:
    try:
        settings = settings_of(source, {}, lambda reference: reference)
    except Invalid:
        return
    if source.name == "nmap":
        return  # without targets it scans the networks of this machine
    with pytest.raises(SourceMisconfigured):
        list(source.fetch(settings, Reading(parts.now)))


@remote_source
def test_a_reading_that_is_stopped_before_it_begins_is_not_complete(source: Source, parts: Parts) -> None:
    report = run_source(parts, source, _settings(source), stopped=lambda: True)
    assert report.status in ("failed", "partial")
    assert report.missed == 0


def test_no_heavy_library_is_loaded_by_the_mere_list_of_sources() -> None:
    code = f"import sys, discovery.sources; print([m for m in {HEAVY!r} if m in sys.modules])"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True, cwd=ROOT
    )
    assert said.stdout.strip() == "[]"


def test_a_secret_in_settings_is_not_shown_by_printing_them() -> None:
    for source in SOURCES.values():
        if secret_fields(source.settings) and source.name not in LOCAL:
            settings = _settings(source)
            assert PLANTED not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
            assert any(isinstance(getattr(settings, name), SecretStr) for name in secret_fields(source.settings))
