"""Promises of every store about words that come, and about what moves with time alone."""

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cmdb.ci_class import DAY
from cmdb.draft import Context
from cmdb.linking import linking_keys
from cmdb.meeting import Meetings
from cmdb.observation import Claim, Observation, observation
from cmdb.reconciliation import reconcile_absence
from cmdb.reference import record_key
from cmdb.relation import Relation
from cmdb.sighting import heard, sightings_of
from cmdb.surroundings import Asked
from cmdb.vocabulary import SourceTraits, Vocabulary
from cmdb.vocabulary_file import RESERVED_CLASSES, with_file
from graph.encoding import from_json, to_json
from graph.neo4j_store.schema import _INDEXED, _UNIQUE
from graph.neo4j_store.spelling import _camel
from graph.open_store import open_store
from graph.store import GraphStore, Search, VocabularyMismatch

Say = Callable[..., Observation]
Put = Callable[..., Any]


def _names(store: GraphStore, **query: Any) -> list[str]:
    return [ci.name for ci in store.search(Search(**query), after=None, limit=1000)]


# -- words -----------------------------------------------------------------------------------------------------------


def _robots(words: Vocabulary) -> Vocabulary:
    text = """
[classes.robot]
area = "hardware"
family = "device"
description = "A machine that moves by itself."
[identifier_kinds.asset_tag]
description = "The tag on the case."
one_valued = true
[relation_types.feeds]
description = "A tank and the pump that feeds it."
effect = "down"
"""
    return with_file(words, text, "words.toml")


def test_words_can_be_added_to_a_store_that_has_data(
    opened: Callable[..., GraphStore], store: GraphStore, say: Say, put: Put, words: Vocabulary
) -> None:
    put(store, say("a", name="a", identifiers=[("serial", "S1AB")]))
    more = _robots(words)
    wider = opened(more)
    robot = observation(
        more, source="erp", record="r", ci_class="robot", name="r2", observed_at=1,
        identifiers=[("asset_tag", "T-1")], claims=[Claim("feeds", True, "serial:S1AB")],
    )  # fmt: skip
    put(wider, robot, words=more)
    (found,) = wider.search(Search(classes=("robot",)), after=None, limit=5)
    view = wider.item(found.id)
    assert view is not None
    assert [relation.type for relation in view.relations] == ["feeds"]
    assert len(wider.bearers(["asset_tag|t-1|"], 5)) == 1
    assert len(wider.topology().from_ci) == 1
    again = opened(more)
    assert _names(again, classes=("robot",)) == ["r2"]
    with pytest.raises(VocabularyMismatch, match="more words than are declared here"):
        put(store, say("b", name="b"))
    assert _names(again) == ["a", "r2"]
    wider.close()
    again.close()


def test_words_cannot_be_taken_away_from_a_store(
    opened: Callable[..., GraphStore], store: GraphStore, words: Vocabulary
) -> None:
    opened(_robots(words)).close()
    with pytest.raises(
        VocabularyMismatch, match="not declared here: class robot, identifier kind asset_tag, relation type feeds;"
    ):
        opened(words)
    fewer = replace(words, classes={name: c for name, c in words.classes.items() if name != "rack"})
    with pytest.raises(VocabularyMismatch, match="class rack"):
        opened(fewer)


def test_a_word_cannot_change_its_meaning_under_data(
    opened: Callable[..., GraphStore], store: GraphStore, words: Vocabulary
) -> None:
    other = replace(words, classes={**words.classes, "rack": replace(words.classes["rack"], family="device")})
    with pytest.raises(VocabularyMismatch, match="another declaration of class rack"):
        opened(other)
    harmless = replace(words.classes["rack"], description="Said better.", attributes={})
    opened(replace(words, classes={**words.classes, "rack": harmless})).close()


def test_a_class_may_not_be_named_like_what_a_store_keeps_itself(words: Vocabulary) -> None:
    labels = {label for label, *_ in (*_UNIQUE, *_INDEXED)} - {"CI"}
    assert {_camel(name) for name in RESERVED_CLASSES} >= labels


# -- time and absence ------------------------------------------------------------------------------------------------


def test_what_is_due_is_found_in_order_and_not_before_its_time(
    store: GraphStore, say: Say, put: Put, words: Vocabulary
) -> None:
    assert store.next_due() is None
    listed = replace(words, sources={**words.sources, "ad": SourceTraits(knows_contact=True)})
    put(
        store,
        *(say(f"{n}", source="ad", name=f"pc{n}", ci_class="workstation", day=10 + n) for n in range(5)),
        say("x", name="x"),
        words=listed,
    )
    names = {ci.id: ci.name for ci in store.search(Search(), after=None, limit=10)}

    def due(day: float, limit: int = 10) -> list[str]:
        return store.write(lambda tx: [names[ci] for ci in tx.due(int(day * DAY), limit)])

    assert store.next_due() == 40 * DAY
    assert due(39) == []
    assert due(42) == ["pc0", "pc1", "pc2"]
    assert due(1000, 2) == ["pc0", "pc1"]
    assert due(1000) == [f"pc{n}" for n in range(5)]


