"""What a person says of a CI: corrections, as sightings of the source `human`."""

from collections.abc import Mapping

from cmdb.observation import Value
from discovery.run import Parts


def correct(
    parts: Parts, ci: str, attributes: Mapping[str, Value], *, author: str, reason: str, expires_at: int | None = None
) -> int:
    """A person's word on attributes of a CI; the revision. It stands over every source until withdrawn or expired.

    Raises cmdb.errors.Invalid for attributes that a source could not say either, UnknownReference for no such CI.
    """
    raise NotImplementedError


def withdraw(parts: Parts, ci: str, attribute: str, *, author: str) -> int:
    """Take a correction back; the revision. Raises UnknownReference where nobody corrected the attribute."""
    raise NotImplementedError
