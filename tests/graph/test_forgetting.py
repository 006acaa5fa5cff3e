"""What is purged is gone from every past and every table of each store, and nothing else is."""

import itertools
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cmdb.asking import REVIEWS
from cmdb.decision import Ruling
from cmdb.observation import Claim, Observation
from cmdb.reconciliation import reconcile_rulings
from cmdb.vocabulary import Vocabulary
from discovery.by_hand import correct
from discovery.purge import PurgeReport, purge
from discovery.run import Parts, context, take
from discovery.tick import tick
from graph.as_it_stood import item_at
from graph.estate_as_of import estate_as_of
from graph.item_as_of import item_as_of
from graph.open_store import open_store
from graph.past import PURGED, TOMBSTONES
from graph.store import GraphStore, ItemView, ReadTransaction, Search
from graph.survey import Survey

Say = Callable[..., Observation]
DAY = 24 * 3600 * 1_000_000
YEAR = 365 * DAY


class _Estate:
    """A store with a clock that the test sets."""

    def __init__(self, store: GraphStore, words: Vocabulary) -> None:
        ids = itertools.count(1)
        self.now = DAY
        self.parts = Parts(store, words, lambda: self.now, lambda: f"id{next(ids):06}")
        self.store = store

    def tell(self, *said: Observation) -> None:
        take(self.parts, None, list(said))

    def later(self, days: float) -> None:
        """Let time pass and take effect."""
        self.now += int(days * DAY)
        tick(self.parts)

    def purge(self, **more: Any) -> PurgeReport:
        return purge(self.parts, YEAR, **more)

    def ids(self) -> dict[str, str]:
        found = self.store.search(Search(lifecycles=()), after=None, limit=1000)
        return {one.name: one.id for one in found}


@pytest.fixture
def estate(store: GraphStore, words: Vocabulary) -> _Estate:
    return _Estate(store, words)


def _day(estate: _Estate) -> float:
    return estate.now / DAY


def test_what_was_retired_for_a_year_leaves_nothing_but_that_its_ids_were_purged(
    estate: _Estate, say: Say, words: Vocabulary
) -> None:
    secret = [("serial", "SECRET1"), ("fqdn", "secret.corp.example")]
    tied = (Claim("depends_on", True, "name:secret"),)
    estate.tell(
        say("r-secret", name="secret", identifiers=secret[:1], attributes={"owner": "secret owner"}),
        say("r-other", name="secret twin", source="mdm", identifiers=secret[1:]),
        say("web", name="web", claims=tied),
    )
    absorbed = estate.ids()["secret twin"]
    estate.later(1)
    estate.tell(say("r-secret", name="secret", day=_day(estate), identifiers=secret), say("web", day=_day(estate)))
    assert estate.store.item(absorbed) is not None, "both are one by now"
    purged = estate.ids()["secret"]
    estate.later(1)
    estate.tell(
        say("r-secret", ci_class="", gone=True, day=_day(estate)),
        say("r-other", source="mdm", ci_class="", gone=True, day=_day(estate)),
    )
    estate.later(364)
    assert estate.purge().purged == 0, "it was seen within the year"
    estate.later(30)
    assert estate.purge().purged == 0, "it was retired within the year"
    estate.later(YEAR / DAY)
    before = estate.store.revision()[0]
    seen = estate.purge(preview=True)
    assert (seen.purged, estate.store.revision()[0]) == (1, before)
    done = estate.purge()
    assert (done.purged, done.records, done.by_class, estate.store.revision()[0]) == (1, 2, {"server": 1}, before + 1)
    assert estate.purge().purged == 0

    rows = [
        row
        for row in estate.store.dump()
        if row["kind"] in ("ci", "record", "relation", "past", "alias", "clue", "waiting")
    ]
    told = json.dumps([row for row in rows if "r-secret" in str(row) or "secret." in str(row) or "SECRET" in str(row)])
    assert told == "[]"
    assert purged not in str([row for row in rows if row["kind"] != "past" or row["row"]["id"] != "agent|default|web"])
    for id_ in (purged, absorbed):
        tombstone = estate.store.document(TOMBSTONES, id_)
        assert tombstone is not None
        assert (tombstone.body["ci"], tombstone.body["realms"]) == (purged, ["default"])
        assert estate.store.item(id_) is None
    last = estate.store.document(*PURGED)
    assert last is not None
    assert last.body == {"revision": before + 1, "at": estate.now, "born": 1, "first_seen": DAY}
    (event,) = estate.store.history(purged, before=None, limit=10)
    assert (event.kind, event.before, event.after, event.revision) == ("lifecycle", "retired", "purged", before + 1)


