"""What a person says of a CI: corrections, as sightings of the source `human`."""

from collections.abc import Mapping
from dataclasses import replace

from cmdb.errors import Invalid, UnknownReference
from cmdb.graph_patch import DocumentWrite
from cmdb.observation import Observation, observation
from cmdb.reconciliation import reconcile
from cmdb.reference import record_key
from cmdb.sighting import Correction, Record
from cmdb.vocabulary import HUMAN
from discovery.members import ci_of_id, reported_of
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
        anchor = _anchor(parts, tx, ci)
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
        standing = [
            record
            for record in tx.records(ci_of_id(tx, ci).records).values()
            if record.correction is not None and not record.gone and _corrects(record, attribute)
        ]
        if not standing:
            raise UnknownReference(f"nobody corrected {attribute} of {ci}")
        now = parts.now()
        gone = [
            observation(
                parts.vocabulary,
                source=HUMAN,
                realm=record.realm,
                record=record.record,
                ci_class="",
                observed_at=now,
                gone=True,
            )
            for record in standing
        ]
        return tx.apply(reconcile(gone, tx, context(parts, None, None, tx)).patch)

    return parts.store.write(work)


def _corrects(record: Record, attribute: str) -> bool:
    return any(name == attribute for name, _ in record.versions[-1].said.attributes)


def _anchor(parts: Parts, tx: WriteTransaction, ci: str) -> Record:
    """The record that the CI was first known by, among those that still speak of it.

    Raises UnknownReference for no such CI, Invalid where every record of it has passed to something else.
    """
    item = ci_of_id(tx, ci)
    open_ones = [sighting for sighting in reported_of(tx, item, parts.vocabulary) if not sighting.closed]
    if not open_ones:
        raise Invalid(f"every record of {item.name} speaks of something else by now: there is nothing to correct")
    key = open_ones[0].record_key
    return tx.records([key])[key]


def _correction_of(anchor: Record, attribute: str) -> str:
    return f"{attribute} of {anchor.source}:{anchor.record}"


def _class_of(anchor: Record) -> str:
    return anchor.versions[-1].said.ci_class
