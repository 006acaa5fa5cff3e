"""reconcile: observations in, one patch out; the graph is asked for what surrounds them and never written here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmdb.asking import review_documents
from cmdb.decision import Ruling
from cmdb.difference import events_of, lifecycle_events
from cmdb.draft import Context, Draft, keys_of, united
from cmdb.drawing import Drawn, draw, find_parents, tie_ends
from cmdb.graph_patch import EventGroup, GraphPatch, RecordWrite, Touch
from cmdb.holders import follow_holders
from cmdb.lifecycle import has_expired
from cmdb.moved import displaced_children, load_claimants, moved_keys
from cmdb.observation import Observation
from cmdb.past import Past, open_said, past_aliases, past_cis, past_records
from cmdb.quietness import quieten
from cmdb.reference import record_key
from cmdb.sayings import told
from cmdb.settling import settle
from cmdb.sighting import Correction, Record, heard
from cmdb.surroundings import Brief, Surroundings

ORDINALS = 1 << 24
"""versions that one revision can bring"""
DEEPEST = 16
"""things within things within things"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The patch, and what became of each observation: `created`, `updated` or `unchanged`."""

    patch: GraphPatch
    fates: tuple[str, ...]
    reviews: int = 0
    unresolved: int = 0
    """claims of this batch whose other end fits no CI, or several"""
    gone_missing: int = 0
    retired: int = 0


def reconcile(
    batch: Sequence[Observation],
    around: Surroundings,
    context: Context,
    *,
    corrections: Mapping[str, Correction] | None = None,
    also_seen: Collection[str] = (),
) -> Outcome:
    """What the graph becomes by these observations.

    `corrections`: record key → who corrects what, for a person's. `also_seen`: keys of records that were reported in
    a way that could not be understood: they are not missed, and nothing else of them moves.
    """
    keys = [record_key(said.source, said.realm, said.record) for said in batch]
    by_key: dict[str, list[Observation]] = {}
    for key, said in zip(keys, batch, strict=True):
        by_key.setdefault(key, []).append(said)
    briefs = around.briefs(sorted(by_key))
    touches = {
        key: touch
        for key, brief in briefs.items()
        if (touch := _only_times_move(brief, by_key[key], context.scope)) is not None
    }
    draft = Draft(around, context, repeated={key: by_key[key] for key in touches})
    spoken = {key: saids for key, saids in by_key.items() if key not in touches}
    _hear(draft, spoken, briefs.keys(), corrections or {})
    drawn = _work_out(draft, set(spoken) & draft.new.keys())
    for key, record in around.records(sorted(set(also_seen) - by_key.keys() - draft.new.keys())).items():
        draft.old[key], draft.new[key] = record, record._replace(heard=around.revision)
    patch = _patch(draft, drawn, tuple(touches[key] for key in sorted(draft.repeated)))
    return _outcome(draft, patch, keys, batch, frozenset(spoken))


def reconcile_absence(
    missed: Collection[str],
    around: Surroundings,
    context: Context,
    *,
    heard_until: int,
) -> Outcome:
    """What the graph becomes when a complete run did not find these records.

    Records heard in a later revision than `heard_until` were reported since the run was opened, and are not missed.
    """
    draft = Draft(around, context)
    draft.load(around.records(sorted(missed)))
    for key, record in list(draft.new.items()):
        if record.heard > heard_until or record.gone:
            del draft.new[key], draft.old[key]
            continue
        draft.new[key] = record._replace(misses=record.misses + 1, quiet_until=0)
    drawn = _work_out(draft, set(draft.new))
    patch = _patch(draft, drawn, ())
    return _outcome(draft, patch, [], [], frozenset())


def reconcile_rulings(ruled: Mapping[str, tuple[Ruling, ...]], around: Surroundings, context: Context) -> Outcome:
    """What the graph becomes when people's rulings on these records are these and no others."""
    draft = Draft(around, context)
    draft.load(around.records(sorted(ruled)))
    for key, rulings in ruled.items():
        draft.new[key] = draft.new[key]._replace(rulings=rulings, quiet_until=0)
    drawn = _work_out(draft, set(ruled))
    return _outcome(draft, _patch(draft, drawn, ()), [], [], frozenset())


