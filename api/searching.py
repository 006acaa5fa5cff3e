"""What the parameters of a search mean: the same words for HTTP and the command line."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.problems import Problem
from api.resolution import resolve
from api.tokens import Caller
from api.wiring import System
from cmdb.configuration_item import split_words
from cmdb.errors import Invalid
from cmdb.expectations import expected_of_classes, stale_before
from cmdb.observation import STATUSES
from cmdb.reference import ID, lookup_key, parse_reference
from cmdb.time import from_rfc3339
from graph.store import Search

LIFECYCLES = ("live", "missing", "retired", "purged")
MOST_WORDS = 32


_COMMA = re.compile(r"(?<!\\),")


def listed(said: Sequence[str] | None) -> tuple[str, ...]:
    """Values that may be repeated, or written with commas; a comma that belongs to a value is written `\\,`."""
    return tuple(one.replace("\\,", ",") for value in said or () for one in _COMMA.split(value) if one)


def spelled(value: str) -> str:
    """A value as `listed` reads it."""
    return value.replace(",", "\\,")


def tiers(said: Sequence[str]) -> tuple[int, ...]:
    """Tiers as whole numbers. Raises Invalid."""
    for tier in said:
        if not _WHOLE.fullmatch(tier):
            raise Invalid(f"tier {tier!r} is no tier: a whole number is wanted")
    return tuple(int(tier) for tier in said)


_WHOLE = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions as they were written; all that are given must hold."""

    q: str | None = None
    classes: tuple[str, ...] = ()
    lifecycles: tuple[str, ...] = ()
    identifier: str | None = None
    environment: tuple[str, ...] = ()
    tier: tuple[int, ...] = ()
    owner: tuple[str, ...] = ()
    service: str | None = None
    realm: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    seen_by: tuple[str, ...] = ()
    not_seen_by: tuple[str, ...] = ()
    seen_before: str | None = None
    tags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    lacks: tuple[str, ...] = ()
    incomplete: bool = False
    conflict: str | None = None
    stale: bool = False
    orphan: bool = False


def known_of_today(filters: Filters) -> list[str]:
    """The conditions, by name, that rest on more than a CI and its records: of the past nobody can ask them."""
    return [name for name in ("orphan", "service", "stale") if getattr(filters, name)]


def search_for(filters: Filters, system: System, caller: Caller) -> Search:
    """The search that is meant. Raises Invalid for what no search can mean, Problem for a realm out of sight."""
    for name in filters.classes:
        system.vocabulary.ci_class(name)
    for name in filters.lifecycles:
        if name not in LIFECYCLES:
            raise Invalid(f"unknown lifecycle {name!r}; known: {', '.join(LIFECYCLES)}")
    for name in filters.status:
        if name not in STATUSES:
            raise Invalid(f"unknown status {name!r}; known: {', '.join(STATUSES)}")
    words = split_words(filters.q or "")
    if len(words) > MOST_WORDS:
        raise Invalid(f"q has {len(words)} words: {MOST_WORDS} at most")
    if filters.q and filters.q.strip() and not words:
        raise Invalid(f"q {filters.q!r} holds no letter and no digit")
    facts = dict(filters.attributes)
    for tag in filters.tags:
        key, colon, value = tag.partition(":")
        if not colon:
            raise Invalid(f"tag {tag!r} is wrong: key:value is wanted")
        facts[f"tags.{key}"] = value
    search = Search(
        words=words,
        classes=filters.classes,
        lifecycles=filters.lifecycles or ("live", "missing"),
        bearing=_bearing(filters, system),
        environment=filters.environment,
        tier=filters.tier,
        owner=filters.owner,
        status=filters.status,
        realm=filters.realm,
        seen_by=filters.seen_by,
        not_seen_by=filters.not_seen_by,
        seen_before=None if filters.seen_before is None else from_rfc3339(filters.seen_before),
        facts=facts,
        lacks=filters.lacks,
        incomplete=expected_of_classes(system.vocabulary) if filters.incomplete else None,
        conflict=filters.conflict,
        stale=stale_before(system.vocabulary, system.store.revision()[1]) if filters.stale else None,
        orphan=filters.orphan,
        only=None if filters.service is None else beneath(system, filters.service, caller),
    )
    return _in_sight(search, caller)


def beneath(system: System, ref: str, caller: Caller) -> frozenset[str]:
    """Ids of the CIs that one stands on, and its own: everything it needs along relations that carry failure.

    All members of redundancy groups are among them. Raises as `resolve` does.
    """
    from impact.dependencies import dependencies  # its compiler is slow to load

    ci = resolve(system, ref, caller)
    graph = system.graph.now()
    number = graph.number.get(ci)
    if number is None:
        return frozenset({ci})
    cone = dependencies(graph, [number], limit=0).cone
    return frozenset(graph.topology.ids[at] for at in cone.nonzero()[0].tolist())


def _bearing(filters: Filters, system: System) -> str | None:
    if filters.identifier is None:
        return None
    realm = filters.realm[0] if len(filters.realm) == 1 else None
    reference = parse_reference(filters.identifier, system.vocabulary, realm)
    if reference.kind == ID:
        raise Invalid(f"identifier {filters.identifier!r} is wrong: kind:value is wanted, such as serial:C02XK1")
    return lookup_key(reference, system.vocabulary)


def _in_sight(search: Search, caller: Caller) -> Search:
    return replace(search, realm=realms_in_sight(search.realm, caller))


def realms_in_sight(named: tuple[str, ...], caller: Caller) -> tuple[str, ...]:
    """The realms to look into, none for all of them. Raises Problem `forbidden` for one that is not the caller's."""
    for realm in named:
        if not caller.sees(realm):
            raise Problem("forbidden", f"realm {realm} is not among yours: {', '.join(sorted(caller.realms))}")
    return named or tuple(sorted(caller.realms))