def test_a_record_that_is_seen_again_is_a_new_thing(estate: _Estate, say: Say) -> None:
    estate.tell(say("a", name="a", identifiers=[("serial", "S1AB")]))
    first = estate.ids()["a"]
    estate.tell(say("a", ci_class="", gone=True))
    estate.later(20)
    estate.later(400)
    assert estate.purge().purged == 1
    estate.tell(say("a", ci_class="", gone=True, day=_day(estate)))
    assert estate.ids() == {}
    estate.tell(say("a", name="a", day=_day(estate), identifiers=[("serial", "S1AB")]))
    assert estate.ids()["a"] != first
    assert estate.store.item(first) is None


def test_what_others_still_speak_of_is_kept_and_it_is_said_why(estate: _Estate, say: Say) -> None:
    names = ("related", "holder", "corrected", "reused", "decided", "awaited", "free")
    estate.tell(
        *(say(name, name=name, identifiers=[("serial", f"SER-{name}")]) for name in names),
        say("cpu", name="cpu", ci_class="module", within="name:holder"),
        say("gone cpu", name="gone cpu", ci_class="module", within="name:free"),
        say(
            "lives", name="lives", claims=tuple(Claim("depends_on", True, f"name:{n}") for n in ("related", "awaited"))
        ),
        say("awaited too", name="awaited"),
    )
    estate.later(1)
    estate.tell(say("reused", name="another", day=_day(estate), identifiers=[("serial", "SER-2")]))
    record = next(r for r in _records(estate, "decided"))

    def rule(tx: Any) -> None:
        ruling = Ruling("d1", record.versions[0].brought, "elsewhere", "apart", None, DAY)
        tx.apply(reconcile_rulings({record.key: (ruling,)}, tx, context(estate.parts, None, None, tx)).patch)

    estate.store.write(rule)
    estate.tell(
        *(
            say(name, ci_class="", gone=True, day=_day(estate))
            for name in (*names[:3], *names[4:], "gone cpu", "awaited too")
        )
    )
    correct(estate.parts, estate.ids()["corrected"], {"owner": "x"}, author="ann", reason="r", expires_at=None)
    estate.later(1)
    estate.tell(say("cpu", name="cpu", ci_class="module", within=f"{estate.ids()['holder']}", day=_day(estate)))
    estate.later(30)
    estate.later(400)
    for preview in (True, False):
        report = estate.purge(preview=preview, at_once=3)
        assert report.by_class == {"server": 1, "module": 1}, report
        assert sum(report.kept.values()) == 7, report
        assert len(report.kept) == 6, report
    assert set(estate.ids()) == {
        "related",
        "holder",
        "corrected",
        "reused",
        "another",
        "decided",
        "awaited",
        "cpu",
        "lives",
    }


def _records(estate: _Estate, name: str) -> Any:
    view = estate.store.item(estate.ids()[name])
    assert view is not None
    keys = view.ci.records
    return estate.store.read(lambda look, _: list(look.records(keys).values()))


def _without(view: ItemView | None, purged: set[str]) -> Any:
    """A CI of the past as far as it does not speak of others that were purged."""
    if view is None:
        return None
    relations = [r for r in view.relations if not purged & {r.from_ci, r.to_ci}]
    neighbours = {ci: name for ci, name in view.neighbours.items() if ci not in purged}
    return view.ci._replace(last_seen=0, due=None), relations, neighbours


