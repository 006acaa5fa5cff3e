"""Which CI a client's reference means; several or none are an answer too, never a guess."""

from api.access import Caller
from api.wiring import System
from cmdb.ends import fitting
from cmdb.errors import AmbiguousReference, Candidate, UnknownReference
from cmdb.reference import RECORD, Reference, lookup_key, parse_reference, record_key
from cmdb.surroundings import Bearer

LOOKED_AT = 200
"""bearers of one reference that are looked at"""


def resolve(system: System, text: str, caller: Caller) -> str:
    """The id of the one CI that is meant. Raises Invalid, UnknownReference or AmbiguousReference."""
    reference = parse_reference(text, system.vocabulary)
    fits = fitting(reference, _bearers(system, reference), system.vocabulary)
    if caller.realms:
        fits = tuple(fit for fit in fits if _visible(system, fit, caller))
    if not fits:
        raise UnknownReference(f"no CI bears {text}")
    if len(fits) > 1:
        raise AmbiguousReference(
            f"{len(fits)} CIs bear {text}: name the class, the realm or an id",
            tuple(Candidate(fit.ci, fit.name, fit.ci_class, fit.realm, fit.lifecycle) for fit in fits),
        )
    return fits[0].ci


def _bearers(system: System, reference: Reference) -> tuple[Bearer, ...]:
    key = lookup_key(reference, system.vocabulary)
    found = system.store.bearers([key], LOOKED_AT, every_realm=reference.realm is None)
    bearers = found.get(key, ())
    if not bearers and reference.kind == RECORD and reference.realm is None:
        return _record_of_any_realm(system, reference)
    return bearers


def _record_of_any_realm(system: System, reference: Reference) -> tuple[Bearer, ...]:
    source, _, record = reference.value.partition(":")
    after: str | None = None
    keys = []
    while places := system.store.record_places(source, None, after=after, limit=1000):
        keys += [record_key(p.source, p.realm, p.record) for p in places if p.record == record]
        after = record_key(places[-1].source, places[-1].realm, places[-1].record)
    found = system.store.bearers([f"record|{key}" for key in keys], LOOKED_AT)
    return tuple(bearer for bearers in found.values() for bearer in bearers)


def _visible(system: System, bearer: Bearer, caller: Caller) -> bool:
    if bearer.realm:
        return caller.sees((bearer.realm,))
    view = system.store.item(bearer.ci)
    return view is not None and caller.sees(view.ci.realms)
