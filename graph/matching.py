"""Whether a CI that no index knows fits a search: the same conditions that each store asks its indexes."""

from collections.abc import Callable, Mapping

from cmdb.configuration_item import ConfigurationItem, words_of
from cmdb.draft import name_key
from cmdb.identifier import linking_key
from cmdb.vocabulary import Vocabulary
from graph.past import PastState
from graph.store import FoundCI, Search


def fits(ci: ConfigurationItem, query: Search, records: Mapping[str, PastState], vocabulary: Vocabulary) -> bool:
    """Whether every condition holds. `records`: of this CI and others, by key."""
    words = words_of(ci) if query.words else ()
    conditions: tuple[tuple[object, Callable[[], bool]], ...] = (
        (query.words, lambda: all(any(word.startswith(begin) for word in words) for begin in query.words)),
        (query.classes, lambda: ci.ci_class in query.classes),
        (query.lifecycles, lambda: ci.lifecycle in query.lifecycles),
        (query.bearing is not None, lambda: bears(ci, query.bearing or "", records, vocabulary)),
        (query.environment is not None, lambda: ci.text("environment") == query.environment),
        (query.tier is not None, lambda: ci.whole_number("tier") == query.tier),
        (query.owner is not None, lambda: ci.text("owner") == query.owner),
        (query.status is not None, lambda: ci.text("status") == query.status),
        (query.realm is not None, lambda: query.realm in ci.realms),
        (query.seen_by is not None, lambda: _seen_by(ci, query.seen_by, records)),
        (query.not_seen_by is not None, lambda: not _seen_by(ci, query.not_seen_by, records)),
        (query.seen_before is not None, lambda: ci.last_seen < (query.seen_before or 0)),
        (query.facts, lambda: _says(ci, query.facts)),
    )
    return all(holds() for asked, holds in conditions if asked)


def bears(ci: ConfigurationItem, key: str, records: Mapping[str, PastState], vocabulary: Vocabulary) -> bool:
    """Whether a lookup key leads to the CI; one that ends in `|` stands for its value in any realm."""
    space, _, rest = key.partition("|")
    if space == "id":
        return ci.id == rest
    if space == "name":
        return name_key(ci.name) == key
    if space == "record":
        return rest in records and records[rest].ci == ci.id
    kinds = vocabulary.identifier_kinds
    borne = {linking_key(kinds[held.kind], held.value, held.realm) for held in ci.identifiers if held.kind in kinds}
    return key in borne or (key.endswith("|") and any(own.startswith(key) for own in borne))


def _seen_by(ci: ConfigurationItem, source: str | None, records: Mapping[str, PastState]) -> bool:
    return any(
        state.said.source == source and not state.gone and state.ci == ci.id
        for key in ci.records
        if (state := records.get(key)) is not None
    )


def _says(ci: ConfigurationItem, facts: Mapping[str, str]) -> bool:
    return all(name in ci.facts and _text(ci.facts[name].value) == wanted for name, wanted in facts.items())


def _text(value: object) -> str:
    if isinstance(value, tuple):
        value = list(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def line(ci: ConfigurationItem) -> FoundCI:
    """A CI as a line of a search."""
    return FoundCI(
        ci.id, ci.ci_class, ci.name, ci.lifecycle, ci.text("environment"), ci.whole_number("tier"), ci.text("owner"),
        ci.last_seen,
    )  # fmt: skip
