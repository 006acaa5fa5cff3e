"""draw: to which CIs the claims of each record lead, and which relations follow."""

from collections.abc import Collection, Iterator, Set
from dataclasses import dataclass, field

from cmdb.draft import Draft
from cmdb.ends import Bearers, bearers_of
from cmdb.first_said import key_of, spans_of
from cmdb.graph_patch import Waiting
from cmdb.lifecycle import witnesses
from cmdb.observation import Claim
from cmdb.past import PastRelation
from cmdb.relation import Relation, Witness, relation, relation_id
from cmdb.sighting import Record, Sighting


@dataclass(slots=True)
class Drawn:
    """What the claims came to."""

    relations: list[Relation] = field(default_factory=list)
    new_relations: set[str] = field(default_factory=set)
    relations_gone: list[str] = field(default_factory=list)
    past_relations: list[PastRelation] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    waiting_over: list[Waiting] = field(default_factory=list)


def find_parents(draft: Draft, keys: Collection[str]) -> set[str]:
    """Set the parent of each of these records to what it says it is `within`; the keys of those whose parent moved."""
    saids = {key: draft.open_sighting(key).said for key in keys}
    bearers = bearers_of(draft, {said.within for said in saids.values() if said.within is not None})
    moved = set()
    for key, said in saids.items():
        record = draft.new[key]
        # Nothing is within itself, and what is settled only now must not count differently than it will.
        parent = bearers.meant(said.within, said.observed_at, record.cis) if said.within is not None else None
        if parent != record.parent:
            draft.new[key] = record._replace(parent=parent)
            moved.add(key)
    return moved


def tie_ends(draft: Draft, keys: Collection[str]) -> Bearers:
    """Set the ends of every claim of these records."""
    claims = {key: draft.open_sighting(key).said for key in keys}
    bearers = bearers_of(draft, {claim.reference for said in claims.values() for claim in said.claims})
    for key, said in claims.items():
        ends = tuple(bearers.meant(claim.reference, said.observed_at) for claim in said.claims)
        record = draft.new[key]
        if record.ends != ends:
            draft.new[key] = record._replace(ends=ends)
    return bearers


def draw(draft: Draft, keys: Collection[str], bearers: Bearers) -> Drawn:
    """Relations and waiting claims of these records, against what the graph holds of them; in the order of id."""
    drawn = Drawn()
    before: set[str] = set()
    after: dict[str, Relation] = {}
    for key in sorted(keys):
        old, new = draft.old.get(key), draft.new[key]
        then = draft.sightings_before(key)[-1] if old is not None else None
        now = draft.open_sighting(key)
        if old is not None and then is not None and _speaks(draft, old, then, before=True):
            before.update(relation_id(*link[:3]) for link in _links(old, then))
        if new.ends and _speaks(draft, new, now, before=False):
            _assert(draft, new, now, bearers, after)
        _wait(draft, old, then, new, now, drawn)
    _relate(draft, before, after, frozenset(keys), drawn)
    return drawn


def _links(record: Record, sighting: Sighting) -> Iterator[tuple[str, str, str, Claim]]:
    """Type, from and to of the relations that a record's claims assert, with the claim behind each."""
    own = record.ci
    for claim, end in zip(sighting.said.claims, record.ends, strict=True):
        if end is not None and end != own:
            yield (claim.type, own, end, claim) if claim.outgoing else (claim.type, end, own, claim)


def _speaks(draft: Draft, record: Record, sighting: Sighting, *, before: bool) -> bool:
    item = draft.were.get(record.ci) if before else draft.items.get(record.ci)
    name = item.ci_class if item is not None else sighting.said.ci_class
    now = None if before else draft.context.now
    return witnesses(sighting, draft.vocabulary.classes[name], draft.vocabulary, now)


def _assert(draft: Draft, record: Record, sighting: Sighting, bearers: Bearers, after: dict[str, Relation]) -> None:
    """Add what a record says of relations to what the others say."""
    key, human, missed = record.key, record.correction is not None, record.misses > 0
    types = draft.vocabulary.relation_types
    spans = spans_of(sighting.claimed, sighting.said, sighting.first)
    for type_name, from_ci, to_ci, claim in _links(record, sighting):
        _, _, reference, group, need, effect, strength, basis, confidence = claim
        other = to_ci if claim.outgoing else from_ci
        since = max(spans[key_of(claim)].first, bearers.borne_since(reference, other))
        witness = Witness(key, reference, group, need, effect, strength, basis, confidence, human, missed, since)
        known = after.get(relation_id(type_name, from_ci, to_ci))
        together = (witness,) if known is None else (*known.witnesses, witness)
        said = relation(types[type_name], from_ci, to_ci, together)
        after[said.id] = said


def _wait(draft: Draft, old: Record | None, then: Sighting | None, new: Record, now: Sighting, drawn: Drawn) -> None:
    before = _waited_for(draft, old, then) if old is not None and then is not None else _NOTHING
    after = _waited_for(draft, new, now)
    if before != after:
        drawn.waiting.extend(Waiting(key, new.key) for key in sorted(after - before))
        drawn.waiting_over.extend(Waiting(key, new.key) for key in sorted(before - after))


def _waited_for(draft: Draft, record: Record, sighting: Sighting) -> Set[str]:
    """Lookup keys of everything that a record names and no single CI is, or its own: another may come to bear them."""
    said = sighting.said
    adrift = said.within is not None and record.parent is None
    if not (adrift or None in record.ends or record.ci in record.ends) or not sighting.is_open:
        return _NOTHING
    keys = {
        draft.meanings[claim.reference].key
        for claim, end in zip(said.claims, record.ends, strict=True)
        if end is None or end == record.ci
    }
    if said.within is not None and adrift:
        keys.add(draft.meanings[said.within].key)
    return keys


_NOTHING: frozenset[str] = frozenset()


def _relate(draft: Draft, before: set[str], after: dict[str, Relation], redrawn: frozenset[str], drawn: Drawn) -> None:
    new_cis = draft.items.keys() - draft.were.keys()
    old = [id_ for id_, said in after.items() if said.from_ci not in new_cis and said.to_ci not in new_cis]
    known = draft.around.relations(sorted(before.union(old)))
    for id_ in sorted(after.keys() | before):
        said, stored = after.get(id_), known.get(id_)
        if stored is None:
            if said is not None:
                drawn.new_relations.add(id_)
                drawn.relations.append(said)
            continue
        kept = [witness for witness in stored.witnesses if witness.record not in redrawn]
        fresh = said.witnesses if said is not None else ()
        if not kept and not fresh:
            drawn.relations_gone.append(id_)
            drawn.past_relations.append(PastRelation(stored, gone=True))
            continue
        declared = draft.vocabulary.relation_types[stored.type]
        now = relation(declared, stored.from_ci, stored.to_ci, (*kept, *fresh))
        if now != stored:
            drawn.relations.append(now)
            drawn.past_relations.append(PastRelation(stored, gone=False))
