"""What people decide about identity: these are one, these are not; and how it is taken back."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Literal, NamedTuple, TypeVar

from cmdb.asking import REVIEWS
from cmdb.configuration_item import ConfigurationItem
from cmdb.decision import Pair, Ruling, contradicted
from cmdb.errors import Contradiction, Invalid, UnknownReference
from cmdb.graph_patch import DocumentWrite
from cmdb.reconciliation import Outcome, reconcile_rulings
from cmdb.reference import record_key
from cmdb.uncollected import uncollected
from discovery.members import ci_of_id, reported_of
from discovery.run import Parts, context
from graph.store import WriteTransaction

DECISIONS = "decision"
"""ledger kind"""
MOST_PAIRS = 20_000
"""pairs of sightings that one decision may speak of"""

Kind = Literal["merge", "split", "review"]
Answer = TypeVar("Answer")


class Decided(NamedTuple):
    """What came of a decision."""

    id: str
    ci: str
    """the CI that was kept, or that was split off"""
    revision: int


Also = Callable[[Decided], tuple[DocumentWrite, ...]]
"""documents to write with a decision"""


class _Member(NamedTuple):
    """A sighting of a CI."""

    brought: str
    record_key: str


@dataclass(frozen=True, slots=True)
class _Person:
    """Who decides what kind of thing, and why."""

    kind: Kind
    author: str
    reason: str
    keep: str | None = None


def merge(parts: Parts, keep: str, absorb: str, *, author: str, reason: str, also: Also = lambda done: ()) -> Decided:
    """These two CIs (by id) are one, which bears the id of `keep`.

    `also`: documents to write with it. Raises Invalid for what can never be one,
    UnknownReference for no such CI, Contradiction where people decided otherwise.
    """

    def work(tx: WriteTransaction) -> Decided:
        one, other = ci_of_id(tx, keep), ci_of_id(tx, absorb)
        return _unite(parts, tx, one, other, _Person("merge", author, reason, keep=one.id), also, {})

    return _written(parts, work)


def split(
    parts: Parts,
    ci: str,
    records: Sequence[tuple[str, str, str]],
    *,
    author: str,
    reason: str,
    also: Also = lambda done: (),
) -> Decided:
    """These records (source, realm, record) of a CI are one other thing. Raises as `merge` does."""

    def work(tx: WriteTransaction) -> Decided:
        item = ci_of_id(tx, ci)
        members = _members(parts, tx, item)
        named = {record_key(*record) for record in records}
        if strangers := named - {member.record_key for member in members}:
            raise Invalid(f"{min(strangers)} is no record of {item.name}")
        leaving = [member for member in members if member.record_key in named]
        staying = [member for member in members if member.record_key not in named]
        if not leaving or not staying:
            raise Invalid("a split needs a record that leaves and one that stays")
        pairs = [*_apart(leaving, staying), *_one(leaving)]
        decided, outcome = _rule(
            parts, tx, pairs, [*leaving, *staying], _Person("split", author, reason), {"of": item.id}
        )
        new = _ci_after(outcome, leaving[0], item.id)
        done = Decided(decided.id, new, tx.revision)
        tx.apply(replace(outcome.patch, documents=outcome.patch.documents + decided.documents + also(done)))
        return done

    return _written(parts, work)


def decide_review(
    parts: Parts,
    review: str,
    decision: Literal["merge", "keep_apart"],
    *,
    author: str,
    reason: str,
    also: Also = lambda done: (),
) -> Decided:
    """A person's answer to an open review. Raises as `merge` does."""

    def work(tx: WriteTransaction) -> Decided:
        document = tx.document(REVIEWS, review)
        if document is None:
            raise UnknownReference(f"no review {review}")
        if document.body["state"] != "open":
            raise Contradiction(
                f"the review is {document.body['state']}", tuple(filter(None, [document.body.get("decision")]))
            )
        one, other = ci_of_id(tx, document.body["a"]), ci_of_id(tx, document.body["b"])
        if one.id == other.id:
            raise Contradiction("both are one CI by now", ())
        person = _Person("review", author, reason)

        def with_review(done: Decided) -> tuple[DocumentWrite, ...]:
            answered = {**document.body, "state": "decided", "decision": done.id, "answer": decision}
            return (DocumentWrite(REVIEWS, review, answered), *also(done))

        if decision == "merge":
            return _unite(parts, tx, one, other, person, with_review, {"review": review})
        mine, theirs = _members(parts, tx, one), _members(parts, tx, other)
        decided, outcome = _rule(parts, tx, _apart(mine, theirs), [*mine, *theirs], person, {"review": review})
        done = Decided(decided.id, one.id, tx.revision)
        documents = outcome.patch.documents + decided.documents + with_review(done)
        tx.apply(replace(outcome.patch, documents=documents))
        return done

    return _written(parts, work)


