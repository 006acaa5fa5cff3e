"""draw: to which CIs the claims of each record lead, and which relations follow."""

from collections.abc import Collection
from dataclasses import dataclass, field

from cmdb.draft import Draft
from cmdb.ends import Bearers, bearers_of
from cmdb.graph_patch import Waiting
from cmdb.lifecycle import witnesses
from cmdb.observation import Claim
from cmdb.past import PastRelation
from cmdb.relation import Relation, Witness, relation, relation_id
from cmdb.sighting import Record, Sighting, sightings_of

Triple = tuple[str, str, str]
"""type, from, to"""


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
    """Set the parent of each of these records that says `within`; the keys of those whose parent moved."""
    inside = {key: sighting.said for key in keys if (sighting := draft.open_sighting(key)).said.within is not None}
    bearers = bearers_of(draft, {said.within for said in inside.values() if said.within is not None})
    moved = set()
    for key, said in inside.items():
        record = draft.new[key]
        parent = bearers.meant(said.within, said.observed_at) if said.within is not None else None
        if parent != record.parent and (parent is None or parent not in record.cis):
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


def draw(draft: Draft, keys: Collection[str]) -> Drawn:
    """Relations and waiting claims of these records, against what the graph holds of them."""
    drawn = Drawn()
    before: dict[Triple, set[str]] = {}
    after: dict[Triple, list[tuple[Witness, int]]] = {}
    for key in sorted(keys):
        old, new = draft.old.get(key), draft.new[key]
        old_sighting = sightings_of(old, draft.vocabulary)[-1] if old else None
        if old is not None and old_sighting is not None:
            for triple, _ in _links(draft, old, old_sighting, before=True):
                before.setdefault(triple, set()).add(key)
        sighting = draft.open_sighting(key)
        for triple, claim in _links(draft, new, sighting, before=False):
            after.setdefault(triple, []).append((_witness(new, claim), sighting.said.observed_at))
        _wait(draft, old, old_sighting, new, sighting, drawn)
    _relate(draft, before, after, frozenset(keys), drawn)
    return drawn


def _links(draft: Draft, record: Record, sighting: Sighting, *, before: bool) -> list[tuple[Triple, Claim]]:
    """The relations that a record's claims assert, with the claim behind each."""
    if not _speaks(draft, record, sighting, before=before):
        return []
    own = record.ci
    return [
        ((claim.type, own, end) if claim.outgoing else (claim.type, end, own), claim)
        for claim, end in zip(sighting.said.claims, record.ends, strict=True)
        if end is not None and end != own
    ]


def _speaks(draft: Draft, record: Record, sighting: Sighting, *, before: bool) -> bool:
    item = draft.were.get(record.ci) if before else draft.items.get(record.ci)
    name = item.ci_class if item is not None else sighting.said.ci_class
    now = None if before else draft.context.now
    return witnesses(sighting, draft.vocabulary.classes[name], draft.vocabulary, now)


def _witness(record: Record, claim: Claim) -> Witness:
    return Witness(
        record.key,
        claim.reference,
        claim.group,
        claim.need,
        claim.effect,
        claim.strength,
        claim.basis,
        claim.confidence,
        record.correction is not None,
        record.misses > 0,
    )


def _wait(draft: Draft, old: Record | None, then: Sighting | None, new: Record, now: Sighting, drawn: Drawn) -> None:
    before = _waited_for(draft, old, then) if old is not None and then is not None else set()
    after = _waited_for(draft, new, now)
    drawn.waiting.extend(Waiting(key, new.key) for key in sorted(after - before))
    drawn.waiting_over.extend(Waiting(key, new.key) for key in sorted(before - after))


def _waited_for(draft: Draft, record: Record, sighting: Sighting) -> set[str]:
    """Lookup keys of everything that a record names and no single CI is."""
    if not sighting.is_open:
        return set()
    said = sighting.said
    keys = {
        draft.meaning(claim.reference)[1]
        for claim, end in zip(said.claims, record.ends, strict=True)
        if end is None
    }  # fmt: skip
    if said.within is not None and record.parent is None:
        keys.add(draft.meaning(said.within)[1])
    return keys


def _relate(
    draft: Draft,
    before: dict[Triple, set[str]],
    after: dict[Triple, list[tuple[Witness, int]]],
    redrawn: frozenset[str],
    drawn: Drawn,
) -> None:
    new_cis = draft.items.keys() - draft.were.keys()
    ids = {triple: relation_id(*triple) for triple in sorted(before.keys() | after.keys())}
    known = draft.around.relations(
        [id for (_, one, other), id in ids.items() if one not in new_cis and other not in new_cis]
    )
    for triple, id in ids.items():
        type_name, from_ci, to_ci = triple
        stored = known.get(id)
        kept = [witness for witness in stored.witnesses if witness.record not in redrawn] if stored else []
        fresh = after.get(triple, [])
        if not kept and not fresh:
            if stored is not None:
                drawn.relations_gone.append(id)
                drawn.past_relations.append(PastRelation(stored, gone=True))
            continue
        since = min([at for _, at in fresh] + ([stored.first_seen] if stored else []))
        drawn_anew = relation(
            draft.vocabulary.relation_types[type_name],
            from_ci,
            to_ci,
            [*kept, *(witness for witness, _ in fresh)],
            since,
        )
        if stored is None:
            drawn.new_relations.add(id)
            drawn.relations.append(drawn_anew)
        elif drawn_anew != stored:
            drawn.relations.append(drawn_anew)
            drawn.past_relations.append(PastRelation(stored, gone=False))