def test_cis_are_walked_through_in_the_order_of_id(store: GraphStore, say: Say, put: Put) -> None:
    put(store, *(say(f"{n}", name=f"n{n}") for n in range(5)))
    ids = sorted(ci.id for ci in store.search(Search(), after=None, limit=10))
    assert store.write(lambda tx: (*tx.cis_after("", 3), *tx.cis_after(ids[2], 10))) == tuple(ids)


def test_why_a_ci_is_not_live_and_what_contradicts_its_status_is_kept(
    store: GraphStore, say: Say, put: Put, words: Vocabulary
) -> None:
    serial = [("serial", "S1AB")]
    put(
        store,
        say("1", source="erp", name="a", identifiers=serial, attributes={"status": "decommissioned"}),
        say("2", name="a", identifiers=serial, day=2),
    )
    (found,) = store.search(Search(), after=None, limit=5)
    view = store.item(found.id)
    assert view is not None
    assert (view.ci.because, view.ci.contradiction, view.ci.due) == (None, "decommissioned, but it answers", None)
    stored = store.write(lambda tx: tx.items([found.id]))[found.id]
    assert stored == view.ci
    store.write(
        lambda tx: tx.apply(
            reconcile_absence(
                ["erp|default|1", "agent|default|2"], tx, Context(words, 3 * DAY, lambda: "none"), heard_until=9
            ).patch
        )
    )
    view = store.item(found.id)
    assert view is not None
    assert (view.ci.lifecycle, view.ci.because, view.ci.contradiction) == ("missing", "not found", None)


def test_who_says_the_same_for_weeks_is_found_at_its_address_at_any_time(store: GraphStore, say: Say, put: Put) -> None:
    here, there = [("ip", "10.0.0.1")], [("ip", "10.0.0.2")]
    for day in range(1, 21):
        put(store, say("1", name="a", day=day, identifiers=[*here, ("serial", "S1AB")]))
    put(store, say("x", source="mdm", name="a", day=14, identifiers=here))
    assert len(_names(store)) == 1
    put(store, say("x", source="mdm", day=16, identifiers=there))
    put(store, say("1", name="a", day=40, identifiers=[*here, ("serial", "S1AB")]))
    rows = [(row["kind"], row.get("row", {})) for row in store.dump()]
    kept = {(row["key"], row["record"]) for kind, row in rows if kind == "clue"}
    borne = {
        (key, row["key"]) for kind, row in rows if kind == "record" for keys in from_json(row["keys"]) for key in keys
    }
    assert kept == borne


def test_what_is_shown_again_is_kept_as_if_all_of_it_had_been_told_at_once(
    store: GraphStore, words: Vocabulary, say: Say, put: Put
) -> None:
    """Of one record alone nothing but its times moves for weeks: they, and the keys it is found under, are exact."""
    chance = random.Random(1)
    told: dict[str, list[Observation]] = {f"r{n}": [] for n in range(40)}
    shown: dict[str, list[tuple[str, str]]] = {}
    for day in (1, 2, 2.5, 4, 7.8, 8.6, 9, 11, 15, 15.2, 16, 21, 22.9):
        for n, record in enumerate(told):
            if record not in shown or chance.random() < 0.2:
                shown[record] = [("ip", f"10.0.{n}.{chance.randrange(3)}"), ("serial", f"SERIAL{n}")]
                shown[record] += [("mac", f"8c:85:90:00:{n:02x}:{chance.randrange(3):02x}")]
            contact = day - chance.choice([0, 0, 0, 1.5])  # another domain controller heard of it last
            told[record].append(
                say(record, day=contact, read_at=int(day * DAY), identifiers=shown[record], name=f"n{n}")
            )
        put(store, *(said[-1] for said in told.values()))
    rows = {row["row"]["key"]: row["row"] for row in store.dump() if row["kind"] == "record"}
    kept = store.read(lambda look, _: look.records(rows))
    for record, said in told.items():
        whole = None
        for one in said:
            whole = heard(whole, one, words, brought="", applied=0, heard_in=0)
        assert whole is not None
        found = kept[record_key("agent", "default", record)]
        assert found.versions[0]._replace(brought="", applied=0) == whole.versions[0]
        (sighting,) = sightings_of(found, words)
        assert from_json(rows[found.key]["keys"]) == [sorted(linking_keys(sighting, words))]


