"""purge: CIs that were retired long ago are forgotten, with their records, their history and all of their past.

What is left of one is that its id, and every id it had absorbed, is known to have been purged: no id ever means another
thing, and none is unknown that once was known.
"""

from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from cmdb.asking import REVIEWS
from cmdb.ci_class import DAY
from cmdb.configuration_item import ConfigurationItem
from cmdb.draft import name_key
from cmdb.forgetting import SHARED, Forgotten, Judged, judge
from cmdb.graph_patch import DocumentWrite, Event, EventGroup, GraphPatch
from discovery.run import Parts
from graph.as_it_stood import by_id
from graph.encoding import from_json
from graph.ledger import Conflict
from graph.past import CI, PURGED, RECORD, TOMBSTONES
from graph.store import ReadTransaction, Search, WriteTransaction

AT_ONCE = 500
"""CIs forgotten in one patch"""
ROUNDS = 16
"""times that the estate is gone through: what lies within something goes before it"""


@dataclass(slots=True)
class PurgeReport:
    """What was forgotten, or would be."""

    purged: int = 0
    records: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    """reason → CIs that are old enough and stay"""
    by_class: dict[str, int] = field(default_factory=dict)
    """class → CIs purged"""
    more: bool = False
    """whether it stopped at its limit, with more to do"""


def purge(
    parts: Parts, older_than: int, *, at_once: int = AT_ONCE, most: int | None = None, preview: bool = False
) -> PurgeReport:
    """Forget every CI that has been retired, and without contact, for `older_than` microseconds.

    One patch for each `at_once` of them; stops after about `most`. With `preview` nothing is written. What people
    decided or said about, are asked about, what anything is related to or lies within, and what shares a record with
    another CI is kept. O(retired CIs), and the rest of the estate once a page in the order of names.
    """
    until = parts.now() - older_than
    report = PurgeReport()
    gone: set[str] = set()
    asked = _asked(parts)
    for _ in range(ROUNDS):
        before = report.purged
        report.kept = {}
        for page in _retired(parts, until, at_once):
            judged = _judge_page(parts, page, until, asked, gone) if preview else _purge_page(parts, page, until, asked)
            gone |= set(judged.forgotten.records) if preview else set()
            _count(report, judged)
            if most is not None and report.purged >= most:
                report.more = True
                return report
        if report.purged == before:
            break
    return report


def _count(report: PurgeReport, judged: Judged) -> None:
    report.purged += len(judged.going)
    report.records += len(judged.forgotten.records)
    for item in judged.going:
        report.by_class[item.ci_class] = report.by_class.get(item.ci_class, 0) + 1
    for why in judged.kept.values():
        report.kept[why] = report.kept.get(why, 0) + 1


def _retired(parts: Parts, until: int, at_once: int) -> Iterator[list[str]]:
    """Ids of retired CIs that were not seen since, page by page; a page may be forgotten before the next is read."""
    query = Search(lifecycles=("retired",), seen_before=until)
    after: tuple[str, str] | None = None
    while page := parts.store.search(query, after=after, limit=at_once):
        after = name_key(page[-1].name), page[-1].id
        yield [one.id for one in page]
        if len(page) < at_once:
            return


@dataclass(frozen=True, slots=True)
class _Old:
    """Retired CIs that are old enough, as they were read, and what is known of them that never moves."""

    items: tuple[ConfigurationItem, ...]
    shared: frozenset[str]
    """those of which a record once was of another CI"""
    born: int
    """the first revision in which one of them was"""


def _old(look: ReadTransaction, ids: Sequence[str], until: int) -> _Old:
    """Those of these CIs that were retired by then and not seen since."""
    rows, born = by_id(look.past(CI, ids, 0)), look.born(CI, ids)
    found = []
    for id_, item in look.items(ids).items():
        moved = [row.n for row in rows.get(id_, ()) if "lifecycle" in from_json(row.body)]
        retired_at = look.recorded_at(max([*moved, born.get(id_, 0)]))
        if item.lifecycle == "retired" and item.last_seen < until and retired_at < until:
            found.append(item)
    holder = {key: item.id for item in found for key in item.records}
    held_by = {
        (key, ci)
        for key, several in by_id(look.past(RECORD, holder.keys(), 0)).items()
        for row in several
        for ci in from_json(row.body).get("cis", ())
    }
    leads = look.leads({ci for _, ci in held_by})
    shared = frozenset(holder[key] for key, ci in held_by if leads.get(ci, ci) != holder[key])
    return _Old(tuple(found), shared, min((born.get(item.id, 0) for item in found), default=0))


