"""How CIs, history and runs look to a client: the field names of the contract."""

from typing import Any

from cmdb.ci_class import CIClass
from cmdb.configuration_item import Fact
from cmdb.observation import spelled_need
from cmdb.relation import Relation
from cmdb.relation_type import RelationType
from cmdb.time import to_rfc3339
from discovery.hiding import secret_fields
from discovery.run import BatchResult
from discovery.run_report import RunReport
from discovery.source import Source
from graph.store import FoundCI, ItemView, PastEvent, RecordPlace, RecordTimes


def found_ci(found: FoundCI) -> dict[str, Any]:
    """One line of a search."""
    return {
        "id": found.id,
        "class": found.ci_class,
        "name": found.name,
        "lifecycle": found.lifecycle,
        "environment": found.environment,
        "tier": found.tier,
        "owner": found.owner,
        "last_seen": to_rfc3339(found.last_seen),
    }


def whole_ci(view: ItemView, hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A CI with everything that stands around it; of relations to `hidden` CIs only how many there are."""
    ci = view.ci
    relations = [relation for relation in view.relations if not hidden & {relation.from_ci, relation.to_ci}]
    return {
        "id": ci.id,
        "class": ci.ci_class,
        "name": ci.name,
        "lifecycle": ci.lifecycle,
        "lifecycle_because": ci.because,
        "status": ci.text("status"),
        "contradiction": ci.contradiction,
        "environment": ci.text("environment"),
        "tier": ci.whole_number("tier"),
        "owner": ci.text("owner"),
        "within": ci.parent,
        "realms": ci.realms,
        "first_seen": to_rfc3339(ci.first_seen),
        "last_seen": to_rfc3339(ci.last_seen),
        "identifiers": [
            {"kind": held.kind, "value": held.value, "realm": held.realm or None, "weight": held.weight}
            for held in ci.identifiers
        ],
        "facts": {name: _fact(fact, view) for name, fact in sorted(ci.facts.items())},
        "relations": [_relation(relation, view) for relation in relations],
        **({"relations_not_visible": len(view.relations) - len(relations)} if hidden else {}),
        "records": [_place(view.records[key]) for key in ci.records if key in view.records],
        "revision": view.revision,
    }


def _fact(fact: Fact, view: ItemView) -> dict[str, Any]:
    return {
        "value": fact.value,
        **_said_by(fact.record, view),
        "outvoted": [{"value": other.value, **_said_by(other.record, view)} for other in fact.outvoted],
    }


def _said_by(record: str, view: ItemView) -> dict[str, Any]:
    times = view.records.get(record)
    if times is None:
        return {"source": None, "observed_at": None}
    return {"source": times.source, "observed_at": to_rfc3339(times.observed_at)}


def _relation(relation: Relation, view: ItemView) -> dict[str, Any]:
    outgoing = relation.from_ci == view.ci.id
    other = relation.to_ci if outgoing else relation.from_ci
    seen = [view.records[w.record] for w in relation.witnesses if w.record in view.records]
    return {
        "id": relation.id,
        "type": relation.type,
        "direction": "out" if outgoing else "in",
        "ci": other,
        "name": view.neighbours.get(other),
        "group": relation.group,
        "need": spelled_need(relation.need),
        "requirements": [
            {"group": requirement.group, "need": spelled_need(requirement.need)}
            for requirement in relation.requirements
        ],
        "effect": relation.effect,
        "basis": relation.basis,
        "strength": relation.strength,
        "confidence": relation.confidence,
        "stale": relation.stale,
        "witnesses": [
            {**_place(view.records[w.record]), "basis": w.basis, "stale": w.missed}
            for w in relation.witnesses
            if w.record in view.records
        ],
        "first_seen": to_rfc3339(relation.first_seen),
        "last_seen": to_rfc3339(max((times.last for times in seen), default=relation.first_seen)),
    }


def _place(times: RecordTimes) -> dict[str, Any]:
    return {"source": times.source, "realm": times.realm, "record": times.record}


def record_place(place: RecordPlace) -> dict[str, Any]:
    """Which CI a record belongs to."""
    return place._asdict()


def past_event(event: PastEvent) -> dict[str, Any]:
    """One event of history."""
    return {
        **event._asdict(),
        "observed_at": to_rfc3339(event.observed_at),
        "recorded_at": to_rfc3339(event.recorded_at),
        "source": event.source or None,
        "record": event.record or None,
    }


def batch(result: BatchResult) -> dict[str, Any]:
    """The answer to one batch of observations."""
    return {
        "received": result.received,
        "accepted": result.accepted,
        "rejected": [{"line": line.line, "reason": line.reason} for line in result.rejected],
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "reviews": result.reviews,
        "revision": result.revision,
    }


def run(report: RunReport) -> dict[str, Any]:
    """A run's report."""
    return {
        "run_id": report.run_id,
        "source": report.source,
        "realm": report.realm,
        "scope": report.scope,
        "full": report.full,
        "status": report.status,
        "scopes": [
            {"scope": scope.scope, "complete": scope.complete, "reason": scope.reason, "delta": scope.delta}
            for scope in report.scopes
        ],
        "counts": {
            "seen": report.seen,
            "accepted": report.accepted,
            "written": report.created + report.updated,
            "created": report.created,
            "updated": report.updated,
            "unchanged": report.unchanged,
            "rejected": report.rejected,
            "reviews": report.reviews,
            "unresolved": report.unresolved,
            "missed": report.missed,
            "missing": report.gone_missing,
            "retired": report.retired,
        },
        "rejected": [{"line": line, "reason": reason} for line, reason in report.reasons],
        "errors": list(report.errors),
        "notes": list(report.notes),
        "held_because": report.held_because,
        "opened_at": to_rfc3339(report.opened_at),
        "ended_at": None if report.ended_at is None else to_rfc3339(report.ended_at),
        "progress": report.progress,
        "instance": report.instance,
        "schedule": report.schedule,
        "attempt": report.attempt,
        "revision": report.revision,
    }


def ci_class(declared: CIClass) -> dict[str, Any]:
    """A class as it is declared."""
    return {
        "name": declared.name,
        "area": declared.area,
        "family": declared.family,
        "description": declared.description,
        "named": declared.named,
        "attributes": [
            {"name": name, "type": attribute.type, "description": attribute.description, "watched": attribute.watched}
            for name, attribute in declared.attributes.items()
        ],
    }


def source(declared: Source) -> dict[str, Any]:
    """A source as it is declared, with what it can be told: `schema` is JSON Schema, secrets are marked in it."""
    schema, secrets = declared.settings.model_json_schema(), secret_fields(declared.settings)
    for name in secrets:
        schema["properties"][name] |= {"secret": True, "writeOnly": True}
    return {
        "name": declared.name,
        "description": declared.description,
        "settings": schema["properties"],
        "schema": schema,
        "secrets": list(secrets),
        "can_check": declared.check is not None,
    }


def relation_type(declared: RelationType) -> dict[str, Any]:
    """A relation type as it is declared."""
    return {
        "name": declared.name,
        "description": declared.description,
        "effect": declared.effect,
        "effect_if_observed": declared.effect_if_observed or declared.effect,
        "strength": declared.strength,
        "link": declared.link,
    }
