"""What the TOML file that CMDB_CONFIG names says about a source: its table `[sources.NAME]`."""

import os
import tomllib
from pathlib import Path
from typing import Any

from cmdb.errors import Invalid


def toml_settings(source: str) -> dict[str, Any]:
    """Settings for `cmdb run SOURCE`; empty without a file. Raises Invalid, which quotes nothing of the file."""
    named = os.environ.get("CMDB_CONFIG")
    if not named:
        return {}
    try:
        told = tomllib.loads(Path(named).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        why = wrong.strerror if isinstance(wrong, OSError) else "it is no TOML"
        raise Invalid(f"{named} cannot be read: {why}") from None
    sources = told.get("sources", {})
    table = sources.get(source, {}) if isinstance(sources, dict) else None
    if not isinstance(table, dict):
        raise Invalid(f"{named}: [sources.{source}] should be a table of settings")
    return table
