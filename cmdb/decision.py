"""What a person decided about identity: these sightings are one, or these are not. Beats weights and vetoes."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Decision:
    """Kept on sightings, so that it survives every pass; `a` and `b` are sighting keys, a < b."""

    id: str
    a: str
    b: str
    verdict: Literal["one", "apart"]
    author: str
    reason: str
    decided_at: int
