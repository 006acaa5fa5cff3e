"""How what stood before a patch is spelled, and how a CI, a relation or a record is rebuilt as it stood.

A row says what a revision moved, as it was before: of a CI and a record only what moved, of a relation the whole, and
of what is no more the whole with the revision in which it came to be (`born`). Read from the newest row back to the
first one behind a revision, they lead from the present to that revision.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from cmdb.configuration_item import ConfigurationItem, HeldIdentifier
from cmdb.identifier import Identifier
from cmdb.observation import Claim, Observation
from cmdb.past import Past, PastCI, PastRecord
from cmdb.reconciliation import ORDINALS as ORDINALS
from cmdb.relation import Relation
from cmdb.sighting import Record, Version
from graph.encoding import decode_facts, decode_requirements, decode_witnesses, from_json, to_json

CI, RELATION, RECORD, ALIAS, SAYING = "ci", "relation", "record", "alias", "saying"
"""kinds of rows; a `saying` says what a record is known to have said beside what a `record` row says it did"""


HORIZON = ("history", "horizon")
"""the document that says from which revision on the past is kept (`{"revision": n}`); none: from the first"""


TOMBSTONES = "purged"
"""kind of the documents, by id of a CI, that say that it was forgotten: {ci, revision, at, realms}"""
PURGED = ("history", "purged")
"""the document that says of what the past lacks something that was forgotten since: {revision, at: of the last purge,
born: the first revision, first_seen: the first time that any of it was}"""


class PastRow(NamedTuple):
    """One thing as it stood before revision `n` moved it."""

    kind: str
    id: str
    n: int
    from_ci: str | None
    to_ci: str | None
    """ends of a relation, so that it is found by them"""
    body: str
    """JSON"""


class PastState(NamedTuple):
    """What a record said and where it was at some revision."""

    said: Observation
    cis: tuple[str, ...]
    ends: tuple[str | None, ...]
    parent: str | None
    gone: bool
    misses: int
    record: Record
    """as it stands now"""

    @property
    def ci(self) -> str:
        """The CI of the open sighting."""
        return self.cis[-1]


# -- writing ---------------------------------------------------------------------------------------------------------


def rows_of(past: Past, n: int, born: Mapping[str, int]) -> Iterator[PastRow]:
    """The rows of a patch that became revision `n`. `born`: of the CIs and relations that are no more."""
    for ci in past.cis:
        yield PastRow(CI, ci.was.id, n, None, None, to_json(_ci_body(ci, born)))
    for was, gone in past.relations:
        body: list[Any] = [*was[4:]]
        if gone:
            body.append(born.get(was.id, 0))
        yield PastRow(RELATION, was.id, n, was.from_ci, was.to_ci, to_json(body))
    for record in past.records:
        yield PastRow(RECORD, record.was.key, n, None, None, to_json(_record_body(record)))
    for key, first, last, said in past.sayings:
        yield PastRow(SAYING, key, n, None, None, to_json({"first": first, "last": last, "said": said_row(said)}))
    for alias in past.aliases:
        yield PastRow(ALIAS, alias.id, n, None, None, to_json(alias.ci))


_SINGLE = ("ci_class", "name", "lifecycle", "first_seen", "parent", "because", "contradiction")
"""fields of a CI that are one value each; when it is next due is nobody's past"""


def _ci_body(past: PastCI, born: Mapping[str, int]) -> dict[str, Any]:
    was, now = past
    body: dict[str, Any] = {"seen": was.last_seen}
    if now is None:
        body["born"] = born.get(was.id, 0)
        now = ConfigurationItem(was.id, "", "", "live", -1, -1, {}, (), (), (), None)
        body["lifecycle"] = was.lifecycle
    for name in (*_SINGLE, "identifiers", "records", "realms"):
        value = getattr(was, name)
        if value != getattr(now, name):
            body[name] = value
    if was.facts != now.facts:
        moved = {name: fact for name, fact in was.facts.items() if now.facts.get(name) != fact}
        if moved:
            body["facts"] = {name: fact if fact.outvoted else fact[:2] for name, fact in moved.items()}
        if came := [name for name in now.facts if name not in was.facts]:
            body["came"] = came
    return body


def _record_body(past: PastRecord) -> dict[str, Any]:
    was, now, said = past
    body: dict[str, Any] = {}
    for name in ("cis", "ends", "parent", "gone", "misses"):
        value = getattr(was, name)
        if value != getattr(now, name):
            body[name] = value
    if said is not None:
        body["said"] = _said_body(*said)
    if said is not None or was.since != now.since:
        body["since"] = was.since
    return body


def _said_body(was: Observation, now: Observation) -> dict[str, Any]:
    """What a record said, as far as it differs from what it said next."""
    body: dict[str, Any] = {"at": (was.observed_at, was.read_at), "content": was.content}
    for name in ("ci_class", "name", "named", "identifiers", "claims", "within"):
        value = getattr(was, name)
        if value != getattr(now, name):
            body[name] = value
    before, after = dict(was.attributes), dict(now.attributes)
    if moved := {name: value for name, value in before.items() if name not in after or after[name] != value}:
        body["attributes"] = moved
    if came := [name for name in after if name not in before]:
        body["came"] = came
    return body


