"""How objects are looked at again: no server finds one by its uid, so their kinds are listed once more."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from discovery.clients.asking import parts_wanted
from discovery.read_whole import scope_of, told_of
from discovery.source import Again, Fetched, Known, Reading
from discovery.sources.kubernetes.fetch import fetch
from discovery.sources.kubernetes.settings import KINDS, KubernetesSettings


def fetch_again(
    settings: KubernetesSettings, wanted: Mapping[str, Sequence[Known]], reading: Reading
) -> Iterator[Fetched]:
    """The kinds and namespaces that these scopes name, as far as the settings read them. Ties are not told."""
    parts = [scope.split("/") for scope in wanted]
    kinds = _narrowed(parts_wanted(settings, KINDS), {part[-1] for part in parts})
    namespaces = _narrowed(settings.namespaces, {part[-2] for part in parts if len(part) > 1})
    narrow = settings.model_copy(update={"scope": ",".join(kinds), "namespaces": tuple(namespaces)})
    # What could be read once and cannot now would hold back what it is tied to: here no ties are wanted.
    yield from told_of(fetch(narrow, replace(reading, bookmark=lambda scope: None)), wanted)


def _narrowed(every: Sequence[str], named: set[str]) -> list[str]:
    """Those that are named; where none is, the first: an empty list would mean all of them."""
    return [one for one in every if one in named] or list(every[:1])


AGAIN = Again(scope_of, fetch_again, whole=True)
