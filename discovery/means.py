"""What running any source needs beside the parts of a run: the sources there are, and where secrets are found."""

from collections.abc import Mapping
from dataclasses import dataclass

from discovery.run import Parts
from discovery.secret_reference import Resolve
from discovery.source import Source


@dataclass(frozen=True, slots=True)
class Means:
    """Put together once for a process."""

    parts: Parts
    sources: Mapping[str, Source]
    resolve: Resolve
