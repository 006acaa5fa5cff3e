"""What the databases beneath do differently, and every store answers alike."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cmdb.ci_class import DAY
from cmdb.configuration_item import LONGEST_WORD, split_words
from cmdb.draft import name_key
from cmdb.observation import Observation
from cmdb.reference import record_key
from graph.estate_diff import estate_diff
from graph.store import GraphStore, ReadTransaction, Search

Say = Callable[..., Observation]
Put = Callable[..., Any]


def _found(store: GraphStore, text: str) -> list[str]:
    return [ci.name for ci in store.search(Search(words=split_words(text)), after=None, limit=9)]


@pytest.mark.parametrize("letter", ["x", "é", "𝔘"])
def test_a_very_long_word_is_found_by_its_beginning_alone(store: GraphStore, say: Say, put: Put, letter: str) -> None:
    word = letter * 250 + "tail"
    put(store, say("1", name="long", attributes={"aliases": [word]}), say("2", name="tail"))
    for begins in (letter, letter * LONGEST_WORD, letter * 250, word):
        assert _found(store, begins) == ["long"]
    for other in ("tail", "y" + word, letter * 100 + "tail"):
        assert _found(store, other) == (["tail"] if other == "tail" else [])


@pytest.mark.parametrize("typed", [(), ("server",)])
def test_pages_go_on_behind_every_character(
    store: GraphStore, say: Say, put: Put, typed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = sorted(f"{letter} server {n}" for n in range(2) for letter in "aé日\ue000ａ\ufffd😀𝔘")
    put(store, *(say(name, name=name) for name in names))
    for query in (Search(words=typed), Search(words=typed, not_seen_by=("nobody",))):
        paged: list[str] = []
        after: tuple[str, str] | None = None
        while page := store.search(query, after=after, limit=3):
            paged += [ci.name for ci in page]
            after = (name_key(page[-1].name), page[-1].id)
        assert paged == names == [ci.name for ci in store.search_all(query)[1]]
    records: list[str] = []
    while places := store.record_places(None, None, after=records[-1] if records else None, limit=1):
        records.append(record_key(*places[0][:3]))
    assert records == sorted(record_key("agent", "default", name) for name in names)
    monkeypatch.setattr("graph.survey.RECORDS_AT_ONCE", 1)
    assert store.survey(lambda survey: [record.key for record in survey.records()]) == records


def test_a_difference_names_what_identifies_before_what_does_not(store: GraphStore, say: Say, put: Put) -> None:
    same = [("fqdn", "h1.corp.example")]
    put(store, say("1", identifiers=[*same, ("serial", "To be filled by O.E.M.")]))
    put(store, say("2", source="other", identifiers=[*same, ("serial", "C02XK1")]))

    def changed(look: ReadTransaction, _: int) -> list[tuple[str, Any, Any]]:
        return [one[1:] for one in estate_diff(look, 1, 2).changed() if one.key == "identifier.serial"]

    assert store.counts().cis == 1
    assert store.read(changed) == [
        ("identifier.serial", "To be filled by O.E.M.", ["C02XK1", "To be filled by O.E.M."])
    ]


def test_a_difference_names_what_came_and_has_been_absorbed_since(store: GraphStore, say: Say, put: Put) -> None:
    put(store, say("1", identifiers=[("serial", "S1AB")]))
    put(store, say("2", source="other", identifiers=[("mac", "8c:85:90:01:02:03")]))
    (absorbed,) = {ci.id for ci in store.search(Search(seen_by=("other",)), after=None, limit=9)}
    put(store, say("2", source="other", identifiers=[("mac", "8c:85:90:01:02:03"), ("serial", "S1AB")]))

    def ids(look: ReadTransaction, _: int) -> tuple[list[str], list[str]]:
        found = estate_diff(look, 1, 2)
        return [ci.id for ci in found.came()], [ci.id for ci in found.went()]

    assert store.read(ids) == ([absorbed], [])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_fact_bears_the_time_of_the_telling_that_it_is_from(
    store: GraphStore, say: Say, put: Put, order: tuple[int, int]
) -> None:
    contact = say("r", day=2, identifiers=[("serial", "S1AB")], attributes={"os": "v1"})
    listing = replace(say("r", day=1, attributes={"os": "v2"}), read_at=3 * DAY)
    for at in order:
        put(store, (contact, listing)[at])
    (found,) = store.search(Search(), after=None, limit=9)
    view = store.item(found.id)
    assert view is not None
    assert view.ci.facts["os"].value == "v2"
    (times,) = view.records.values()
    assert (times.observed_at, times.last) == (DAY, 2 * DAY)


def test_all_who_bear_an_identifier_are_found(store: GraphStore, say: Say, put: Put) -> None:
    put(store, *(say(f"r{i}", identifiers=[("url", "https://shop.corp.example")]) for i in range(1001)))
    borne = Search(bearing="url|https://shop.corp.example|")
    assert len(store.search(borne, after=None, limit=2000)) == 1001
