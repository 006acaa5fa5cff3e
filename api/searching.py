"""What the parameters of a search mean: the same words for HTTP and the command line."""

from dataclasses import dataclass, replace

from api.problems import Problem
from api.tokens import Caller
from api.wiring import System
from cmdb.configuration_item import split_words
from cmdb.errors import Invalid
from cmdb.observation import STATUSES
from cmdb.reference import lookup_key, parse_reference
from cmdb.time import from_rfc3339
from graph.store import Search

LIFECYCLES = ("live", "missing", "retired", "purged")
MOST_WORDS = 32


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions as they were written; all that are given must hold."""

    q: str | None = None
    classes: tuple[str, ...] = ()
    lifecycles: tuple[str, ...] = ()
    identifier: str | None = None
    environment: str | None = None
    tier: int | None = None
    owner: str | None = None
    realm: str | None = None
    status: str | None = None
    seen_by: str | None = None
    not_seen_by: str | None = None
    seen_before: str | None = None
    tags: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


def search_for(filters: Filters, system: System, caller: Caller) -> Search:
    """The search that is meant. Raises Invalid for what no search can mean, Problem for a realm out of sight."""
    for name in filters.classes:
        system.vocabulary.ci_class(name)
    for name in filters.lifecycles:
        if name not in LIFECYCLES:
            raise Invalid(f"unknown lifecycle {name!r}; known: {', '.join(LIFECYCLES)}")
    if filters.status is not None and filters.status not in STATUSES:
        raise Invalid(f"unknown status {filters.status!r}; known: {', '.join(STATUSES)}")
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
    )
    return _in_sight(search, caller)


def _bearing(filters: Filters, system: System) -> str | None:
    if filters.identifier is None:
        return None
    return lookup_key(parse_reference(filters.identifier, system.vocabulary, filters.realm), system.vocabulary)


def _in_sight(search: Search, caller: Caller) -> Search:
    if not caller.realms or (search.realm is not None and caller.sees(search.realm)):
        return search
    if search.realm is not None:
        raise Problem("forbidden", f"realm {search.realm} is not among yours: {', '.join(sorted(caller.realms))}")
    if len(caller.realms) > 1:
        raise Problem("invalid", f"name one of your realms with realm=: {', '.join(sorted(caller.realms))}")
    return replace(search, realm=next(iter(caller.realms)))
