"""Answers about the past: which revision is meant, and what was there then."""

from collections.abc import Iterator

from api.problems import Problem
from api.resolution import ambiguous, bearers_now
from api.tokens import Caller
from api.visibility import unseen
from api.wiring import System
from cmdb.draft import name_key
from cmdb.ends import fitting
from cmdb.errors import Invalid, UnknownReference
from cmdb.reference import ID, lookup_key, parse_reference
from cmdb.surroundings import Bearer
from cmdb.time import from_rfc3339
from graph.as_it_stood import MovedCIs, item_at, moved_cis, search_at, survivor_at
from graph.matching import bears
from graph.store import FoundCI, ItemView, Search
from impact.impact_graph import ImpactGraph, orient

READ_AT_ONCE = 1000
"""CIs of one page of a search that is answered whole"""
HORIZON = ("history", "horizon")
"""the document that says from which revision on the past is kept (`{"revision": n}`); none: from the first"""


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
    moved = moved_at(system, revision)
    return system.store.read(lambda look, _: search_at(look, moved, query, system.vocabulary, after=after, limit=limit))


def all_found_at(system: System, revision: int, query: Search) -> Iterator[FoundCI]:
    """Everything that would have been found then, read a page at a time."""
    after: tuple[str, str] | None = None
    while page := found_at(system, revision, query, after=after, limit=READ_AT_ONCE):
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
    moved = moved_at(system, revision)
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


def moved_at(system: System, revision: int) -> MovedCIs:
    """What moved behind a revision, as it stood at it."""
    return system.store.read(lambda look, _: moved_cis(look, revision, system.vocabulary))


def graph_at(system: System, revision: int) -> ImpactGraph:
    """The impact graph of a revision; the present one, or one that is held, costs nothing."""
    held = system.graph.at(revision)
    return held if held is not None else orient(system.store.topology(revision))
