"""What every store promises of searches that look inside, of exports, surveys and quality; kept by each store."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cmdb.expectations import expected_of_classes, stale_before
from cmdb.observation import Claim, Observation
from cmdb.vocabulary import Vocabulary
from graph.quality import Measures, take_stock
from graph.store import ANY, GraphStore, Search
from graph.survey import Survey, SurveyedCI, UnresolvedEnd

Say = Callable[..., Observation]
Put = Callable[..., Any]
DAY = 24 * 3600 * 1_000_000


def _claim(to: str, **more: Any) -> Claim:
    return Claim("depends_on", True, to, **more)


def _names(store: GraphStore, **query: Any) -> list[str]:
    return [ci.name for ci in store.search(Search(**query), after=None, limit=1000)]


def test_what_is_lacking_disputed_stale_or_alone_is_found(store: GraphStore, say: Say, put: Put) -> None:
    put(
        store,
        say("1", name="a", identifiers=[("serial", "S1AB")], attributes={"os": "x", "owner": None}),
        say("2", source="mdm", name="a", identifiers=[("serial", "S1AB")], attributes={"os": "y", "model": "m"}),
        say("3", name="b", day=9, claims=[_claim("serial:S1AB")]),
        say("4", name="c", ci_class="switch", realm="berlin"),
        say("5", name="d", ci_class="interface", within="record:agent:3"),
    )
    assert _names(store, lacks=("os",)) == ["b", "c", "d"]
    assert _names(store, lacks=("owner",)) == ["b", "c", "d"], "a person who says that there is none has said it"
    assert _names(store, incomplete={"server": ("os", "model"), "switch": ("os",)}) == ["b", "c"]
    assert _names(store, conflict="os") == _names(store, conflict=ANY) == ["a"]
    assert _names(store, conflict="model") == []
    assert _names(store, stale={"server": 5 * DAY, "switch": 1 * DAY}) == ["a"]
    assert _names(store, stale={"server": 10 * DAY, "switch": 2 * DAY}) == ["a", "b", "c"]
    assert _names(store, stale={}) == []
    assert _names(store, orphan=True) == ["c"]
    assert _names(store, only=frozenset()) == []
    (b,) = store.search(Search(words=("b",)), after=None, limit=2)
    assert _names(store, only=frozenset({b.id, "nobody"})) == ["b"]
    assert _names(store, realm=("berlin", "paris"), seen_by=("mdm", "agent")) == ["c"]
    assert _names(store, not_seen_by=("mdm", "other")) == ["b", "c", "d"]


def test_everything_that_is_found_is_of_one_revision(store: GraphStore, say: Say, put: Put) -> None:
    put(store, *(say(f"r{i}", name=f"n{i % 7}", identifiers=[("serial", f"SN{i:04}")]) for i in range(30)))
    paged = store.search(Search(), after=None, limit=100)
    revision, found = store.search_all(Search())
    first = next(found)
    put(store, say("later", name="a comes first", identifiers=[("serial", "SN9999")]))
    assert revision == 1
    assert (first, *found) == paged
    revision, found = store.search_all(Search(words=("n3",), lacks=("os",)))
    assert revision == 2
    assert [ci.id for ci in found] == [ci.id for ci in paged if ci.name == "n3"]
    _, unread = store.search_all(Search())
    next(unread)
    del unread
    put(store, say("last", name="z"))


def test_a_survey_goes_through_all_that_is_there(store: GraphStore, say: Say, put: Put) -> None:
    put(
        store,
        say("1", name="a", identifiers=[("serial", "S1AB")], attributes={"os": "x"}),
        say("2", source="mdm", name="a", identifiers=[("serial", "S1AB")], attributes={"os": "y"}),
        say(
            "3",
            name="b",
            realm="berlin",
            claims=[_claim("serial:S1AB"), _claim("name:no", group="g"), _claim("ip:10.9.9.9")],
        ),
        say("4", name="eth0", ci_class="interface", within="record:agent:nobody"),
        say("5", name="gone", claims=[_claim("name:no")]),
    )
    put(store, say("5", gone=True))

    def look(survey: Survey) -> tuple[int, list[SurveyedCI], list[UnresolvedEnd]]:
        assert list(survey.cis()) == list(survey.cis()), "it can be gone through again"
        return survey.revision, list(survey.cis()), list(survey.ends(""))

    revision, cis, ends = store.survey(look)
    assert revision == 2
    assert [ci.id for ci in cis] == sorted(ci.id for ci in cis)
    assert {(ci.name, ci.sources, ci.realms, ci.orphan) for ci in cis} == {
        ("a", ("agent", "mdm"), ("default",), False),
        ("b", ("agent",), ("berlin",), False),
        ("eth0", ("agent",), ("default",), True),
    }, "what is retired is there no more"
    assert [(end.record, end.nth, end.name, end.type, end.reference, end.group) for end in ends] == [
        ("3", 0, "b", "depends_on", "ip@berlin:10.9.9.9", None),
        ("3", 1, "b", "depends_on", "name@berlin:no", "g"),
        ("4", 0, "eth0", "within", "record@default:agent:nobody", None),
    ]  # fmt: skip
    later = store.survey(lambda survey: [end.record for end in survey.ends(ends[-1].key)])
    assert later == [ends[-1].record]
    (a,) = [ci for ci in cis if ci.name == "a"]
    assert store.survey(lambda survey: list(survey.items([a.id, "nobody"]))) == [a.id]


def test_every_record_is_gone_through_in_order_and_in_parts(
    store: GraphStore, say: Say, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *(say(f"r{n:02}") for n in range(7)))
    put(store, say("r03", gone=True))
    monkeypatch.setattr("graph.survey.RECORDS_AT_ONCE", 3)
    found = store.survey(lambda survey: list(survey.records()))
    assert [(record.key, record.gone) for record in found] == [
        (f"agent|default|r{n:02}", n == 3) for n in range(7)
    ]  # fmt: skip


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_unresolved_ends_are_those_of_what_stands(
    store: GraphStore, say: Say, put: Put, order: tuple[int, int]
) -> None:
    contact = say("r", day=1, identifiers=[("serial", "S1AB")], claims=[_claim("name:former")])
    listing = replace(say("r", claims=[_claim("name:later")], within="name:rack"), read_at=2 * DAY)
    for at in order:
        put(store, (contact, listing)[at])
    ends = store.survey(lambda survey: list(survey.ends("")))
    assert [(end.type, end.reference) for end in ends] == [
        ("depends_on", "name@default:later"),
        ("within", "name@default:rack"),
    ]


def test_quality_counts_what_a_search_finds_in_every_class_and_source(
    store: GraphStore, say: Say, put: Put, words: Vocabulary
) -> None:
    uuid, swapped = "4c4c4544-0051-3010-8053-b4c04f4e3132", "44454c4c-5100-1030-8053-b4c04f4e3132"
    put(
        store,
        say("1", name="a", identifiers=[("serial", "AA1"), ("uuid", uuid)], attributes={"os": "x", "owner": "o"}),
        say("1", source="mdm", name="a", identifiers=[("serial", "AA1")], attributes={"os": "y"}),
        say("2", name="b", realm="berlin", day=-80, identifiers=[("serial", "BB2"), ("uuid", swapped)]),
        say("3", name="c", ci_class="workstation", day=-10, claims=[_claim("name:no"), _claim("name:a")]),
        say("4", name="d", ci_class="interface", within="record:agent:1", identifiers=[("mac", "00:11:22:33:44:55")]),
        say("5", name="e", identifiers=[("mac", "00:11:22:33:44:55")], attributes={"environment": "p"}),
        say("6", name="f", source="mdm", ci_class="switch", claims=[_claim("name:no"), _claim("name:neither")]),
    )
    now = store.revision()[1]
    for realms in ((), ("berlin",), ("default", "berlin")):
        quality = store.survey(lambda survey, realms=realms: take_stock(survey, words, realms))  # type: ignore[misc]
        assert (quality.revision, quality.at) == (1, now)
        for (ci_class, source), measures in quality.cells.items():
            of = {"classes": (ci_class,) if ci_class else (), "seen_by": (source,) if source else (), "realm": realms}

            def count(of: dict[str, Any] = of, **more: Any) -> int:
                return len(_names(store, **of, **more))

            assert measures.cis == count()
            assert measures.incomplete == count(incomplete=expected_of_classes(words))
            assert measures.stale == count(stale=stale_before(words, now))
            assert measures.orphans == count(orphan=True)
            assert measures.conflicts == count(conflict=ANY)
            for attribute in ("os", "owner", "model"):
                assert measures.disputed.get(attribute, 0) == count(conflict=attribute)
                if ci_class == "server":
                    assert measures.lacking.get(attribute, 0) == count(lacks=(attribute,))
    whole = store.survey(lambda survey: take_stock(survey, words))
    assert (whole.cells[None, None].stale, whole.cells[None, "agent"].stale) == (2, 2)
    assert [(pair.a.name, pair.b.name, [shared.kind for shared in pair.shared]) for pair in whole.pairs] in (
        [("a", "b", ["uuid"])],
        [("b", "a", ["uuid"])],
    ), "an interface that bears its device's address is no duplicate of it"
    assert whole.cells["server", "agent"].duplicates == whole.cells["server", "mdm"].duplicates == 1
    ends = Counter(store.survey(lambda survey: [(end.ci_class, end.source) for end in survey.ends("")]))
    assert {cell: m.unresolved for cell, m in whole.cells.items() if None not in cell and m.unresolved} == ends
    assert whole.cells[None, None].unresolved == 3


def test_quality_of_nothing_is_nothing(store: GraphStore, words: Vocabulary) -> None:
    quality = store.survey(lambda survey: take_stock(survey, words))
    assert quality.cells == {(None, None): Measures()}
    assert quality.pairs == ()