@pytest.mark.parametrize("seed", [0, 16])
def test_the_past_of_everything_else_stays_as_it_was(
    estate: _Estate, say: Say, words: Vocabulary, seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    batches = 14 if estate.store.url.startswith("sqlite") else 3

    def anything() -> Observation:
        source, record = chance.choice(["ad", "mdm"]), f"r{chance.randrange(5)}"
        if chance.random() < 0.2:
            return say(record, source=source, day=_day(estate), gone=True, ci_class="")
        identifiers = [("serial", f"SERIAL{chance.randrange(5)}")] if chance.random() < 0.6 else []
        identifiers += [("fqdn", f"h{chance.randrange(4)}.corp.example")] if chance.random() < 0.5 else []
        claims = (Claim("depends_on", True, f"name:n{chance.randrange(6)}"),) if chance.random() < 0.4 else ()
        return say(
            record, source=source, day=_day(estate), name=f"n{chance.randrange(6)}", identifiers=identifiers,
            attributes={"os": f"v{chance.randrange(3)}"}, claims=claims,
        )  # fmt: skip

    for _ in range(batches):
        estate.tell(*(anything() for _ in range(chance.randrange(1, 4))))
        estate.later(1)
    estate.tell(*(say(f"r{n}", source="ad", day=_day(estate), gone=True, ci_class="") for n in range(4)))
    estate.later(30)
    estate.later(400)
    last = estate.store.revision()[0]
    ids = [f"id{n:06}" for n in range(1, 4 * batches)]

    def seen(revision: int, id_: str) -> ItemView | None:
        return estate.store.read(lambda look, _: item_at(look, id_, revision, words))

    def believed(day: int) -> dict[str, ItemView | None]:
        def work(look: Any, now: int) -> dict[str, ItemView | None]:
            then = estate_as_of(look, now, day * DAY + DAY // 2, words)
            return {id_: item_as_of(look, now, id_, then) for id_ in ids}

        return estate.store.read(work)

    before = {(revision, id_): seen(revision, id_) for revision in range(1, last + 1) for id_ in ids}
    beliefs = {day: believed(day) for day in range(1, batches + 3, 4)}
    estate.purge()
    purged = {id_ for id_ in ids if estate.store.document(TOMBSTONES, id_) is not None}
    for (revision, id_), was in before.items():
        if was is not None and was.ci.id not in purged:
            assert _without(seen(revision, id_), purged) == _without(was, purged), (revision, id_)
        else:
            assert seen(revision, id_) is None, (revision, id_)
    for day, was_believed in beliefs.items():
        for id_, view in believed(day).items():
            was_there = None if id_ in purged else was_believed[id_]
            # What a claim means that was never tied is whatever bears its reference today: relations may move.
            now, then = _without(view, purged), _without(was_there, purged)
            assert (now is None, now and now[0]) == (then is None, then and then[0]), (day, id_)
    copy = open_store(f"sqlite:///{tmp_path}/copy.db", words)
    rows = list(estate.store.dump())
    copy.load(rows)
    assert list(copy.dump()) == rows, "an export keeps what was purged purged"
    assert all(copy.document(TOMBSTONES, id_) is not None for id_ in purged)
    copy.close()


def test_a_purge_that_breaks_off_goes_on(estate: _Estate, say: Say) -> None:
    estate.tell(*(say(f"r{n}", name=f"n{n}") for n in range(10)))
    estate.tell(*(say(f"r{n}", ci_class="", gone=True) for n in range(10)))
    estate.later(20)
    estate.later(400)
    before = estate.store.revision()[0]
    report = estate.purge(at_once=3, most=4)
    assert (report.purged, report.more, estate.store.revision()[0]) == (6, True, before + 2)
    report = estate.purge(at_once=3)
    assert (report.purged, report.more, estate.store.revision()[0]) == (4, False, before + 4)
    assert estate.store.counts()[:3] == (0, 0, 0)


def test_a_correction_keeps_what_it_is_about_until_it_expires(estate: _Estate, say: Say) -> None:
    estate.tell(say("a", name="a"), say("b", name="b"))
    for name, days in (("a", 40), ("b", 4000)):
        until = estate.now + days * DAY
        correct(estate.parts, estate.ids()[name], {"owner": "x"}, author="ann", reason="r", expires_at=until)
    estate.tell(*(say(name, ci_class="", gone=True, day=_day(estate)) for name in ("a", "b")))
    estate.later(30)
    estate.later(400)
    for preview in (True, False):
        report = estate.purge(preview=preview)
        assert (report.purged, report.records, report.kept) == (1, 2, {"a person's word about it stands": 1})
    assert set(estate.ids()) == {"b"}


def test_a_read_that_a_purge_overtakes_between_two_of_its_statements_is_of_one_revision(
    estate: _Estate, say: Say
) -> None:
    estate.tell(say("a", name="a"), say("b", name="b"))
    estate.tell(say("a", ci_class="", gone=True))
    estate.later(20)
    estate.later(400)
    purged: list[int] = []

    def read(look: ReadTransaction, revision: int) -> list[str]:
        found = look.search(Search(lifecycles=()), after=None, limit=10)
        if not purged:
            purged.append(estate.purge().purged)
        items = look.items([one.id for one in found])
        return [items[one.id].name for one in found]

    assert estate.store.read(read) in (["a", "b"], ["b"])
    assert purged == [1]


def test_a_walk_through_all_records_that_a_purge_overtakes_is_of_one_revision(estate: _Estate, say: Say) -> None:
    estate.tell(say("a", name="a"), say("b", name="b"))
    estate.tell(say("a", ci_class="", gone=True))
    estate.later(20)
    estate.later(400)
    purged: list[int] = []

    def look(survey: Survey) -> list[str]:
        there = [found.id for found in survey.cis()] + [record.ci for record in survey.records()]
        if not purged:
            purged.append(estate.purge().purged)
        items = survey.items(there)
        return sorted({items[id_].name for id_ in there})

    assert estate.store.survey(look) in (["a", "b"], ["b"])
    assert purged == [1]


def test_both_of_whom_a_person_is_asked_are_kept(estate: _Estate, say: Say) -> None:
    alike = [("hostname", "web")]
    estate.tell(say("a", name="a", identifiers=alike), say("b", name="b", source="mdm", identifiers=alike))
    reviews = [found.body["state"] for found in estate.store.documents(REVIEWS)]
    assert reviews == ["open"]
    estate.tell(say("a", ci_class="", gone=True), say("b", source="mdm", ci_class="", gone=True))
    estate.later(30)
    estate.later(400)
    assert [found.body["state"] for found in estate.store.documents(REVIEWS)] == ["open"]
    for preview in (True, False):
        report = estate.purge(preview=preview)
        assert (report.purged, report.kept) == (0, {"a person is asked about it": 2})
