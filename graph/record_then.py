"""A whole record as the store had it at a revision, rebuilt from what it has become."""

from collections.abc import Iterable, Sequence

from cmdb.observation import Observation
from cmdb.sighting import Record, Version, lateness, signature_of
from cmdb.vocabulary import Vocabulary
from graph.encoding import from_json
from graph.past import PastRow, PastState, brought_in, read_said, said_before


def record_then(
    revision: int, state: PastState, moved: Sequence[PastRow], sayings: Sequence[PastRow], vocabulary: Vocabulary
) -> Record:
    """The record whose state at a revision is known.

    `moved`, `sayings`: all rows of the record, newest first. When each identifier was first and last seen is what is
    known of it now, but none is there that had not been told by then.
    """
    now = state.record
    known = [version for version in now.versions if brought_in(version) <= revision]
    told = tuple(_told(revision, state, moved, sayings))
    if len(known) > 1:
        known = [_as_told(version, told, vocabulary) for version in known]
    else:
        known = [_with(known[0], state.said, known[0].last, told)]
    return now._replace(
        versions=tuple(known), cis=state.cis, ends=state.ends, parent=state.parent, gone=state.gone,
        misses=state.misses, since=_since(revision, now, moved),
    )  # fmt: skip


def _told(
    revision: int, state: PastState, moved: Iterable[PastRow], sayings: Iterable[PastRow]
) -> Iterable[Observation]:
    """Everything that it was known to have said by then."""
    said = state.said
    yield said
    for row in moved:
        body = from_json(row.body)
        if row.n <= revision and "said" in body:
            said = said_before(said, body["said"])
            yield said
    for row in sayings:
        if row.n <= revision:
            yield read_said(from_json(row.body)["said"], said.source, said.realm, said.record)


def _as_told(version: Version, told: Sequence[Observation], vocabulary: Vocabulary) -> Version:
    own = [said for said in told if signature_of(said, vocabulary) == version.signature]
    if not own:
        return version
    return _with(version, max(own, key=lateness), min(version.last, max(said.observed_at for said in own)), own)


def _with(version: Version, said: Observation, last: int, told: Iterable[Observation]) -> Version:
    borne = {(kind, value) for one in told for kind, value in one.identifiers}
    lifetimes = tuple(life for life in version.lifetimes if (life.kind, life.value) in borne)
    return version._replace(said=said, last=last, lifetimes=lifetimes)


def _since(revision: int, now: Record, moved: Iterable[PastRow]) -> int:
    since = now.since
    for body in (from_json(row.body) for row in moved if row.n > revision):
        since = body.get("since", since)
    return since
