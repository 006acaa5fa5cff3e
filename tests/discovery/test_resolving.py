"""A pass over the whole estate agrees with what batches decided, and shows what settings would change."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cmdb.ci_class import DAY
from cmdb.errors import Invalid
from cmdb.identification import Match, identify
from cmdb.observation import Observation
from cmdb.vocabulary_file import with_file
from discovery.decisions import merge
from discovery.resolving import foresee, resolve_estate
from discovery.run import Parts, take
from discovery.tick import tick

Say = Callable[..., Observation]


def _ids(parts: Parts) -> dict[str, str]:
    return {place.record: place.ci for place in parts.store.record_places(None, None, after=None, limit=1000)}


@pytest.mark.parametrize("seed", range(20))
def test_a_pass_finds_nothing_to_change_after_batches_in_any_order(parts: Parts, say: Say, seed: int) -> None:
    dice = np.random.default_rng(seed)
    fleet = [
        say(
            f"r{n}",
            source=str(dice.choice(["agent", "other", "third"])),
            identifiers=[
                (kind, f"{prefix}{dice.integers(0, 6)}")
                for kind, prefix in (("serial", "SER-X"), ("hostname", "host"), ("fqdn", "host.corp.example"))
                if dice.random() < 0.6
            ],
        )
        for n in range(25)
    ]
    for at in dice.permutation(len(fleet)):
        take(parts, None, [fleet[at]])
    before = _ids(parts)
    revision = parts.store.revision()
    found = foresee(parts, {})
    assert (found.joins, found.parts) == ((), ())
    assert found.cis == len(set(before.values()))
    assert resolve_estate(parts, {}).joins == ()
    assert parts.store.revision() == revision
    assert _ids(parts) == before


def _alike(parts: Parts, say: Say) -> None:
    for source in ("agent", "other"):
        take(parts, None, [say(f"{source}-web", source=source, identifiers=[("hostname", "web")])])


def test_shadow_shows_what_a_setting_would_join_and_writes_nothing(parts: Parts, say: Say) -> None:
    _alike(parts, say)
    before, revision = _ids(parts), parts.store.revision()
    found = foresee(parts, {"bare_name_bits": 20})
    assert found.joins == (tuple(sorted(before.values())),)
    assert (_ids(parts), parts.store.revision()) == (before, revision)
    resolve_estate(parts, {"bare_name_bits": 20})
    assert len(set(_ids(parts).values())) == 1
    take(parts, None, [say("third-web", source="third", identifiers=[("hostname", "web")])])
    assert len(set(_ids(parts).values())) == 1, "batches go by the settings that are kept"
    resolve_estate(parts, {"bare_name_bits": 12})
    assert {ci for record, ci in _ids(parts).items() if record in before} == set(before.values())


def _asked(parts: Parts) -> int:
    return sum(found.body["state"] == "open" for found in parts.store.documents("review"))


def test_a_pass_under_other_settings_asks_what_it_said_it_would(parts: Parts, say: Say) -> None:
    _alike(parts, say)
    assert _asked(parts) == 1
    for said, questions in (({"review_at": 2}, 0), ({"review_at": 0}, 1), ({"bare_name_bits": 9}, 0)):
        assert foresee(parts, said).reviews == questions
        found = resolve_estate(parts, said)
        assert (found.joins, found.reviews, _asked(parts)) == ((), questions, questions)


@pytest.mark.parametrize("shadow", [True, False])
def test_whoever_writes_while_a_pass_decides_need_not_wait_and_goes_by_its_settings(
    parts: Parts, say: Say, shadow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    _alike(parts, say)

    def slowly(*sightings: Any, **more: Any) -> Match:
        assert take(parts, None, [say("third-web", source="third", identifiers=[("hostname", "web")])]).accepted == 1
        return identify(*sightings, **more)

    monkeypatch.setattr("discovery.resolving.identify", slowly)
    found = (foresee if shadow else resolve_estate)(parts, {"bare_name_bits": 20})
    assert (found.records, len(found.joins)) == (2, 1)
    assert len(set(_ids(parts).values())) == (3 if shadow else 1)


def _os(parts: Parts, ci: str) -> Any:
    item = parts.store.item(ci)
    assert item is not None
    return item.ci.facts["os"].value


def test_what_other_words_would_do_is_said_before_they_come_into_force(parts: Parts, say: Say) -> None:
    def host(source: str, serial: str, os: str) -> Observation:
        known = [("serial", serial)]
        return say(f"{source} {serial}", source=source, name=serial, identifiers=known, attributes={"os": os})

    take(parts, None, [host("agent", "DEMO1", "a"), host("other", "DEMO1", "b")])
    take(parts, None, [host("agent", "C02XK1", "a"), host("other", "C02XK1", "b")])
    tick(parts)
    ids = _ids(parts)
    one, another = ids["agent C02XK1"], ids["agent DEMO1"]
    text = '[identifier_kinds.serial]\nstop = ["demo 1"]\n[sources]\n{}.authority = 9'
    believed = _os(parts, one)
    loser = "agent" if believed == "b" else "other"
    words = with_file(parts.vocabulary, text.format(loser), "words.toml")
    found = foresee(parts, {}, words)
    assert (found.joins, found.parts) == ((), ((another, 2),))
    after = "a" if believed == "b" else "b"
    assert (found.facts.counts, found.facts.first) == ({"os": 1}, ((one, "os", believed, after),))
    assert foresee(parts, {}).parts == ()
    assert _ids(parts) == ids, "nothing was written"

    told_so = replace(parts, vocabulary=words)
    tick(told_so)
    then = _ids(parts)
    assert then["agent DEMO1"] != then["other DEMO1"]
    assert then["agent C02XK1"] == then["other C02XK1"] == one
    assert _os(parts, one) == after
    tick(parts)
    assert _ids(parts) == ids, "what is stopped no more identifies again"


def test_words_that_could_not_read_what_is_held_are_refused(parts: Parts, say: Say) -> None:
    words = with_file(parts.vocabulary, '[classes.robot]\narea = "hardware"\ndescription = "x"', "words.toml")
    with pytest.raises(Invalid, match="robot"):
        foresee(replace(parts, vocabulary=words), {}, parts.vocabulary)


def test_a_pass_tells_beforehand_of_what_goes_with_the_thing_that_it_lies_within(parts: Parts, say: Say) -> None:
    for source in ("agent", "other"):
        holder, port = f"{source}-web", f"{source}-port"
        take(parts, None, [say(holder, source=source, identifiers=[("hostname", "web")])])
        within = f"record:{source}:{holder}"
        take(parts, None, [say(port, source=source, ci_class="endpoint", name="tcp/443", within=within)])
    before, revision = _ids(parts), parts.store.revision()
    one, other = (tuple(sorted(ci for name, ci in before.items() if name.endswith(what))) for what in ("-web", "-port"))
    told = foresee(parts, {"bare_name_bits": 20})
    assert (told.cis, set(told.joins)) == (2, {one, other})
    assert (_ids(parts), parts.store.revision()) == (before, revision)
    done = resolve_estate(parts, {"bare_name_bits": 20})
    assert replace(done, revision=0) == replace(told, revision=0)
    assert len(set(_ids(parts).values())) == 2
    assert set(foresee(parts, {"bare_name_bits": 12}).parts) == {(one[0], 2), (other[0], 2)}


def test_what_people_decided_stands_through_a_pass(parts: Parts, say: Say) -> None:
    take(parts, None, [say("a", identifiers=[("serial", "S-A1")]), say("b", identifiers=[("serial", "S-B2")])])
    ids = _ids(parts)
    merge(parts, ids["a"], ids["b"], author="ann", reason="one")
    found = resolve_estate(parts, {"review_at": -5})
    assert (found.joins, found.parts) == ((), ())
    assert set(_ids(parts).values()) == {ids["a"]}


def test_a_block_too_large_for_a_batch_is_decided_by_a_pass(parts: Parts, say: Say) -> None:
    resolve_estate(parts, {"largest_block": 3})
    for n in (0, 2, 4, 6, 1, 3, 5):
        links = [("mac", f"8c:85:90:00:00:{at:02}") for at in (n, n + 1)]
        take(parts, None, [say(f"r{n}", source=f"s{n}", identifiers=links)])
    assert len(set(_ids(parts).values())) > 1
    found = resolve_estate(parts, {})
    assert len(found.joins) == 1
    assert len(set(_ids(parts).values())) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"nosuch": 1},
        {"common_at": 1.5},
        {"common_at": 0},
        {"common_at": 10**30},
        {"merge_at": "4"},
        {"merge_at": math.inf},
        {"merge_at": math.nan},
        {"prior_bits": -1e300},
        {"address_at_once": 1},
        {"address_at_once": 0.0},
    ],
)
@pytest.mark.parametrize("shadow", [True, False])
def test_a_setting_that_cannot_be_is_refused(parts: Parts, say: Say, said: dict[str, Any], shadow: bool) -> None:
    with pytest.raises(Invalid):
        (foresee if shadow else resolve_estate)(parts, said)
    assert take(parts, None, [say("1", identifiers=[("serial", "S1AB")])]).created == 1


def test_an_address_that_is_worth_next_to_nothing_is_worth_nothing(parts: Parts, say: Say) -> None:
    resolve_estate(parts, {"address_half_life": 1})
    borne = [("ip", "10.0.0.1"), ("hostname", "web")]
    yesterday = say("1", at=parts.now() - DAY, identifiers=borne)
    assert take(parts, None, [yesterday, say("2", source="other", identifiers=borne)]).accepted == 2
