"""What a person says of a CI: corrections, as sightings of the source `human`."""

from collections.abc import Mapping
from dataclasses import replace

from cmdb.errors import UnknownReference
from cmdb.graph_patch import DocumentWrite
from cmdb.observation import Observation, observation
from cmdb.reconciliation import reconcile
from cmdb.reference import record_key
from cmdb.sighting import Correction, Record
from cmdb.vocabulary import HUMAN
from discovery.run import Parts, context
from graph.store import WriteTransaction


def correct(
    parts: Parts,
    ci: str,
    attributes: Mapping[str, object],
    *,
    author: str,
    reason: str,
    expires_at: int | None = None,
    documents: tuple[DocumentWrite, ...] = (),
) -> int:
    """A person's word on attributes of a CI; the revision. It stands over every source until withdrawn or expired.

    One sighting an attribute, so that each can be withdrawn by itself. It goes with the record that the CI was first
    known by. Raises cmdb.errors.Invalid for attributes that a source could not say either, UnknownReference for no
    such CI.
    """

    def work(tx: WriteTransaction) -> int:
        anchor = _anchor(tx, ci)
        now = parts.now()
        said: dict[str, Observation] = {}
        for attribute, value in attributes.items():
            one = observation(
                parts.vocabulary,
                source=HUMAN,
                realm=anchor.realm,
                record=_correction_of(anchor, attribute),
                ci_class=_class_of(anchor),
                name=anchor.versions[-1].said.name,
                attributes={attribute: value},
                observed_at=now,
            )
            said[record_key(HUMAN, anchor.realm, one.record)] = one
        correction = Correction(anchor.key, author, reason, expires_at)
        outcome = reconcile(
            list(said.values()), tx, context(parts, None, None, tx), corrections=dict.fromkeys(said, correction)
        )
        return tx.apply(replace(outcome.patch, documents=outcome.patch.documents + documents))

    return parts.store.write(work)


def withdraw(parts: Parts, ci: str, attribute: str) -> int:
    """Take a correction back; the revision. Raises UnknownReference where nobody corrected the attribute."""

    def work(tx: WriteTransaction) -> int:
        anchor = _anchor(tx, ci)
        record = _correction_of(anchor, attribute)
        stored = tx.records([record_key(HUMAN, anchor.realm, record)])
        standing = next((found for found in stored.values() if not found.gone), None)
        if standing is None:
            raise UnknownReference(f"nobody corrected {attribute} of {ci}")
        now = parts.now()
        gone = observation(
            parts.vocabulary,
            source=HUMAN,
            realm=anchor.realm,
            record=record,
            ci_class="",
            observed_at=now,
            gone=True,
        )
        return tx.apply(reconcile([gone], tx, context(parts, None, None, tx)).patch)

    return parts.store.write(work)


def _anchor(tx: WriteTransaction, ci: str) -> Record:
    """The record that the CI was first known by."""
    bearers = tx.bearers([f"id|{ci}"], 1).get(f"id|{ci}", ())
    item = tx.items([bearers[0].ci]).get(bearers[0].ci) if bearers else None
    if item is None:
        raise UnknownReference(f"no CI {ci}")
    records = [record for record in tx.records(item.records).values() if record.correction is None]
    return min(records, key=lambda record: min(version.applied for version in record.versions))


def _correction_of(anchor: Record, attribute: str) -> str:
    return f"{attribute} of {anchor.source}:{anchor.record}"


def _class_of(anchor: Record) -> str:
    return anchor.versions[-1].said.ci_class
