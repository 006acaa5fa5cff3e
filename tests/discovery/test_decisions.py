"""What people decide about identity stands over weights and vetoes, survives what comes, and is taken back exactly."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cmdb.errors import Contradiction, Invalid, UnknownReference
from cmdb.observation import Claim, Observation
from discovery.by_hand import correct, withdraw
from discovery.decisions import decide_review, merge, split, undo
from discovery.run import Parts, take
from graph.store import Search

Say = Callable[..., Observation]
BY = {"author": "ann", "reason": "I looked"}


def _ids(parts: Parts) -> dict[str, str]:
    """record → CI"""
    return {place.record: place.ci for place in parts.store.record_places(None, None, after=None, limit=1000)}


def _picture(parts: Parts) -> Any:
    """Everything that a reader sees, but for revisions."""
    found = parts.store.search(Search(lifecycles=()), after=None, limit=1000)
    seen = []
    for one in found:
        view = parts.store.item(one.id)
        assert view is not None
        seen.append((view.ci, view.relations, view.neighbours, sorted(view.records)))
    return seen


def _two(parts: Parts, say: Say) -> dict[str, str]:
    take(parts, None, [say("a", identifiers=[("serial", "S-A1")], attributes={"os": "x"}, name="one")])
    take(parts, None, [say("b", identifiers=[("serial", "S-B2")], attributes={"ram": 8}, name="two", source="other")])
    return _ids(parts)


def test_a_merge_joins_what_serials_forbid_and_its_undo_parts_it_exactly(parts: Parts, say: Say) -> None:
    ids = _two(parts, say)
    before = _picture(parts)
    done = merge(parts, ids["b"], ids["a"], **BY)
    assert _ids(parts) == {"a": ids["b"], "b": ids["b"]}
    assert done.ci == ids["b"]
    view = parts.store.item(ids["a"])
    assert view is not None
    assert view.ci.id == ids["b"]
    assert {name: fact.value for name, fact in view.ci.facts.items()} == {"os": "x", "ram": 8}
    undo(parts, done.id, ["merge"], author="ann")
    assert _ids(parts) == ids
    assert _picture(parts) == before


def test_a_merge_survives_what_its_sources_say_next(parts: Parts, say: Say) -> None:
    ids = _two(parts, say)
    merge(parts, ids["b"], ids["a"], **BY)
    take(parts, None, [say("a", identifiers=[("serial", "S-A1")], attributes={"os": "y"}, name="one")])
    take(parts, None, [say("c", identifiers=[("serial", "S-A1")], source="third", name="one")])
    assert _ids(parts) == {"a": ids["b"], "b": ids["b"], "c": ids["b"]}


def test_a_split_sets_records_apart_and_its_undo_joins_them_under_the_same_id(parts: Parts, say: Say) -> None:
    take(parts, None, [say("a", identifiers=[("serial", "S-1"), ("mac", "8c:85:90:01:02:03")], name="one")])
    take(parts, None, [say("b", identifiers=[("serial", "S-1"), ("mac", "8c:85:90:01:02:03")], source="other")])
    ids = _ids(parts)
    assert len(set(ids.values())) == 1
    before = _picture(parts)
    done = split(parts, ids["a"], [("other", "default", "b")], **BY)
    assert _ids(parts) == {"a": ids["a"], "b": done.ci}
    assert done.ci != ids["a"]
    take(parts, None, [say("b", identifiers=[("serial", "S-1")], attributes={"os": "z"}, source="other")])
    assert _ids(parts)["b"] == done.ci
    undo(parts, done.id, ["split"], author="ann")
    take(parts, None, [say("b", identifiers=[("serial", "S-1"), ("mac", "8c:85:90:01:02:03")], source="other")])
    assert _ids(parts) == ids
    assert _picture(parts) == before


def test_a_decision_against_a_standing_one_is_refused_and_lists_it(parts: Parts, say: Say) -> None:
    ids = _two(parts, say)
    merged = merge(parts, ids["a"], ids["b"], **BY)
    with pytest.raises(Contradiction) as refused:
        split(parts, ids["a"], [("other", "default", "b")], **BY)
    assert refused.value.decisions == (merged.id,)
    undo(parts, merged.id, ["merge"], author="ann")
    with pytest.raises(UnknownReference):
        undo(parts, merged.id, ["merge"], author="ann")
    with pytest.raises(UnknownReference):
        undo(parts, "nosuch", ["merge"], author="ann")


def test_a_reused_record_does_not_inherit_what_was_decided(parts: Parts, say: Say, clock: Any) -> None:
    ids = _two(parts, say)
    merge(parts, ids["a"], ids["b"], **BY)
    clock.at += 3_600_000_000
    take(parts, None, [say("b", identifiers=[("serial", "S-NEW3")], source="other", name="new")])
    now = _ids(parts)
    assert now["a"] == ids["a"]
    assert now["b"] not in ids.values()
    assert parts.store.item(ids["b"]).ci.id == ids["a"]  # type: ignore[union-attr]


def test_what_can_never_be_one_is_refused(parts: Parts, say: Say) -> None:
    take(parts, None, [say("a"), say("p", ci_class="team", name="ops")])
    ids = _ids(parts)
    with pytest.raises(Invalid, match="two kinds of thing"):
        merge(parts, ids["a"], ids["p"], **BY)
    with pytest.raises(Invalid, match="one CI already"):
        merge(parts, ids["a"], ids["a"], **BY)
    with pytest.raises(Invalid, match="leaves and one that stays"):
        split(parts, ids["a"], [("agent", "default", "a")], **BY)
    with pytest.raises(Invalid, match="no record of"):
        split(parts, ids["a"], [("agent", "default", "p")], **BY)
    with pytest.raises(UnknownReference):
        merge(parts, ids["a"], "nosuch", **BY)


def _in_doubt(parts: Parts, say: Say) -> str:
    """Two records of one bare name: too little to join, enough to ask."""
    take(parts, None, [say("a", identifiers=[("hostname", "web")], source="agent")])
    take(parts, None, [say("b", identifiers=[("hostname", "web")], source="other")])
    (review,) = parts.store.documents("review")
    assert review.body["state"] == "open"
    return review.key


@pytest.mark.parametrize("decision", ["merge", "keep_apart"])
def test_a_review_is_decided_and_opens_again_when_that_is_taken_back(parts: Parts, say: Say, decision: Any) -> None:
    review = _in_doubt(parts, say)
    ids = _ids(parts)
    before = _picture(parts)
    done = decide_review(parts, review, decision, **BY)
    assert (len(set(_ids(parts).values())) == 1) == (decision == "merge")
    (kept,) = parts.store.documents("review")
    assert (kept.body["state"], kept.body["decision"]) == ("decided", done.id)
    with pytest.raises(Contradiction):
        decide_review(parts, review, decision, **BY)
    take(parts, None, [say("a", identifiers=[("hostname", "web")], attributes={"os": "x"}, source="agent")])
    (kept,) = parts.store.documents("review")
    assert kept.body["state"] == "decided"
    take(parts, None, [say("a", identifiers=[("hostname", "web")], source="agent")])
    undo(parts, done.id, ["review"], author="ann")
    assert _ids(parts) == ids
    assert _picture(parts) == before
    (kept,) = parts.store.documents("review")
    assert kept.body["state"] == "open"


def test_a_review_that_evidence_has_answered_lapses(parts: Parts, say: Say) -> None:
    _in_doubt(parts, say)
    for source in ("agent", "other"):
        record = "a" if source == "agent" else "b"
        take(parts, None, [say(record, identifiers=[("hostname", "web"), ("serial", "S-77")], source=source)])
    (kept,) = parts.store.documents("review")
    assert kept.body["state"] == "lapsed"
    assert len(set(_ids(parts).values())) == 1


def _random_estate(dice: Any, say: Say) -> list[Observation]:
    found = []
    for n in range(int(dice.integers(3, 9))):
        identifiers = [
            (kind, f"{prefix}{dice.integers(0, 4)}")
            for kind, prefix in (("serial", "SER-X"), ("hostname", "host"))
            if dice.random() < 0.7
        ]
        found.append(
            say(
                f"r{n}",
                source=str(dice.choice(["agent", "other", "third"])),
                identifiers=identifiers,
                attributes={"os": str(dice.integers(0, 3))},
                claims=[Claim("depends_on", True, f"hostname:host{dice.integers(0, 4)}")]
                if dice.random() < 0.5
                else [],
            )
        )
    return found


@pytest.mark.parametrize("seed", range(60))
def test_undo_restores_the_exact_partition_ids_and_facts(parts: Parts, say: Say, seed: int) -> None:
    dice = np.random.default_rng(seed)
    for one in _random_estate(dice, say):
        take(parts, None, [one])
    before, ids = _picture(parts), _ids(parts)
    done: list[tuple[str, Any]] = []
    for _ in range(int(dice.integers(1, 4))):
        now = _ids(parts)
        cis = sorted(set(now.values()))
        try:
            if len(cis) > 1 and dice.random() < 0.6:
                keep, absorb = dice.choice(cis, 2, replace=False)
                done.append((merge(parts, str(keep), str(absorb), **BY).id, "merge"))
            else:
                record, ci = sorted(now.items())[int(dice.integers(0, len(now)))]
                (place,) = [
                    p for p in parts.store.record_places(None, None, after=None, limit=99) if p.record == record
                ]
                done.append((split(parts, ci, [place[:3]], **BY).id, "split"))
        except (Invalid, Contradiction):
            continue
    for decision, kind in reversed(done):
        undo(parts, decision, [kind], author="ann")
    assert _ids(parts) == ids
    assert _picture(parts) == before


def test_a_correction_goes_with_the_record_it_was_made_about(parts: Parts, say: Say) -> None:
    ids = _two(parts, say)
    correct(parts, ids["a"], {"environment": "test"}, **BY)
    before = _picture(parts)
    done = merge(parts, ids["b"], ids["a"], **BY)
    view = parts.store.item(ids["b"])
    assert view is not None
    assert view.ci.facts["environment"].value == "test"
    undo(parts, done.id, ["merge"], author="ann")
    assert _picture(parts) == before


def test_a_correction_can_be_withdrawn_from_whatever_its_ci_has_become(parts: Parts, say: Say) -> None:
    ids = _two(parts, say)
    correct(parts, ids["b"], {"environment": "test"}, **BY)
    merge(parts, ids["a"], ids["b"], **BY)
    withdraw(parts, ids["a"], "environment")
    view = parts.store.item(ids["a"])
    assert view is not None
    assert "environment" not in view.ci.facts


def test_a_word_on_a_thing_stays_with_it_when_its_first_record_was_reused(parts: Parts, say: Say, clock: Any) -> None:
    take(parts, None, [say("asset-1", identifiers=[("serial", "OLD111")])])
    (old,) = parts.store.search(Search(), after=None, limit=9)
    clock.at += 24 * 3600 * 1_000_000
    take(parts, None, [say("asset-1", identifiers=[("serial", "NEW222")])])
    with pytest.raises(Invalid, match="something else by now"):
        correct(parts, old.id, {"environment": "test"}, **BY)
    take(parts, None, [say("asset-7", source="other", identifiers=[("serial", "OLD111")])])
    correct(parts, old.id, {"environment": "test"}, **BY)
    view = parts.store.item(old.id)
    assert view is not None
    assert view.ci.facts["environment"].value == "test"
