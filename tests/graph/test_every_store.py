"""Every promise of GraphStore, stated once and kept by each store."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmdb.graph_patch import DocumentWrite, GraphPatch
from cmdb.meeting import Meetings
from cmdb.observation import Claim, Observation
from cmdb.vocabulary import Vocabulary
from graph.ledger import Conflict
from graph.open_store import open_store
from graph.store import Asked, GraphStore, Search, StoreError, StoreUnavailable

Say = Callable[..., Observation]
Put = Callable[..., Any]


def _claim(to: str, **more: Any) -> Claim:
    return Claim("depends_on", True, to, **more)


def _names(store: GraphStore, **query: Any) -> list[str]:
    return [ci.name for ci in store.search(Search(**query), after=None, limit=1000)]


def test_an_empty_store_stands_at_revision_zero(store: GraphStore) -> None:
    assert store.revision() == (0, 0)
    assert store.counts() == (0, 0, 0, 0)
    assert store.topology().ids == []


def test_every_applied_patch_is_one_revision(store: GraphStore, say: Say, put: Put) -> None:
    put(store, say("a"))
    put(store, say("b"))
    assert store.revision()[0] == 2
    assert store.write(lambda tx: tx.apply(GraphPatch(1))) == 2
    assert store.revision()[0] == 2


def test_what_fails_leaves_nothing_behind(store: GraphStore, say: Say, put: Put) -> None:
    put(store, say("a", name="a"))

    def failing(tx: Any) -> None:
        tx.apply(GraphPatch(1, documents=(DocumentWrite("k", "x", {"a": 1}),)))
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="the power went"):
        store.write(failing)
    assert store.revision()[0] == 1
    assert store.document("k", "x") is None


def test_a_document_that_moved_undoes_the_whole_patch(store: GraphStore, say: Say, put: Put) -> None:
    store.put(DocumentWrite("run", "r1", {"n": 1}, expected=None))
    with pytest.raises(Conflict):
        put(store, say("a", name="a"), documents=(DocumentWrite("run", "r1", {"n": 2}, expected=7),))
    assert _names(store) == []
    assert store.revision()[0] == 0
    put(store, say("a", name="a"), documents=(DocumentWrite("run", "r1", {"n": 2}, expected=1),))
    found = store.document("run", "r1")
    assert found is not None
    assert (found.version, dict(found.body)) == (2, {"n": 2})


def test_documents_are_compared_before_they_are_set(store: GraphStore) -> None:
    assert store.put(DocumentWrite("k", "a", {"x": 1}, expected=None)) == 1
    with pytest.raises(Conflict):
        store.put(DocumentWrite("k", "a", {"x": 2}, expected=None))
    assert store.put(DocumentWrite("k", "a", {"x": 2}, expected=1)) == 2
    assert store.put(DocumentWrite("k", "b", {"x": 3})) == 1
    assert [d.key for d in store.documents("k")] == ["a", "b"]
    assert [d.key for d in store.documents("k", newest_first=True)] == ["b", "a"]
    assert [d.key for d in store.documents("k", after="a")] == ["b"]
    assert store.put(DocumentWrite("k", "a", None)) == 0
    assert store.document("k", "a") is None


def test_two_writers_with_the_same_records_make_no_duplicate(
    opened: Callable[[], GraphStore], say: Say, put: Put
) -> None:
    stores = [opened() for _ in range(4)]
    observations = [say(f"r{i}", name=f"n{i}", identifiers=[("serial", f"SN{i:04}")]) for i in range(40)]
    failures: list[BaseException] = []

    def write(store: GraphStore, prefix: str) -> None:
        try:
            for begin in range(0, 40, 10):
                put(store, *observations[begin : begin + 10], prefix=prefix)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(s, f"w{i}")) for i, s in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert stores[0].counts().cis == 40
    assert stores[0].revision()[0] == 16
    for store in stores:
        store.close()


def test_a_ci_shows_where_its_records_were_told_and_which_are_missed(store: GraphStore, say: Say, put: Put) -> None:
    same: dict[str, Any] = {"name": "a", "identifiers": [("serial", "SN-1234")]}
    put(store, say("r1", **same))
    put(store, say("r2", source="other", **same), scope="OU=Berlin")
    put(store, say("r3", source="third", **same), scope=None)
    put(store, say("r2", source="other", day=2, gone=True), scope=None)
    (found,) = store.search(Search(), after=None, limit=9)
    view = store.item(found.id)
    assert view is not None
    told = {one.record: (one.scope, bool(one.missed)) for one in view.records.values()}
    assert told == {"r1": ("s", False), "r2": ("OU=Berlin", True), "r3": (None, False)}


def test_a_ci_shows_its_facts_relations_records_and_who_says_so(store: GraphStore, say: Say, put: Put) -> None:
    put(
        store,
        say(
            "a", name="web", identifiers=[("serial", "S1AB")], attributes={"os": "x", "ports": [80, 443], "none": None}
        ),
        say("b", name="app", claims=[_claim("serial:S1AB", group="g", need=1, strength=0.9)]),
    )
    (web,) = store.search(Search(words=("web",)), after=None, limit=10)
    view = store.item(web.id)
    assert view is not None
    assert {name: fact.value for name, fact in view.ci.facts.items()} == {"os": "x", "ports": (80, 443), "none": None}
    (relation,) = view.relations
    assert (relation.type, relation.group, relation.need, relation.strength) == ("depends_on", "g", 1, 0.9)
    assert list(view.neighbours.values()) == ["app"]
    assert {times.record for times in view.records.values()} == {"a", "b"}
    assert store.item("nobody") is None


def test_an_absorbed_id_answers_with_the_survivor(store: GraphStore, say: Say, put: Put) -> None:
    put(store, say("1", source="ad", name="x", identifiers=[("serial", "S1AB")]))
    put(store, say("2", source="mdm", name="y", identifiers=[("fqdn", "x.corp.example")]))
    ids = {ci.id for ci in store.search(Search(), after=None, limit=10)}
    put(store, say("1", source="ad", name="x", day=2, identifiers=[("serial", "S1AB"), ("fqdn", "x.corp.example")]))
    assert store.counts().cis == 1
    found = {view.ci.id for id_ in ids if (view := store.item(id_)) is not None}
    assert len(ids) == 2
    assert len(found) == 1
    (gone,) = ids - found
    assert [b.ci for b in store.bearers([f"id|{gone}"], 5)[f"id|{gone}"]] == list(found)


def test_a_repetition_moves_times_and_nothing_else(store: GraphStore, say: Say, put: Put) -> None:
    put(store, say("a", name="a", identifiers=[("serial", "S1AB")]))
    put(store, say("a", name="a", identifiers=[("serial", "S1AB")], day=3))
    (ci,) = store.search(Search(), after=None, limit=10)
    assert ci.last_seen == 3 * 24 * 3600 * 1_000_000
    assert len(store.history(ci.id, before=None, limit=10)) == 1
    put(store, say("a", name="b", identifiers=[("serial", "S1AB")], day=4))
    view = store.item(ci.id)
    assert view is not None
    assert view.ci.first_seen == 1 * 24 * 3600 * 1_000_000


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (("core",), ["core-switch-1", "core-switch-2"]),
        (("core", "1"), ["core-switch-1"]),
        (("sw",), ["core-switch-1", "core-switch-2"]),
        (("o", "brien"), ["O'Brien's printer"]),
        (("straße",), []),
        (("strasse",), ["Straße 7"]),
        (("日本",), ["日本語"]),
        (("s1ab",), ["core-switch-1"]),
        (("ios",), ["core-switch-2"]),
        (("witch",), []),
        (("and",), []),
        (("or", "not"), []),
    ],
)
def test_words_must_each_begin_a_word(
    store: GraphStore, say: Say, put: Put, typed: tuple[str, ...], found: list[str]
) -> None:
    put(
        store,
        say("1", name="core-switch-1", identifiers=[("serial", "S1AB")]),
        say("2", name="core-switch-2", attributes={"os": "IOS XE"}),
        say("3", name="O'Brien's printer"),
        say("4", name="Straße 7"),
        say("5", name="日本語"),
    )
    assert _names(store, words=typed) == found


def test_words_follow_a_ci_as_it_changes(store: GraphStore, say: Say, put: Put) -> None:
    put(store, say("1", name="old name"))
    put(store, say("1", name="new name", day=2))
    assert _names(store, words=("old",)) == []
    assert _names(store, words=("new",)) == ["new name"]


def test_filters_all_hold(store: GraphStore, say: Say, put: Put) -> None:
    put(
        store,
        say("1", name="a", attributes={"environment": "production", "tier": 1, "owner": "x", "tags": {"k": "v"}}),
        say("2", name="b", attributes={"environment": "test", "tier": 1, "status": "in_use"}, source="other"),
        say("3", name="c", ci_class="switch", realm="berlin", identifiers=[("ip", "10.0.0.1")]),
    )
    assert _names(store, environment=("production",)) == ["a"]
    assert _names(store, tier=(1,)) == ["a", "b"]
    assert _names(store, owner=("x",)) == ["a"]
    assert _names(store, status=("in_use",)) == ["b"]
    assert _names(store, realm=("berlin",)) == ["c"]
    assert _names(store, classes=("switch", "router")) == ["c"]
    assert _names(store, seen_by=("other",)) == ["b"]
    assert _names(store, not_seen_by=("other",)) == ["a", "c"]
    assert _names(store, bearing="ip|10.0.0.1|") == ["c"]
    assert _names(store, facts={"tags.k": "v"}) == ["a"]
    assert _names(store, tier=(1, 2), environment=("test",)) == ["b"]
    assert _names(store, seen_before=0) == []


def test_pages_hold_everything_once_and_in_order(store: GraphStore, say: Say, put: Put) -> None:
    put(store, *(say(f"r{i}", name=f"n{i % 7}", identifiers=[("serial", f"SN{i:04}")]) for i in range(30)))
    seen: list[tuple[str, str]] = []
    after: tuple[str, str] | None = None
    while page := store.search(Search(), after=after, limit=4):
        seen += [(ci.name, ci.id) for ci in page]
        after = (f"name|{page[-1].name}", page[-1].id)
    assert len(seen) == 30
    assert seen == sorted(seen)


def test_history_is_newest_first_and_can_be_paged(store: GraphStore, say: Say, put: Put) -> None:
    for day in range(1, 6):
        put(store, say("a", name="a", day=day, attributes={"os": f"v{day}", "x": day}))
    (ci,) = store.search(Search(), after=None, limit=1)
    whole = store.history(ci.id, before=None, limit=100)
    assert [event.revision for event in whole] == sorted((event.revision for event in whole), reverse=True)
    assert whole[-1].kind == "created"
    assert next((e.before, e.after) for e in whole if e.key == "os") == ("v4", "v5")
    paged: list[Any] = []
    before: tuple[int, int] | None = None
    while page := store.history(ci.id, before=before, limit=2):
        paged += page
        before = (page[-1].revision, page[-1].seq)
    assert paged == list(whole)


def test_the_feed_of_events_has_neither_gap_nor_repeat(store: GraphStore, say: Say, put: Put) -> None:
    assert store.events((0, 0), 10) == ()
    for day in range(1, 4):
        put(
            store,
            *(say(f"r{n}", name=f"n{n}", day=day, attributes={"os": f"v{day}", "x": day, "y": day}) for n in range(5)),
        )
    put(store, say("r0", name="n0", day=9, attributes={"os": "v3", "x": 3, "y": 3}))  # a revision without events
    whole = store.events((0, -1), 1000)
    order = [(event.revision, event.seq) for event in whole]
    assert order == sorted(set(order))
    assert len(order) == 5 + 2 * 15
    assert [seq for revision, seq in order if revision == 2] == list(range(15))
    for limit in (1, 2, 4, 7):
        paged: list[Any] = []
        place = (0, -1)
        while page := store.events(place, limit):
            paged += page
            place = (page[-1].revision, page[-1].seq)
        assert paged == list(whole)
    (ci,) = store.search(Search(words=("n3",)), after=None, limit=1)
    of_one = [event for event in whole if event.ci == ci.id]
    assert list(reversed(of_one)) == list(store.history(ci.id, before=None, limit=100))
    assert store.events(order[-1], 10) == ()
    put(store, say("new", name="new"))
    assert [event.kind for event in store.events(order[-1], 10)] == ["created"]


def test_records_are_listed_with_their_cis(store: GraphStore, say: Say, put: Put) -> None:
    put(store, say("1", source="a"), say("2", source="b"), say("3", source="b", realm="x"))
    assert [(p.source, p.record) for p in store.record_places(None, None, after=None, limit=10)] == [
        ("a", "1"), ("b", "2"), ("b", "3"),
    ]  # fmt: skip
    assert [p.record for p in store.record_places("b", "x", after=None, limit=10)] == ["3"]
    assert [p.record for p in store.record_places(None, None, after="b|default|2", limit=10)] == ["3"]


def test_the_topology_is_the_estate_as_arrays(store: GraphStore, say: Say, put: Put) -> None:
    put(
        store,
        say("db", name="db", attributes={"tier": 1, "owner": "ann", "network_root": True}),
        say("app", name="app", claims=[_claim("name:db", group="g", need=-50), _claim("name:nobody", group="g")]),
    )
    topology = store.topology()
    names = dict(zip(topology.ids, topology.names, strict=True))
    assert sorted(names.values()) == ["app", "db"]
    (row,) = range(len(topology.from_ci))
    assert names[topology.ids[topology.from_ci[row]]] == "app"
    assert (topology.types[topology.type_of[row]], topology.groups[topology.group_of[row]]) == ("depends_on", "g")
    assert topology.need[row] == -50
    db = topology.names.index("db")
    assert topology.tier[db] == 1
    assert topology.owners == {db: "ann"}
    assert list(topology.network_roots) == [db]
    assert [(end.reference, end.group) for end in topology.loose_ends] == [("name@default:nobody", "g")]
    assert topology.revision == 1


def test_a_value_on_too_many_records_links_nothing(store: GraphStore, say: Say, put: Put) -> None:
    put(store, *(say(f"r{i}", source=f"s{i}", identifiers=[("cloud_id", "everywhere")]) for i in range(40)))
    assert store.counts().cis < 40
    put(store, *(say(f"q{i}", source=f"q{i}", identifiers=[("cloud_id", "everywhere")]) for i in range(20)))
    assert store.counts().cis == 60


def test_an_export_fills_another_store_with_the_same(
    store: GraphStore, say: Say, put: Put, tmp_path: Path, words: Vocabulary
) -> None:
    put(
        store,
        say("a", name="a", identifiers=[("serial", "S1AB")], attributes={"ports": [1, 2]}),
        say("b", name="b", ci_class="virtual_machine", claims=[_claim("serial:S1AB"), _claim("name:nobody")]),
    )
    store.put(DocumentWrite("k", "x", {"a": [1, None]}))
    rows = list(store.dump())
    other = open_store(f"sqlite:///{tmp_path}/other.db", words)
    assert other.load(rows) == 1
    assert list(other.dump()) == rows
    assert other.revision() == store.revision()
    assert other.search(Search(words=("b",)), after=None, limit=5) == store.search(
        Search(words=("b",)), after=None, limit=5
    )
    with pytest.raises(StoreError, match="only an empty store"):
        other.load(rows)
    cut = open_store(f"sqlite:///{tmp_path}/cut.db", words)
    with pytest.raises(StoreError, match="cut off"):
        cut.load(rows[:-1])
    assert cut.counts().cis == 0
    other.close()
    cut.close()


def test_an_export_of_sqlite_fills_every_store(
    store: GraphStore, say: Say, put: Put, tmp_path: Path, words: Vocabulary
) -> None:
    origin = open_store(f"sqlite:///{tmp_path}/origin.db", words)
    put(
        origin, say("a", name="a", identifiers=[("serial", "S1AB")]), say("b", name="b", claims=[_claim("serial:S1AB")])
    )
    rows = list(origin.dump())
    store.load(rows)
    assert list(store.dump()) == rows
    put(store, say("a", name="renamed", day=2, identifiers=[("serial", "S1AB")]))
    assert "renamed" in _names(store)
    origin.close()


def test_a_store_that_is_down_says_what_to_check(words: Vocabulary) -> None:
    with pytest.raises(StoreUnavailable, match="check that Neo4j runs there"):
        open_store("bolt://127.0.0.1:9", words, user="neo4j", password="secret-word")
    with pytest.raises(StoreError, match="CMDB_STORE_PASSWORD"):
        open_store("bolt://127.0.0.1:9", words)
    with pytest.raises(StoreError, match="known schemes"):
        open_store("mysql://x", words)


def test_every_record_key_is_listed_in_order_and_in_parts(store: GraphStore, put: Put, say: Say) -> None:
    put(store, *(say(f"r{n:02}") for n in range(7)))
    put(store, say("r03", gone=True))

    def listed(tx: Any) -> list[str]:
        found: list[str] = []
        while more := tx.record_keys(after=found[-1] if found else "", limit=3):
            found += more
        return found

    assert store.write(listed) == [f"agent|default|r{n:02}" for n in range(7)]


def test_a_block_holds_what_a_record_is_now_and_not_what_it_was(
    store: GraphStore, say: Say, put: Put, words: Vocabulary
) -> None:
    def at(record: str, serial: str, day: float) -> Observation:
        return say(record, day=day, identifiers=[("serial", serial)])

    put(store, at("asset-1", "OLD111", 1), at("former", "OLD111", 1))
    put(store, at("asset-1", "NEW222", 5), at("present", "NEW222", 5))

    def block(asked: Asked) -> set[str]:
        return set(store.write(lambda tx: tx.block(asked, Meetings(words), common_at=50, largest=50).sightings))

    now, closed = "agent|default|asset-1", "agent|default|asset-1|0"
    assert block(Asked([now])) == {now, "agent|default|present"}
    assert block(Asked([closed])) == {closed, "agent|default|former"} == block(Asked(["agent|default|former"]))
    was = store.write(lambda tx: tx.records([now])[now].cis[:1])
    assert block(Asked(cis=was)) == {closed, "agent|default|former"}