def reconcile_due(cis: Collection[str], around: Surroundings, context: Context) -> Outcome:
    """What the graph becomes by the passing of time alone, of CIs whose `due` has come (or whose rules have moved)."""
    draft = Draft(around, context)
    draft.load(around.records(sorted({key for item in around.items(cis).values() for key in item.records})))
    drawn = _work_out(draft, (), cis)
    return _outcome(draft, _patch(draft, drawn, ()), [], [], frozenset())


def _only_times_move(brief: Brief, saids: Sequence[Observation], scope: str | None) -> Touch | None:
    """The touch that these observations amount to, None where more than times may move."""
    key, content, quiet_until, ci, _, first, last, observed_at, read_at = brief
    if not quiet_until:
        return None
    for said in saids:
        if said.gone or said.content != content or said.observed_at < observed_at:
            return None
        last = max(last, said.observed_at)
    latest = saids[0] if len(saids) == 1 else max(saids, key=lambda said: (said.read_at, said.observed_at))
    if last > quiet_until or latest.observed_at < last or latest.read_at < read_at:
        return None
    return Touch(key, ci, first, last, latest.observed_at, latest.read_at, scope)


def _hear(
    draft: Draft,
    spoken: dict[str, list[Observation]],
    known: Collection[str],
    corrections: Mapping[str, Correction],
) -> None:
    """Take every observation into its record."""
    context = draft.context
    draft.load(draft.around.records(sorted(key for key in spoken if key in known)))
    revision = draft.around.revision
    ordinal = revision * ORDINALS
    for key, saids in spoken.items():
        record: Record | None = draft.new.get(key)
        for said in saids:
            if said.gone and record is None:
                continue
            ordinal += 1
            brought = context.new_id() if _may_bring(record, said) else ""
            record = heard(record, said, context.vocabulary, brought=brought, applied=ordinal, heard_in=revision)
        if record is not None:
            scope = record.scope if context.scope is None else context.scope
            correction = corrections.get(key, record.correction)
            heard_so_far = told(draft.old.get(key), saids, record, context.vocabulary)
            draft.sayings.extend(heard_so_far.late)
            draft.new[key] = record._replace(
                scope=scope, correction=correction, quiet_until=0, since=heard_so_far.since
            )


def _may_bring(record: Record | None, said: Observation) -> bool:
    """Whether the observation may begin a new version, which brings an id."""
    if said.gone:
        return False
    return record is None or len(record.versions) != 1 or record.versions[0].said.identifiers != said.identifiers


def _work_out(draft: Draft, spoken: Collection[str], cis: Collection[str] = ()) -> Drawn:
    """Decide places, parents and ends until nothing moves any more; the relations that follow."""
    inside = {
        key
        for key in spoken
        if draft.new[key].parent is not None or open_said(draft.new[key], draft.vocabulary).within is not None
    }
    settle(draft, set(spoken) - inside, cis)
    unplaced = inside
    claimants: set[str] = set()
    for _ in range(DEEPEST):
        find_parents(draft, unplaced)
        if unplaced:
            settle(draft, unplaced)
        follow_holders(draft)
        claimants = load_claimants(draft, moved_keys(draft))
        concerned = inside | displaced_children(draft) | claimants
        unplaced = find_parents(draft, concerned) | (draft.drawn_in - draft.settled)
        if not unplaced:
            break
    dirty = {key for key in draft.new if key in claimants or _claims_moved(draft, key)}
    return draw(draft, dirty, tie_ends(draft, dirty))


def _claims_moved(draft: Draft, key: str) -> bool:
    """Whether what a record says of relations, or whether it still says it, may have moved."""
    old, new = draft.old.get(key), draft.new[key]
    return (
        old is None
        or old.versions is not new.versions
        or old.cis != new.cis
        or old.parent != new.parent
        or old.gone != new.gone
        or old.misses != new.misses
        or len(old.ends) != len(new.ends)
        or (new.correction is not None and has_expired(draft.open_sighting(key), draft.context.now))
    )


