"""Answers about the past: which revision is meant, and what was there then."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from api.problems import Problem
from api.resolution import ambiguous, bearers_now, check_not_purged, resolve
from api.tokens import Caller
from api.visibility import unseen
from api.wiring import System
from cmdb.draft import name_key
from cmdb.ends import fitting
from cmdb.errors import Invalid, UnknownReference
from cmdb.reference import ID, NAME, lookup_key, parse_reference
from cmdb.surroundings import Bearer
from cmdb.time import from_rfc3339
from graph.as_it_stood import MovedCIs, item_at, moved_cis, survivor_at
from graph.estate_as_of import estate_as_of
from graph.estate_then import estate_then
from graph.item_as_of import item_as_of
from graph.matching import bears
from graph.past import PURGED
from graph.store import FoundCI, ItemView, ReadTransaction, Search
from impact.impact_graph import ImpactGraph, orient

READ_AT_ONCE = 1000
"""CIs of one page of a search that is answered whole"""


def revision_of(system: System, text: str) -> int:
    """The revision that a time (RFC 3339) or a revision's number means: the last one recorded until then.

    Raises Problem `invalid` for a revision that is not there yet, `purged` for one whose past is no longer kept.
    """
    if text.isascii() and text.isdigit():
        last, revision = system.store.revision()[0], int(text[:18])
        if revision > last:
            raise Problem("invalid", f"revision {text} is not there yet: the last one is {last}")
    else:
        at = from_rfc3339(text)
        revision = system.store.read(lambda look, _: look.revision_at(at))
    kept = system.past_begins()
    if revision < kept:
        raise Problem("purged", f"the past is kept from revision {kept} on; {text} lies before it")
    return revision


def whole_ci_at(system: System, revision: int, ref: str, caller: Caller) -> ItemView:
    """The whole of one CI as it stood. Raises UnknownReference, AmbiguousReference, Invalid."""
    ci = resolve_at(system, revision, ref, caller)
    view = system.store.read(lambda look, _: item_at(look, ci, revision, system.vocabulary))
    if view is None or not _sees(caller, view.ci.realms):
        raise UnknownReference(f"no CI bore {ref} at revision {revision}")
    return view


@dataclass(frozen=True, slots=True)
class Then:
    """Which past a question means: the store as it stood (`known_at`, a revision), the world as it is believed to have
    been (`as_of`, microseconds UTC), or what that store believed of it; neither is now."""

    known_at: int | None = None
    as_of: int | None = None

    @property
    def is_now(self) -> bool:
        """Whether no past is meant."""
        return self.known_at is None and self.as_of is None

    def held_at(self, revision: int) -> "Then":
        """The same by what was known at a revision, for those who read it page by page.

        What is told later may move the answer: `as_of` by what is known now, `known_at` by a time still to come.
        """
        if self.is_now:
            return self
        return Then(revision if self.known_at is None else min(self.known_at, revision), self.as_of)


NOW = Then()


def then_from(system: System, known_at: str | None, as_of: str | None) -> Then:
    """What the parameters of these names mean. Raises Problem `invalid`, `purged`."""
    revision = None if known_at is None else revision_of(system, known_at)
    if as_of is None:
        return NOW if revision is None else Then(revision)
    at = from_rfc3339(as_of)
    kept = system.past_begins()
    if kept and at < system.store.read(lambda look, _: look.recorded_at(kept)):
        raise Problem("purged", f"the past is kept from revision {kept} on; {as_of} lies before it")
    return Then(revision, at)


def is_cut(system: System, then: Then) -> bool:
    """Whether something that was there in the past that is meant was forgotten since, so that answers lack it."""
    last = system.store.document(*PURGED)
    if then.is_now or last is None:
        return False
    by_revision = then.known_at is not None and last.body["born"] <= then.known_at < last.body["revision"]
    by_time = then.as_of is not None and last.body["first_seen"] <= then.as_of < last.body["at"]
    return by_time if then.as_of is not None else by_revision


def told_of_cut(system: System, then: Then) -> dict[str, Any]:
    """What an answer about the past says of itself: nothing where it is whole."""
    return {"truncated": "history"} if is_cut(system, then) else {}


def is_feed_cut(system: System, after: int) -> bool:
    """Whether events behind a revision are lacking because what they were about was forgotten since."""
    last = system.store.document(*PURGED)
    return last is not None and after < last.body["revision"]


def whole_ci_then(system: System, then: Then, ref: str, caller: Caller) -> ItemView | None:
    """The whole of one CI as asked for; None where it was not there. Raises as `resolve` does."""
    known_at, as_of = then.known_at, then.as_of
    if as_of is None:
        return (
            system.store.item(resolve(system, ref, caller))
            if known_at is None
            else whole_ci_at(system, known_at, ref, caller)
        )
    ci = resolve_then(system, then, ref, caller)

    def work(look: ReadTransaction, last: int) -> ItemView | None:
        if known_at is None:
            return item_as_of(look, last, ci, estate_as_of(look, last, as_of, system.vocabulary))
        return item_as_of(look, known_at, ci, estate_then(look, known_at, as_of, system.vocabulary))

    view = system.store.read(work)
    if view is None or not _sees(caller, view.ci.realms):
        meant = "today" if known_at is None else f"at revision {known_at}"
        raise UnknownReference(f"nothing that {ref} means {meant} had been seen by then")
    return view


def found_then(
    system: System, then: Then, query: Search, *, after: tuple[str, str] | None, limit: int
) -> tuple[FoundCI, ...]:
    """A page of a search as asked for."""
    if then.is_now:
        return system.store.search(query, after=after, limit=limit)
    return system.past.page(then.known_at, then.as_of, query, after=after, limit=limit)


def graph_then(system: System, then: Then) -> ImpactGraph:
    """The impact graph as asked for. What is held, and the present one, costs nothing."""
    if then.is_now:
        return system.graph.now()
    graph = None
    if then.known_at is not None:
        graph = system.graph.held(then.known_at, _rests_on(system, then))
        if graph is None and then.as_of is None:
            graph = system.graph.at(then.known_at)
    return graph if graph is not None else orient(system.store.topology(then.known_at, then.as_of))


def hold_graph(system: System, then: Then, graph: ImpactGraph) -> None:
    """Keep the graph of an answer for the pages that follow."""
    system.graph.hold(graph, _rests_on(system, then))


def _rests_on(system: System, then: Then) -> Hashable:
    """What a graph of the past follows from beside its revision: what was purged since is in none."""
    purged = system.store.document(*PURGED)
    return then.as_of, 0 if purged is None else purged.version


def all_found_then(system: System, then: Then, query: Search) -> Iterator[FoundCI]:
    """Everything that would have been found then, by what is known as it begins; read a page at a time."""
    then = then.held_at(system.store.revision()[0])
    after: tuple[str, str] | None = None
    while page := found_then(system, then, query, after=after, limit=READ_AT_ONCE):
        yield from page
        after = (name_key(page[-1].name), page[-1].id)


def resolve_then(system: System, then: Then, text: str, caller: Caller) -> str:
    """The id of the one CI that a reference means by what was known."""
    if then.known_at is None:
        return resolve(system, text, caller)
    return resolve_at(system, then.known_at, text, caller)


def resolve_at(system: System, revision: int, text: str, caller: Caller) -> str:
    """The id of the one CI that a reference meant at a revision."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid("the reference holds a lone surrogate, which no store keeps")
    reference = parse_reference(text, system.vocabulary)
    if reference.kind == ID:
        found = system.store.read(lambda look, _: survivor_at(look, reference.value, revision))
        if found is None:
            check_not_purged(system, reference, caller)
            raise UnknownReference(f"no CI bore {text} at revision {revision}")
        # It may have led then to what was forgotten since.
        check_not_purged(system, reference._replace(value=found), caller)
        return found
    moved = moved_at(system, revision, records=reference.kind != NAME)
    now = [bearer for bearer in bearers_now(system, reference) if bearer.ci not in moved.cis]
    hidden = unseen(system, caller, ((bearer.ci, bearer.name) for bearer in now))
    keys = {bearer.key for bearer in now} | {lookup_key(reference, system.vocabulary)}
    then = [
        Bearer(key, ci.id, ci.ci_class, ci.name, ci.lifecycle, realm, "")
        for key in keys
        for ci in moved.cis.values()
        if ci is not None and _sees(caller, ci.realms) and bears(ci, key, moved, system.vocabulary)
        for realm in ci.realms
    ]
    fits = fitting(reference, [*(b for b in now if b.ci not in hidden), *then], system.vocabulary)
    if not fits:
        lacking = "; it may have been purged since" if is_cut(system, Then(revision)) else ""
        raise UnknownReference(f"no CI bore {text} at revision {revision}{lacking}")
    if len(fits) > 1:
        raise ambiguous(text, fits)
    return fits[0].ci


def _sees(caller: Caller, realms: tuple[str, ...]) -> bool:
    return not caller.realms or any(caller.sees(realm) for realm in realms)


def moved_at(system: System, revision: int, *, records: bool) -> MovedCIs:
    """What moved behind a revision, as it stood at it; with its records where the question asks for them."""
    return system.store.read(lambda look, _: moved_cis(look, revision, system.vocabulary, records=records))
