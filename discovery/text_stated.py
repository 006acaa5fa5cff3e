"""What a row of a JSON answer states as text."""

from collections.abc import Mapping
from typing import Any

from cmdb.errors import Invalid


def text_stated(row: Mapping[str, Any], name: str) -> str | None:
    """The text, None where there is none. Raises Invalid for anything else."""
    value = row.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise Invalid(f"{name} is {value!r}: text is wanted")
    return value
