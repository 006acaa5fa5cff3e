"""Conditions of a search that only the facts can tell: answered alike for every store, from their JSON."""

from collections.abc import Mapping
from typing import Any

from graph.encoding import from_json
from graph.store import ANY, Search


def looks_into_facts(query: Search) -> bool:
    """Whether facts must be read at all."""
    return bool(query.facts or query.lacks or query.incomplete is not None or query.conflict is not None)


def facts_fit(query: Search, ci_class: str, facts: str) -> bool:
    """Whether a CI of this class with these facts (as `encode_facts` spells them) is meant."""
    if query.conflict is not None and not may_be_disputed(facts):
        return False
    held: Mapping[str, Any] = from_json(facts)
    if not all(name in held and _text(held[name][0]) == wanted for name, wanted in query.facts.items()):
        return False
    if any(name in held for name in query.lacks):
        return False
    if query.incomplete is not None and all(name in held for name in query.incomplete.get(ci_class, ())):
        return False
    return query.conflict is None or is_disputed(held, query.conflict)


def may_be_disputed(facts: str) -> bool:
    """Whether it is worth reading the facts to see: outvoted values are a list of lists."""
    return "[[" in facts


def is_disputed(held: Mapping[str, Any], attribute: str) -> bool:
    """Whether a standing value has outvoted another one, of this attribute or of ANY."""
    if attribute == ANY:
        return any(len(fact) > 2 for fact in held.values())
    return len(held.get(attribute, ())) > 2


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