def undo(parts: Parts, decision: str, kinds: Collection[Kind], *, author: str) -> int:
    """Take a decision of these kinds back; the revision. Raises UnknownReference where none stands under this id."""

    def work(tx: WriteTransaction) -> int:
        document = tx.document(DECISIONS, decision)
        if document is None or document.body["kind"] not in kinds:
            raise UnknownReference(f"no decision {decision}")
        if document.body["withdrawn_at"] is not None:
            raise UnknownReference(f"decision {decision} has been taken back already")
        records = tx.records(document.body["records"])
        ruled = {
            key: tuple(ruling for ruling in record.rulings if ruling.decision != decision)
            for key, record in records.items()
        }
        outcome = reconcile_rulings(ruled, tx, context(parts, None, None, tx))
        withdrawn = {**document.body, "withdrawn_at": parts.now(), "withdrawn_by": author}
        documents = (*outcome.patch.documents, DocumentWrite(DECISIONS, decision, withdrawn))
        return tx.apply(replace(outcome.patch, documents=documents))

    return _written(parts, work)


def _written(parts: Parts, work: Callable[[WriteTransaction], Answer]) -> Answer:
    with uncollected():
        return parts.store.write(work)


@dataclass(frozen=True, slots=True)
class _Ruled:
    id: str
    documents: tuple[DocumentWrite, ...]


def _unite(
    parts: Parts,
    tx: WriteTransaction,
    one: ConfigurationItem,
    other: ConfigurationItem,
    person: _Person,
    also: Also,
    more: Mapping[str, Any],
) -> Decided:
    if one.id == other.id:
        raise Invalid(f"{one.name} is one CI already")
    classes = parts.vocabulary.classes
    if classes[one.ci_class].family != classes[other.ci_class].family:
        raise Invalid(f"{one.ci_class} and {other.ci_class} are two kinds of thing and never one CI")
    members = [*_members(parts, tx, one), *_members(parts, tx, other)]
    said = {"keep": one.id, "absorb": other.id, **more}
    decided, outcome = _rule(parts, tx, _one(members), members, person, said)
    ci = _ci_after(outcome, members[0], one.id)
    done = Decided(decided.id, ci, tx.revision)
    tx.apply(replace(outcome.patch, documents=outcome.patch.documents + decided.documents + also(done)))
    return done


def _rule(
    parts: Parts,
    tx: WriteTransaction,
    pairs: Sequence[Pair],
    members: Sequence[_Member],
    person: _Person,
    said: Mapping[str, Any],
) -> tuple[_Ruled, Outcome]:
    """The decision as it is kept, and what the graph becomes by it."""
    if len(pairs) > MOST_PAIRS:
        raise Invalid(f"too many records on both sides: one decision speaks of at most {MOST_PAIRS} pairs")
    records = tx.records(sorted({member.record_key for member in members}))
    standing = {ruling for record in records.values() for ruling in record.rulings}
    if broken := contradicted(pairs, standing):
        raise Contradiction(f"people decided otherwise: take back {', '.join(broken)} first", broken)
    decision, now = parts.new_id(), parts.now()
    place = {member.brought: member.record_key for member in members}
    ruled: dict[str, set[Ruling]] = {}
    for pair in pairs:
        ruling = Ruling(decision, pair.a, pair.b, pair.verdict, person.keep, now)
        ruled.setdefault(place[pair.a], set()).add(ruling)
        ruled.setdefault(place[pair.b], set()).add(ruling)
    outcome = reconcile_rulings(
        {key: _ordered({*records[key].rulings, *rulings}) for key, rulings in ruled.items()},
        tx,
        context(parts, None, None, tx),
    )
    body = {
        "id": decision, "kind": person.kind, "author": person.author, "reason": person.reason, "decided_at": now,
        "records": sorted(ruled), "withdrawn_at": None, **said,
    }  # fmt: skip
    return _Ruled(decision, (DocumentWrite(DECISIONS, decision, body, expected=None),)), outcome


def _ordered(rulings: Iterable[Ruling]) -> tuple[Ruling, ...]:
    return tuple(sorted(rulings, key=lambda ruling: (ruling.decided_at, ruling.decision, ruling.a, ruling.b)))


def _one(members: Sequence[_Member]) -> list[Pair]:
    first = members[0]
    return [Pair(first.brought, other.brought, "one") for other in members[1:]]


def _apart(some: Sequence[_Member], others: Sequence[_Member]) -> list[Pair]:
    return [Pair(one.brought, other.brought, "apart") for one, other in product(some, others)]


def _members(parts: Parts, tx: WriteTransaction, item: ConfigurationItem) -> list[_Member]:
    reported = reported_of(tx, item, parts.vocabulary)
    return [_Member(sighting.brought, sighting.record_key) for sighting in reported]


def _ci_after(outcome: Outcome, member: _Member, before: str) -> str:
    for write in outcome.patch.records:
        if write.record.key == member.record_key:
            return write.record.ci
    return before