def _without_shared(judged: Judged, old: _Old) -> Judged:
    return replace(judged, kept={**judged.kept, **dict.fromkeys(old.shared, SHARED)})


def _asked(parts: Parts) -> frozenset[str]:
    """The ids that open reviews name, on both sides: a record knows only of those where it is the first of the two."""
    found: set[str] = set()
    after: str | None = None
    while page := parts.store.documents(REVIEWS, after=after):
        found.update(id_ for one in page if one.body["state"] == "open" for id_ in (one.body["a"], one.body["b"]))
        after = page[-1].key
    return frozenset(found)


def _judge_page(parts: Parts, ids: Sequence[str], until: int, asked: Set[str], gone: Collection[str]) -> Judged:
    """Without writing; what `gone` names counts as forgotten already."""

    def work(look: ReadTransaction, _: int) -> Judged:
        old = _old(look, ids, until)
        items = [item for item in old.items if item.id not in old.shared and set(gone).isdisjoint(item.records)]
        return _without_shared(judge(items, look, parts.vocabulary, parts.now(), asked, gone), old)

    gone = frozenset(gone)
    return parts.store.read(work)


def _purge_page(parts: Parts, ids: Sequence[str], until: int, asked: Set[str]) -> Judged:
    """As one patch. What has moved since it was read waits for the next time."""
    old = parts.store.read(lambda look, _: _old(look, ids, until))

    def work(tx: WriteTransaction) -> Judged:
        now = tx.items([item.id for item in old.items])
        items = [item for item in old.items if item.id not in old.shared and now.get(item.id) == item]
        judged = judge(items, tx, parts.vocabulary, parts.now(), asked)
        if judged.going:
            tx.apply(_patch(parts, tx, judged, old.born))
        return _without_shared(judged, old)

    return parts.store.write(work) if old.items else Judged((), {}, Forgotten())


def _patch(parts: Parts, tx: WriteTransaction, judged: Judged, born: int) -> GraphPatch:
    now, forgotten = parts.now(), judged.forgotten
    realms = {item.id: list(item.realms) for item in judged.going}
    led = {brought: item.id for item in judged.going for brought in judged.brought[item.id]}
    tombstones = [
        DocumentWrite(TOMBSTONES, id_, {"ci": ci, "revision": tx.revision, "at": now, "realms": realms[ci]})
        for id_, ci in sorted({**led, **{ci: ci for ci in realms}}.items())
    ]
    before = tx.document(*PURGED)
    body = {
        "revision": tx.revision,
        "at": now,
        "born": min([born] + ([before.body["born"]] if before else [])),
        "first_seen": min([item.first_seen for item in judged.going] + ([before.body["first_seen"]] if before else [])),
    }
    return GraphPatch(
        now,
        cis_gone=forgotten.cis,
        aliases_over=forgotten.aliases,
        events=tuple(
            EventGroup(item.id, "", "", now, (Event("lifecycle", "lifecycle", item.lifecycle, "purged"),))
            for item in judged.going
        ),
        documents=(*tombstones, DocumentWrite(*PURGED, body)),
        forgotten=forgotten,
    )


RAN = ("purge", "ran")
"""the document that says when the clock last purged: {at}"""
A_DAY_AT_MOST = 20_000
"""CIs forgotten in one go by the clock, so that writers are not kept waiting for long"""


def purge_daily(parts: Parts, days: int) -> bool:
    """Purge once a day, whichever process comes first; whether it stopped at its limit. `days` 0: never."""
    last, now = parts.store.document(*RAN), parts.now()
    if not days or (last is not None and now - last.body["at"] < DAY):
        return False
    try:
        parts.store.put(DocumentWrite(*RAN, {"at": now}, expected=last.version if last else None))
    except Conflict:
        return False
    report = purge(parts, days * DAY, most=A_DAY_AT_MOST)
    if report.more:
        parts.store.put(DocumentWrite(*RAN, {"at": now - DAY}))
    return report.more