def _patch(draft: Draft, drawn: Drawn, touches: tuple[Touch, ...]) -> GraphPatch:
    quieten(draft)
    changed = [key for key in sorted(draft.new) if draft.new[key] != draft.old.get(key)]
    items, were = draft.items, draft.were
    events: list[EventGroup] = []
    for key in changed:
        if draft.is_settled(key) or draft.new[key].ends != draft.old[key].ends:
            events.extend(events_of(draft, key))
    events.extend(lifecycle_events(draft))
    aliases, over = _aliases(draft)
    past = tuple(past_records(draft.old, draft.new, changed, draft.vocabulary))
    return GraphPatch(
        recorded_at=draft.context.now,
        run=draft.context.run,
        records=tuple(_record_write(draft, key) for key in changed),
        touches=touches,
        cis=tuple(items[ci] for ci in sorted(items) if items[ci] != were.get(ci)),
        new_cis=frozenset(items.keys() - were.keys()),
        cis_gone=tuple(sorted(were.keys() - items.keys())),
        relations=tuple(drawn.relations),
        new_relations=frozenset(drawn.new_relations),
        relations_gone=tuple(drawn.relations_gone),
        waiting=tuple(drawn.waiting),
        waiting_over=tuple(drawn.waiting_over),
        aliases=aliases,
        aliases_over=over,
        events=tuple(events),
        documents=tuple(review_documents(draft)),
        past=Past(
            tuple(past_cis(were, items)),
            tuple(drawn.past_relations),
            past,
            tuple(past_aliases(past, draft.vocabulary)),
            tuple(draft.sayings),
        ),
    )


def _record_write(draft: Draft, key: str) -> RecordWrite:
    record = draft.new[key]
    old = draft.old.get(key)
    held = draft.keys.get(key)
    if held is None:
        held = keys_of(record, draft.sightings_now(key), draft.borne)
    spelled = tuple([tuple(sorted(keys)) for keys in held])
    now = united(held)
    said = draft.open_sighting(key).said if len(record.versions) > 1 else None
    if old is None:
        return RecordWrite(record, True, spelled, spelled[0] if len(spelled) == 1 else tuple(sorted(now)), (), said)
    before = united(draft.around.kept_keys(key))
    return RecordWrite(record, False, spelled, tuple(sorted(now - before)), tuple(sorted(before - now)), said)


def _aliases(draft: Draft) -> tuple[dict[str, str], tuple[str, ...]]:
    """Ids that sightings brought but do not bear lead to their CI; an id that is borne again needs no alias."""
    aliases: dict[str, str] = {}
    for key in sorted(draft.placed):
        record = draft.new[key]
        before = draft.old.get(key)
        if before is not None and before.cis == record.cis and before.versions is record.versions:
            continue
        ids = _ids_brought(draft, key)
        aliases.update((brought, ci) for brought, ci in ids if brought != ci)
    over = sorted(ci for ci in draft.items.keys() - draft.were.keys() if _was_brought_before(draft, ci))
    return aliases, tuple(over)


def _ids_brought(draft: Draft, key: str) -> Iterable[tuple[str, str]]:
    record = draft.new[key]
    seen = draft.sightings[key]
    if len(record.versions) == 1:
        return [(record.versions[0].brought, record.ci)]
    place = {sighting.brought: ci for sighting, ci in zip(seen, record.cis, strict=True)}
    return [(version.brought, place.get(version.brought, record.ci)) for version in record.versions]


def _was_brought_before(draft: Draft, ci: str) -> bool:
    return any(sighting.record_key in draft.old for sighting in draft.groups[ci])


def _outcome(
    draft: Draft, patch: GraphPatch, keys: Sequence[str], batch: Sequence[Observation], spoken: frozenset[str]
) -> Outcome:
    told = {group.record for group in patch.events if group.record}
    first: set[str] = set()
    fates = []
    for key, said in zip(keys, batch, strict=True):
        fates.append(_fate(draft, key, said, told, first) if key in spoken else "unchanged")
        first.add(key)
    unresolved = sum(
        1
        for key in spoken
        if key in draft.new and not draft.new[key].gone
        for end in draft.new[key].ends
        if end is None
    )
    moved = [
        draft.items[ci].lifecycle
        for ci, was in draft.were.items()
        if ci in draft.items and draft.items[ci].lifecycle != was.lifecycle
    ]
    return Outcome(
        patch,
        tuple(fates),
        reviews=len(draft.reviews),
        unresolved=unresolved,
        gone_missing=moved.count("missing"),
        retired=moved.count("retired"),
    )


def _fate(draft: Draft, key: str, said: Observation, told: set[str], first: set[str]) -> str:
    record = draft.new.get(key)
    if record is None or key not in told:
        return "unchanged"
    if key in first:
        return "unchanged" if said.content == record.versions[-1].said.content else "updated"
    is_new = key not in draft.old and record.ci not in draft.were and record.ci == draft.open_sighting(key).brought
    return "created" if is_new else "updated"
