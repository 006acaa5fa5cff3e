"""Which CI a client's reference means; several or none are an answer too, never a guess."""

from collections.abc import Iterator

from api.tokens import Caller
from api.visibility import unseen
from api.wiring import System
from cmdb.ends import EVERY_BEARER, fitting
from cmdb.errors import AmbiguousReference, Candidate, Invalid, Purged, UnknownReference
from cmdb.reference import ID, RECORD, Reference, escaped, lookup_key, parse_reference, record_key
from cmdb.surroundings import Bearer
from cmdb.time import to_rfc3339
from discovery.explaining import End
from graph.past import TOMBSTONES

CANDIDATES = 50
"""candidates of an ambiguous reference that are named"""


def resolve(system: System, text: str, caller: Caller) -> str:
    """The id of the one CI that is meant. Raises Invalid, UnknownReference or AmbiguousReference."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid("the reference holds a lone surrogate, which no store keeps")
    reference = parse_reference(text, system.vocabulary)
    bearers = bearers_now(system, reference)
    hidden = unseen(system, caller, ((bearer.ci, bearer.name) for bearer in bearers))
    fits = fitting(reference, (bearer for bearer in bearers if bearer.ci not in hidden), system.vocabulary)
    if not fits:
        check_not_purged(system, reference, caller)
        raise UnknownReference(f"no CI bears {text}")
    if len(fits) > 1:
        raise ambiguous(text, fits)
    return fits[0].ci


def check_not_purged(system: System, reference: Reference, caller: Caller) -> None:
    """Raises Purged for an id of something that was forgotten, and that the caller would have seen."""
    if reference.kind != ID:
        return
    found = system.store.document(TOMBSTONES, reference.value)
    if found is not None and (not caller.realms or any(caller.sees(realm) for realm in found.body["realms"])):
        at = to_rfc3339(found.body["at"])
        raise Purged(f"{reference.value} was retired long ago, and purged at {at}: nothing is kept of it")


def resolve_end(system: System, text: str, caller: Caller) -> End:
    """The same; a `record:` reference means that one record of its CI."""
    ci = resolve(system, text, caller)
    reference = parse_reference(text, system.vocabulary)
    if reference.kind != RECORD:
        return End(ci)
    records = {bearer.record for bearer in bearers_now(system, reference) if bearer.ci == ci}
    return End(ci, min(records))


def ambiguous(text: str, fits: tuple[Bearer, ...]) -> AmbiguousReference:
    """The error for a reference that several CIs bear."""
    return AmbiguousReference(
        f"{len(fits)} CIs bear {text}: name the class, the realm or an id",
        tuple(Candidate(fit.ci, fit.name, fit.ci_class, fit.realm, fit.lifecycle) for fit in fits[:CANDIDATES]),
    )


def bearers_now(system: System, reference: Reference) -> tuple[Bearer, ...]:
    """Those who bear a reference, in whatever realm and class."""
    if reference.kind == RECORD and reference.realm is None:
        keys = [f"record|{key}" for key in _records_of_any_realm(system, reference.value)]
    else:
        keys = [lookup_key(reference, system.vocabulary)]
    found = system.store.bearers(keys, EVERY_BEARER, every_realm=reference.realm is None)
    return tuple(bearer for key in keys for bearer in found.get(key, ()))


def _records_of_any_realm(system: System, value: str) -> Iterator[str]:
    """Keys that `source:record` has in each realm of the source; one small read a realm."""
    source, _, record = value.partition(":")
    after = f"{escaped(source)}|"
    before: str | None = None
    while places := system.store.record_places(source, None, after=after, limit=1):
        place = places[0]
        if place.realm != before:
            yield record_key(source, place.realm, record)
        # Records of one realm lie side by side: jump behind them, or step where the jump fell short.
        behind = f"{escaped(source)}|{escaped(place.realm)}|\uffff"
        own = record_key(source, place.realm, place.record)
        after, before = max(behind, own) if place.realm != before else own, place.realm
