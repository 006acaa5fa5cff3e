"""settings_of: what somebody says about a source becomes its settings, with its secrets filled in and never quoted."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from cmdb.errors import CmdbError, Invalid
from discovery.hiding import hiding, secret_fields
from discovery.secret_reference import Resolve, is_reference, secret_in
from discovery.source import Source

FILE = "_file"
UNKNOWN_YET = "unknown-yet"
"""stands for a secret that cannot be had in this process"""


def settings_of(
    source: Source,
    said: Mapping[str, Any],
    resolve: Resolve,
    *,
    references: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Any:
    """The settings, checked.

    A secret comes from `said` (in clear or as a reference), from the file that `NAME_file` names, from `references`,
    or from `environment`: `CMDB_<SOURCE>_<FIELD>` or the file that `CMDB_<SOURCE>_<FIELD>_FILE` names; in this order.
    Raises Invalid, which names the setting and what is allowed, and quotes nothing that may be a secret.
    """
    given, secrets = dict(said), secret_fields(source.settings)
    for name in secrets:
        value = _secret(source, name, given, resolve, references or {}, environment or {})
        if value is not None:
            given[name] = SecretStr(value)
    return _checked(source, given, ())


def check_settings(source: Source, said: Mapping[str, Any], references: Mapping[str, str], resolve: Resolve) -> None:
    """Whether these can work, here or where the run will be: a secret that is not to be had here is taken as given.

    Raises Invalid.
    """
    known = secret_fields(source.settings)
    for name in references:
        if name not in known:
            raise Invalid(f"secrets.{name}: {source.name} has no such secret; it has: {', '.join(known) or 'none'}")
    for name in known:
        if said.get(name) is not None or (name + FILE in said and name + FILE not in source.settings.model_fields):
            raise Invalid(
                f"settings.{name} is a secret and is not kept with settings: say where it is, under secrets: "
                f'{{"{name}": "secret:NAME"}}, env:NAME or file:/path'
            )
    for name, value in said.items():
        if isinstance(value, str) and _has_password(value):
            raise Invalid(f"settings.{name}: an address with a password in it would be shown: use a secret setting")
    given = dict(said)
    absent: list[str] = []
    for name, reference in references.items():
        try:
            given[name] = SecretStr(resolve(reference))
        except CmdbError:
            given[name] = SecretStr(UNKNOWN_YET)
            absent.append(name)
    _checked(source, given, absent)


def clear_secrets(source: Source, said: Mapping[str, Any]) -> tuple[str, ...]:
    """Secrets that were said as they are, where others may see them (a list of processes, a shell's history)."""
    return tuple(
        name
        for name in secret_fields(source.settings)
        if isinstance(said.get(name), str) and not is_reference(said[name])
    )


def _secret(
    source: Source,
    name: str,
    given: dict[str, Any],
    resolve: Resolve,
    references: Mapping[str, str],
    environment: Mapping[str, str],
) -> str | None:
    """The secret for one field, None where nobody says it; `NAME_file` is taken out of what was given."""
    file = given.pop(name + FILE, None) if name + FILE not in source.settings.model_fields else None
    value = given.pop(name, None)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is not None:
        if not isinstance(value, str):
            raise Invalid(f"{source.name}: {name}: text is wanted; {_known(source)}")
        return resolve(value) if is_reference(value) else value
    if file is not None:
        return secret_in(Path(str(file)))
    if name in references:
        return resolve(references[name])
    variable = variable_of(source.name, name)
    if environment.get(variable):
        return environment[variable]
    named = environment.get(f"{variable}_FILE")
    return secret_in(Path(named)) if named else None


def variable_of(source: str, field: str) -> str:
    """The variable that a secret of a source is taken from."""
    return f"CMDB_{source}_{field}".upper()


def _checked(source: Source, given: Mapping[str, Any], absent: Iterable[str]) -> Any:
    """`absent`: secrets whose value is not known, so that nothing about them can be wrong yet."""
    secrets = secret_fields(source.settings)
    try:
        return source.settings(**given)
    except ValidationError as wrong:
        # Neither the message nor what it is chained to may hold the input.
        faults = wrong.errors(include_url=False, include_context=False, include_input=False)
    except TypeError:
        raise Invalid(f"{source.name}: names of settings are words; {_known(source)}") from None
    if absent and all(fault["loc"] and str(fault["loc"][0]) in absent for fault in faults):
        return None
    hide = hiding(value.get_secret_value() for name in secrets if isinstance(value := given.get(name), SecretStr))
    said = "; ".join(hide(_fault(fault["loc"], fault["type"], fault["msg"])) for fault in faults)
    raise Invalid(f"{source.name}: {said}; {_known(source)}")


def _fault(where: tuple[int | str, ...], kind: str, message: str) -> str:
    place = ".".join(str(part) for part in where) or "settings"
    if kind == "extra_forbidden":
        return f"{place}: no such setting"
    if kind == "missing":
        return f"{place}: is needed"
    return f"{place}: {message.removeprefix('Value error, ')}"


def _known(source: Source) -> str:
    return f"settings of {source.name}: {', '.join(source.settings.model_fields)}"


def _has_password(text: str) -> bool:
    _, found, rest = text.partition("://")
    return bool(found) and "@" in rest and ":" in rest.split("/")[0].rpartition("@")[0]