def test_scopes_of_a_source_are_listed_with_their_records(store: GraphStore, say: Say, put: Put) -> None:
    put(store, say("1"), say("2", attributes={"status": "in_stock"}), scope="10.0.1.0/24")
    put(store, say("3"), scope="10.0.0.0/16")
    put(store, say("4"), say("5", source="other"), say("6", realm="x"), scope="elsewhere")
    put(store, say("7"), scope=None)
    assert store.write(lambda tx: tx.scopes("agent", "default")) == ("10.0.0.0/16", "10.0.1.0/24", "elsewhere")
    assert store.write(lambda tx: tx.scopes("agent", "x")) == ("elsewhere",)
    assert store.write(lambda tx: tx.scopes("nobody", "default")) == ()
    held = store.write(lambda tx: list(tx.scope_records("agent", "default", "10.0.1.0/24")))
    assert [(record.key, record.misses, record.status) for record in held] == [
        ("agent|default|1", 0, None), ("agent|default|2", 0, "in_stock"),
    ]  # fmt: skip


def test_an_older_export_is_due_at_once(
    store: GraphStore, say: Say, put: Put, tmp_path: Path, words: Vocabulary
) -> None:
    put(store, say("1", name="a"))
    rows = [
        {**row, "row": {k: v for k, v in row["row"].items() if k not in ("because", "contradiction", "due")}}
        if row["kind"] == "ci"
        else row
        for row in store.dump()
    ]
    other = open_store(f"sqlite:///{tmp_path}/other.db", words)
    other.load(rows)
    assert other.next_due() == 0
    other.close()


# -- since when relations are seen -----------------------------------------------------------------------------------


def _on(reference: str, **more: Any) -> Claim:
    return Claim("depends_on", True, reference, **more)


def _relations(store: GraphStore) -> tuple[Relation, ...]:
    (app,) = store.search(Search(words=("app",)), after=None, limit=2)
    view = store.item(app.id)
    assert view is not None
    return view.relations


def test_a_relation_is_seen_since_it_was_first_said_in_every_store_and_export(
    store: GraphStore, say: Say, put: Put, tmp_path: Path, words: Vocabulary
) -> None:
    put(store, say("db", name="db"), say("app", name="app", day=1))
    put(store, say("app", name="app", day=5, claims=[_on("name:db")]))
    put(store, say("app", name="app", day=3, claims=[_on("name:db")]))
    other = open_store(f"sqlite:///{tmp_path}/other.db", words)
    other.load(store.dump())
    for told in (store, other):
        put(told, say("app", name="app", day=6, claims=[_on("name:db", strength=0.5)]))
        (relation,) = _relations(told)
        assert (relation.first_seen, relation.strength) == (3 * DAY, 0.5)
    other.close()


def test_an_older_export_tells_of_every_witness_since_when_the_relation_is_seen(
    store: GraphStore, say: Say, put: Put, tmp_path: Path, words: Vocabulary
) -> None:
    put(store, say("db", name="db"), say("app", name="app", day=2, claims=[_on("name:db")]))
    rows = [
        {**row, "row": {**row["row"], "witnesses": to_json([one[:-1] for one in from_json(row["row"]["witnesses"])])}}
        if row["kind"] == "relation"
        else row
        for row in store.dump()
    ]
    other = open_store(f"sqlite:///{tmp_path}/other.db", words)
    other.load(rows)
    (relation,) = _relations(other)
    assert [witness.since for witness in relation.witnesses] == [2 * DAY]
    other.close()


# -- values that a batch takes over the line of those too many to tell apart, or back ---------------------------------


def test_a_value_that_falls_back_under_the_line_is_followed_to_all_who_bear_it(
    store: GraphStore, say: Say, put: Put, words: Vocabulary
) -> None:
    put(store, *(say(f"r{n}", identifiers=[("serial", "IMAGE1")]) for n in range(4)))
    key, everybody = "serial|IMAGE1|", {f"agent|default|r{n}" for n in range(4)}

    def block(common_at: int, **asked: Any) -> set[str]:
        found = store.write(lambda tx: tx.block(Asked(**asked), Meetings(words), common_at=common_at, largest=50))
        return set(found.sightings)

    assert block(3, dropped={key: 1}) == everybody
    assert block(2, dropped={key: 2}) == everybody
    assert block(2, dropped={key: 1}) == set()  # still too many
    assert block(4, dropped={key: 1}) == set()  # never were


def test_an_address_that_goes_over_the_line_is_followed_to_all_who_have_it(
    store: GraphStore, say: Say, put: Put, words: Vocabulary
) -> None:
    put(store, *(say(f"r{n}", day=1 + 10 * n, identifiers=[("ip", "10.0.0.7")]) for n in range(3)))
    new = say("new", day=29, identifiers=[("ip", "10.0.0.7")])
    (sighting,) = sightings_of(heard(None, new, words, brought="n", applied=1, heard_in=9), words)
    keys = linking_keys(sighting, words)

    def block(common_at: int) -> set[str]:
        asked = Asked(said=[sighting], keys_of={sighting.key: keys}, keys=dict.fromkeys(keys, 1))
        return set(store.write(lambda tx: tx.block(asked, Meetings(words), common_at=common_at, largest=50)).sightings)

    assert block(4) == set()  # none of them met it
    assert block(3) == {f"agent|default|r{n}" for n in range(3)}
