"""Said: what an entry came to, before it is put into the normal form of an observation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cmdb.observation import Claim


@dataclass(frozen=True, slots=True)
class Said:
    """`contact`: microseconds, when the directory last heard of it; None where it knows none but the listing."""

    ci_class: str
    name: str
    identifiers: Sequence[tuple[str, str]]
    attributes: Mapping[str, object]
    claims: Sequence[Claim]
    contact: int | None