def said_before(now: Observation, body: Mapping[str, Any]) -> Observation:
    """What a record said before it said `now`."""
    observed_at, read_at = body["at"]
    moved = {name: body[name] for name in ("ci_class", "name", "named", "within") if name in body}
    if "identifiers" in body:
        moved["identifiers"] = tuple(Identifier(kind, value) for kind, value in body["identifiers"])
    if "claims" in body:
        moved["claims"] = tuple(Claim(*claim) for claim in body["claims"])
    if "attributes" in body or "came" in body:
        attributes = {name: value for name, value in now.attributes if name not in body.get("came", ())}
        attributes |= {name: _value(value) for name, value in body.get("attributes", {}).items()}
        moved["attributes"] = tuple(sorted(attributes.items()))
    return replace(now, observed_at=observed_at, read_at=read_at, content=body["content"], **moved)


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def said_row(said: Observation) -> list[Any]:
    """What a record said, without who said it."""
    return [
        said.ci_class, said.name, said.named, said.identifiers, said.attributes, said.claims, said.within,
        said.observed_at, said.read_at, said.content,
    ]  # fmt: skip


def read_said(row: Sequence[Any], source: str, realm: str, record: str) -> Observation:
    """The other way round."""
    ci_class, name, named, borne, attributes, claims, within, observed_at, read_at, content = row
    return Observation(
        source, realm, record, ci_class, name, named,
        tuple(Identifier(kind, value) for kind, value in borne),
        tuple((attribute, _value(value)) for attribute, value in attributes),
        tuple(Claim(*claim) for claim in claims),
        within, observed_at, read_at, content,
    )  # fmt: skip


# -- rebuilding ------------------------------------------------------------------------------------------------------


def ci_at(
    revision: int, id: str, now: ConfigurationItem | None, born: int, rows: Iterable[PastRow]
) -> ConfigurationItem | None:
    """A CI as it stood at a revision, None where it was not. `rows`: its own behind the revision, newest first.

    Its last contact is the latest that is known to lie before the next thing that moved.
    """
    standing, begun = now, born
    for row in rows:
        body = from_json(row.body)
        if "born" in body:
            standing, begun = _whole(id, body), body["born"]
        elif standing is not None:
            standing = _stepped_back(standing, body)
    return standing if begun <= revision else None


def born_before(row: PastRow) -> int:
    """When a CI had come to be that the row's revision took away; 0 where that only moved it."""
    return int(from_json(row.body).get("born", 0)) if '"born"' in row.body else 0


def _whole(id: str, body: Mapping[str, Any]) -> ConfigurationItem:
    nothing = ConfigurationItem(id, "", "", "live", -1, -1, {}, (), (), (), None)
    return _stepped_back(nothing, body)


def _stepped_back(standing: ConfigurationItem, body: Mapping[str, Any]) -> ConfigurationItem:
    moved: dict[str, Any] = {"last_seen": body["seen"], "due": None}
    for name in _SINGLE:
        if name in body:
            moved[name] = body[name]
    for name in ("records", "realms"):
        if name in body:
            moved[name] = tuple(body[name])
    if "identifiers" in body:
        moved["identifiers"] = tuple(HeldIdentifier(*held) for held in body["identifiers"])
    if "facts" in body or "came" in body:
        facts = {name: fact for name, fact in standing.facts.items() if name not in body.get("came", ())}
        facts |= decode_facts(to_json(body["facts"])) if "facts" in body else {}
        moved["facts"] = dict(sorted(facts.items()))
    return standing._replace(**moved)


def relation_at(revision: int, now: Relation | None, born: int, rows: Iterable[PastRow]) -> Relation | None:
    """A relation as it stood at a revision, None where it was not. `rows` as for `ci_at`."""
    standing, begun = now, born
    for row in rows:
        body = from_json(row.body)
        if len(body) > _IMAGE:
            begun = body[_IMAGE]
        if row.from_ci is not None and row.to_ci is not None:
            standing = _relation(row.id, row.from_ci, row.to_ci, body)
    return standing if begun <= revision else None


_IMAGE = 9
"""columns of a relation's image; one more where it is no more"""


def _relation(id: str, from_ci: str, to_ci: str, body: Sequence[Any]) -> Relation:
    witnesses, first_seen, requirements, effect, basis, strength, confidence, human, stale = body[:_IMAGE]
    return Relation(
        id, id.rpartition("-")[2], from_ci, to_ci, decode_witnesses(to_json(witnesses), first_seen), first_seen,
        decode_requirements(to_json(requirements)), effect, basis, strength, confidence, human, stale,
    )  # fmt: skip


def record_at(revision: int, now: Record, said: Observation, rows: Iterable[PastRow]) -> PastState | None:
    """A record as it stood at a revision, None where nobody had reported it; `said`: by its open sighting now."""
    if min(map(brought_in, now.versions)) > revision:
        return None
    state = PastState(said, now.cis, now.ends, now.parent, now.gone, now.misses, now)
    for row in rows:
        body = from_json(row.body)
        moved = {name: body[name] for name in ("parent", "gone", "misses") if name in body}
        moved |= {name: tuple(body[name]) for name in ("cis", "ends") if name in body}
        if "said" in body:
            moved["said"] = said_before(state.said, body["said"])
        state = state._replace(**moved)
    return state


def brought_in(version: Version) -> int:
    """The revision in which a version was first applied."""
    return version.applied // ORDINALS


def alias_at(now: str | None, rows: Iterable[PastRow]) -> str | None:
    """The CI that an absorbed id led to; `rows` as for `ci_at`."""
    leads = now
    for row in rows:
        leads = from_json(row.body)
    return leads
