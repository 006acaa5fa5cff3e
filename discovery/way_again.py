"""ways_again: where and as whom a source can be asked again: its source instances of a realm, secrets filled in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cmdb.scope import overlap
from discovery.attempt import Attempt
from discovery.means import Means
from discovery.source import Source
from discovery.source_instance import SourceInstance, instances, scopes_of, settings_to_run
from discovery.source_settings import UNKNOWN_YET

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Way:
    """`settings`: what the source is told; `barred`: why it cannot be asked so."""

    name: str | None
    """the source instance; None where none is needed"""
    settings: Any = None
    barred: str | None = None
    scopes: tuple[str, ...] = ()
    """what it reads, as far as that can be told without asking anybody; none where it cannot"""

    def may_hold(self, scope: str | None) -> bool:
        """Whether what was reported in a scope may be found on it."""
        return scope is None or not self.scopes or any(overlap(scope, one) for one in self.scopes)


def ways_again(means: Means, source: Source, realm: str, chosen: Mapping[str, Any]) -> tuple[Way, ...]:
    """By name of instance; none where nobody has said where the source is. `chosen`: what whoever asks says beside it.

    A source that looks by itself needs no instance; where it has some, they say what may be asked.
    """
    ways = tuple(
        _way(means, source, one, chosen) for one in _every(means) if (one.source, one.realm) == (source.name, realm)
    )
    alone = source.again is not None and source.again.alone
    return ways if ways or not alone else (Way(None, source.settings(**{**chosen, "realm": realm})),)


def _way(means: Means, source: Source, kept: SourceInstance, chosen: Mapping[str, Any]) -> Way:
    scopes = _scopes(means, source, kept)
    if kept.zone is not None:
        return Way(kept.name, barred=f"only workers of the zone {kept.zone} reach it", scopes=scopes)
    attempt = Attempt()
    with attempt:
        return Way(kept.name, settings_to_run(means, kept, _beside(kept.settings or {}, chosen)), scopes=scopes)
    return Way(kept.name, barred=attempt.error, scopes=scopes)


def _scopes(means: Means, source: Source, kept: SourceInstance) -> tuple[str, ...]:
    """What it reads; its secrets say nothing of that, and need not be had."""
    blind = replace(means, resolve=lambda reference: UNKNOWN_YET)
    with Attempt():
        return scopes_of(source, settings_to_run(blind, kept))
    return ()


def _beside(kept: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, Any]:
    """What is chosen; lists add to those that are kept: what was never to be touched stays so."""
    return {
        name: (*_several(kept.get(name)), *value) if isinstance(value, list | tuple) else value
        for name, value in chosen.items()
    }


def _several(said: object) -> Sequence[Any]:
    return [said] if isinstance(said, str) else said if isinstance(said, list | tuple) else ()


def _every(means: Means) -> Iterator[SourceInstance]:
    after: str | None = None
    while page := instances(means, after=after, limit=AT_ONCE):
        yield from page
        after = page[-1].name
