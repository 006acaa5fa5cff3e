"""What is different between two times, for HTTP and the command line."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from api.cursors import cursor
from api.looking_back import Then, revision_of, told_of_cut
from api.tokens import Caller
from api.wiring import System
from cmdb.configuration_item import ConfigurationItem
from cmdb.relation import Relation
from graph.as_it_stood import cis_at
from graph.estate_diff import EstateDiff, estate_diff


def diff_answer(
    system: System,
    caller: Caller,
    since: str | int,
    until: str | int | None,
    *,
    offset: int,
    limit: int,
    question: str,
) -> dict[str, Any]:
    """The answer with the field names of the contract: `limit` entries of all its lists together, from `offset` on.

    `since`, `until`: times or revisions as text, or revisions already found; no `until` is now.
    """
    before = since if isinstance(since, int) else revision_of(system, since)
    after = until if isinstance(until, int) else revision_of(system, until) if until else system.store.revision()[0]
    found, ends = system.store.read(lambda look, _: _found(look, before, after, limited=bool(caller.realms)))
    entries = list(islice(_entries(found, _Sight(caller, found, ends)), offset, offset + limit + 1))
    shown: dict[str, list[dict[str, Any]]] = {name: [] for name in LISTS}
    for name, entry in entries[:limit]:
        shown[name].append(entry)
    more = len(entries) > limit
    return {
        "from": before,
        "to": after,
        "came": shown["came"],
        "went": shown["went"],
        "changed": shown["changed"],
        "relations": {name: shown[f"relations.{name}"] for name in ("came", "went", "changed")},
        "next": cursor(question, (before, after, offset + limit), system.parts.now()) if more else None,
        **(told_of_cut(system, Then(before)) or told_of_cut(system, Then(after))),
    }


LISTS = ("came", "went", "changed", "relations.came", "relations.went", "relations.changed")


def _found(look: Any, before: int, after: int, *, limited: bool) -> tuple[EstateDiff, dict[str, ConfigurationItem]]:
    """The difference; for a limited caller with the CIs at the ends of its relations."""
    found = estate_diff(look, before, after)
    ends: dict[str, ConfigurationItem] = {}
    if limited:
        for relations, revision in ((found.relations_before, before), (found.relations_after, after)):
            ends |= cis_at(look, {end for r in relations.values() for end in (r.from_ci, r.to_ci)}, revision)
    return found, ends


class _Sight:
    """What a caller may see: CIs that stood in one of its realms, and relations between such."""

    def __init__(self, caller: Caller, found: EstateDiff, ends: dict[str, ConfigurationItem]) -> None:
        self._all = not caller.realms
        known = (*ends.values(), *found.before.values(), *found.after.values())
        self._seen = {ci.id for ci in known if any(caller.sees(realm) for realm in ci.realms)}

    def ci(self, id_: str) -> bool:
        return self._all or id_ in self._seen

    def relation(self, relation: Relation) -> bool:
        return self._all or {relation.from_ci, relation.to_ci} <= self._seen


def _entries(found: EstateDiff, sight: _Sight) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from (("came", _ci(ci)) for ci in found.came() if sight.ci(ci.id))
    yield from (("went", _ci(ci)) for ci in found.went() if sight.ci(ci.id))
    for one in found.changed():
        if sight.ci(one.id):
            yield "changed", {"ci": one.id, "key": one.key, "before": one.before, "after": one.after,
                              "name": found.after[one.id].name}  # fmt: skip
    yield from _relations("relations.came", found.relations_came(), sight)
    yield from _relations("relations.went", found.relations_went(), sight)
    for one in found.relations_changed():
        if sight.relation(found.relations_after[one.id]):
            yield "relations.changed", {"id": one.id, "key": one.key, "before": one.before, "after": one.after}


def _relations(name: str, relations: Iterable[Relation], sight: _Sight) -> Iterator[tuple[str, dict[str, Any]]]:
    for relation in relations:
        if sight.relation(relation):
            ends = {"from": relation.from_ci, "to": relation.to_ci}
            yield name, {"id": relation.id, "type": relation.type, **ends}


def _ci(ci: ConfigurationItem) -> dict[str, Any]:
    return {"id": ci.id, "class": ci.ci_class, "name": ci.name, "lifecycle": ci.lifecycle}
