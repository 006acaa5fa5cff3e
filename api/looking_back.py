"""Answers about the past: which revision is meant, and what was there then."""

from collections.abc import Iterator
from dataclasses import dataclass

from api.problems import Problem
from api.resolution import ambiguous, bearers_now, resolve
from api.tokens import Caller
from api.visibility import unseen
from api.wiring import System
from cmdb.draft import name_key
from cmdb.ends import fitting
from cmdb.errors import Invalid, UnknownReference
from cmdb.reference import ID, NAME, lookup_key, parse_reference
from cmdb.surroundings import Bearer
from cmdb.time import from_rfc3339
from graph.as_it_stood import MovedCIs, item_at, moved_cis, search_at, survivor_at
from graph.estate_as_of import estate_as_of
from graph.item_as_of import item_as_of
from graph.matching import bears
from graph.past import HORIZON
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
    kept = system.store.document(*HORIZON)
    if kept is not None and revision < kept.body["revision"]:
        raise Problem("purged", f"the past is kept from revision {kept.body['revision']} on; {text} lies before it")
    return revision


def whole_ci_at(system: System, revision: int, ref: str, caller: Caller) -> ItemView:
    """The whole of one CI as it stood. Raises UnknownReference, AmbiguousReference, Invalid."""
    ci = resolve_at(system, revision, ref, caller)
    view = system.store.read(lambda look, _: item_at(look, ci, revision, system.vocabulary))
    if view is None or not _sees(caller, view.ci.realms):
        raise UnknownReference(f"no CI bore {ref} at revision {revision}")
    return view


def found_at(
    system: System, revision: int, query: Search, *, after: tuple[str, str] | None, limit: int
) -> tuple[FoundCI, ...]:
    """A page of a search as it would have been answered then."""
    asks_records = query.bearing is not None or bool(query.seen_by or query.not_seen_by)
    moved = moved_at(system, revision, records=asks_records)
    return system.store.read(lambda look, _: search_at(look, moved, query, system.vocabulary, after=after, limit=limit))


@dataclass(frozen=True, slots=True)
class Then:
    """Which past a question means: the store as it stood (`known_at`, a revision), or the world as it is now believed
    to have been (`as_of`, microseconds UTC); neither is now."""

    known_at: int | None = None
    as_of: int | None = None

    @property
    def is_now(self) -> bool:
        """Whether no past is meant."""
        return self.known_at is None and self.as_of is None


NOW = Then()


def then_from(system: System, known_at: str | None, as_of: str | None) -> Then:
    """What the parameters of these names mean. Raises Problem `invalid`, `purged`."""
    if known_at is not None and as_of is not None:
        raise Problem("invalid", "known_at and as_of together are not available in this version: leave one out")
    if known_at is not None:
        return Then(known_at=revision_of(system, known_at))
    if as_of is None:
        return NOW
    at = from_rfc3339(as_of)
    kept = system.store.document(*HORIZON)
    if kept is not None and at < system.store.read(lambda look, _: look.recorded_at(kept.body["revision"])):
        raise Problem("purged", f"the past is kept from revision {kept.body['revision']} on; {as_of} lies before it")
    return Then(as_of=at)


def whole_ci_then(system: System, then: Then, ref: str, caller: Caller) -> ItemView | None:
    """The whole of one CI as asked for; None where it was not there. Raises as `resolve` does."""
    if then.known_at is not None:
        return whole_ci_at(system, then.known_at, ref, caller)
    ci = resolve(system, ref, caller)
    at = then.as_of
    if at is None:
        return system.store.item(ci)
    view = system.store.read(
        lambda look, last: item_as_of(look, last, ci, estate_as_of(look, last, at, system.vocabulary))
    )
    if view is None or not _sees(caller, view.ci.realms):
        raise UnknownReference(f"nothing that {ref} means today had been seen by then")
    return view


def found_then(
    system: System, then: Then, query: Search, *, after: tuple[str, str] | None, limit: int
) -> tuple[FoundCI, ...]:
    """A page of a search as asked for."""
    if then.known_at is not None:
        return found_at(system, then.known_at, query, after=after, limit=limit)
    at = then.as_of
    if at is None:
        return system.store.search(query, after=after, limit=limit)

    def work(look: ReadTransaction, last: int) -> tuple[FoundCI, ...]:
        moved = estate_as_of(look, last, at, system.vocabulary).cis
        return search_at(look, moved, query, system.vocabulary, after=after, limit=limit)

    return system.store.read(work)


def graph_then(system: System, then: Then) -> ImpactGraph:
    """The impact graph as asked for."""
    if then.known_at is not None:
        return graph_at(system, then.known_at)
    return system.graph.now() if then.as_of is None else orient(system.store.topology(as_of=then.as_of))


def all_found_then(system: System, then: Then, query: Search) -> Iterator[FoundCI]:
    """Everything that would have been found then, read a page at a time."""
    after: tuple[str, str] | None = None
    while page := found_then(system, then, query, after=after, limit=READ_AT_ONCE):
        yield from page
        after = (name_key(page[-1].name), page[-1].id)


def resolve_at(system: System, revision: int, text: str, caller: Caller) -> str:
    """The id of the one CI that a reference meant at a revision."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid("the reference holds a lone surrogate, which no store keeps")
    reference = parse_reference(text, system.vocabulary)
    if reference.kind == ID:
        found = system.store.read(lambda look, _: survivor_at(look, reference.value, revision))
        if found is None:
            raise UnknownReference(f"no CI bore {text} at revision {revision}")
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
        raise UnknownReference(f"no CI bore {text} at revision {revision}")
    if len(fits) > 1:
        raise ambiguous(text, fits)
    return fits[0].ci


def _sees(caller: Caller, realms: tuple[str, ...]) -> bool:
    return not caller.realms or any(caller.sees(realm) for realm in realms)


def moved_at(system: System, revision: int, *, records: bool) -> MovedCIs:
    """What moved behind a revision, as it stood at it; with its records where the question asks for them."""
    return system.store.read(lambda look, _: moved_cis(look, revision, system.vocabulary, records=records))


def graph_at(system: System, revision: int) -> ImpactGraph:
    """The impact graph of a revision; the present one, or one that is held, costs nothing."""
    held = system.graph.at(revision)
    return held if held is not None else orient(system.store.topology(revision))
