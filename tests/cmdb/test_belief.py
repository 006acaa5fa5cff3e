"""Which value stands: authority, age, people, and what was outvoted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.belief import believe
from cmdb.ci_class import DAY
from cmdb.contradiction import contradiction
from cmdb.fold import fold
from cmdb.lifecycle import presence
from cmdb.observation import observation
from cmdb.sighting import Correction, Sighting, heard, sightings_of
from cmdb.vocabulary import SourceTraits, Vocabulary, vocabulary

See = Callable[..., list[Sighting]]


def test_the_better_source_stands_while_fresh_and_gives_way_when_stale(say: Any, see: See, words: Vocabulary) -> None:
    """jamf has authority 2, ad 1: after one half-life (30 days for `os`) they are equal, and then the newer stands."""
    for day, stands in ((0, "jamf's"), (29, "jamf's"), (31, "ad's")):
        seen = see(
            say("1", source="jamf", attributes={"os": "jamf's"}),
            say("2", source="ad", day=day, attributes={"os": "ad's"}),
        )
        fact = believe(seen, words, 100 * DAY)["os"]
        assert fact.value == stands
        assert {value.value for value in fact.outvoted} == {"jamf's", "ad's"} - {stands}


def test_each_attribute_ages_at_its_own_pace(say: Any, see: See, words: Vocabulary) -> None:
    said = {"os": "jamf's", "owner": "jamf's"}
    seen = see(
        say("1", source="jamf", attributes=said),
        say("2", source="ad", day=60, attributes=dict.fromkeys(said, "ad's")),
    )
    facts = believe(seen, words, 100 * DAY)
    assert (facts["os"].value, facts["owner"].value) == ("ad's", "jamf's")


def test_authority_can_be_given_by_attribute_and_half_lives_by_the_installation(say: Any, see: See) -> None:
    sources = {"erp": SourceTraits(authority=0.1, authority_of={"owner": 9.0}), "ad": SourceTraits()}
    words = vocabulary(sources)
    seen = see(
        say("1", source="erp", attributes={"owner": "erp's", "os": "erp's"}),
        say("2", source="ad", attributes={"owner": "ad's", "os": "ad's"}),
    )
    facts = believe(seen, words, 0)
    assert (facts["owner"].value, facts["os"].value) == ("erp's", "ad's")
    old = see(
        say("1", source="erp", attributes={"owner": "erp's"}),
        say("2", source="ad", day=10, attributes={"owner": "ad's"}),
    )
    assert believe(old, words, 0)["owner"].value == "erp's"
    assert believe(old, replace(words, half_lives={"owner": DAY}), 0)["owner"].value == "ad's"


def test_an_account_nobody_uses_does_not_outvote_a_fresh_source(say: Any, see: See, words: Vocabulary) -> None:
    seen = see(
        say("1", source="jamf", attributes={"os": "of years ago"}, name="old-name"),
        say("10.0.0.1", source="nmap", day=900, attributes={"os": "of today"}, name="new-name"),
    )
    folded = fold(seen, words, 901 * DAY)
    assert folded.facts["os"].value == "of today"
    assert folded.name == "new-name"
    assert folded.lifecycle == "live"


def test_null_says_that_there_is_none_and_a_missing_key_says_nothing(say: Any, see: See, words: Vocabulary) -> None:
    seen = see(
        say("1", source="jamf", attributes={"owner": None}),
        say("2", source="ad", attributes={"owner": "ann", "os": "x"}),
    )
    facts = believe(seen, words, 0)
    assert facts["owner"].value is None
    assert [value.value for value in facts["owner"].outvoted] == ["ann"]
    assert facts["os"].value == "x"
    assert facts["os"].outvoted == ()


@pytest.fixture
def corrected(say: Any, see: See, words: Vocabulary) -> list[Sighting]:
    """A machine with a person's word on its tier, given until day 10."""
    seen = see(say("1", source="ad", day=9, attributes={"tier": 3}))
    said = observation(
        words, source="human", record="tier of it", ci_class="server", observed_at=0, attributes={"tier": 1}
    )
    record = heard(None, said, words, brought="h", applied=2, heard_in=1)
    word = Correction("ad|default|1", "ann", "it pays our wages", expires_at=10 * DAY)
    return [*seen, *sightings_of(record._replace(correction=word), words)]


def test_a_persons_word_stands_over_every_source_and_does_not_age(corrected: list[Sighting], words: Vocabulary) -> None:
    fact = believe(corrected, words, 10 * DAY - 1)["tier"]
    assert (fact.value, [value.value for value in fact.outvoted]) == (1, [3])


def test_a_persons_word_ends_when_it_expires_or_is_withdrawn(corrected: list[Sighting], words: Vocabulary) -> None:
    fact = believe(corrected, words, 10 * DAY)["tier"]
    assert (fact.value, fact.outvoted) == (3, ())
    withdrawn = [corrected[0], corrected[1]._replace(gone=True)]
    assert believe(withdrawn, words, 0)["tier"].value == 3
    assert fold(corrected, words, 9 * DAY).due == 10 * DAY


def test_values_of_what_is_gone_stand_only_where_no_other_is_left(
    corrected: list[Sighting], say: Any, see: See, words: Vocabulary
) -> None:
    gone, left = see(
        say("1", source="jamf", attributes={"os": "x", "model": "m"}), say("2", source="ad", attributes={"os": "y"})
    )
    gone = gone._replace(gone=True)
    facts = believe([gone, left], words, 0)
    assert {name: fact.value for name, fact in facts.items()} == {"os": "y"}
    assert believe([gone], words, 0)["model"].value == "m"
    facts = believe([gone, corrected[1]], words, 0)
    assert {name: fact.value for name, fact in facts.items()} == {"model": "m", "os": "x", "tier": 1}


def test_true_is_not_one(say: Any, see: See, words: Vocabulary) -> None:
    seen = see(say("1", source="jamf", attributes={"x": True}), say("2", source="ad", attributes={"x": 1}))
    assert [value.value for value in believe(seen, words, 0)["x"].outvoted] == [1]


@given(days=st.lists(st.integers(0, 400), min_size=2, max_size=5), later=st.integers(0, 4000))
def test_the_winner_depends_on_the_sightings_and_never_on_the_clock(days: list[int], later: int) -> None:
    words = vocabulary({"jamf": SourceTraits(authority=2.0), "nmap": SourceTraits(authority=0.3)})
    seen = []
    for n, day in enumerate(days):
        said = observation(
            words, source=("jamf", "ad", "nmap")[n % 3], record=str(n), ci_class="server", observed_at=day * DAY,
            attributes={"os": f"v{n}"},
        )  # fmt: skip
        record = heard(None, said, words, brought=f"i{n}", applied=n + 1, heard_in=1)
        seen += sightings_of(record, words)
    assert believe(seen, words, 400 * DAY) == believe(list(reversed(seen)), words, (400 + later) * DAY)


@pytest.mark.parametrize(
    ("status", "misses", "day", "said"),
    [
        ("decommissioned", 0, 1, "decommissioned, but it answers"),
        ("in_stock", 0, 1, "in_stock, but it answers"),
        ("planned", 0, 1, "planned, but it answers"),
        ("in_repair", 0, 1, None),
        ("in_use", 0, 1, None),
        ("decommissioned", 1, 1, None),
        ("in_use", 3, 100, "in_use, but not seen for so long that it counts as retired"),
    ],
)
def test_what_is_declared_and_what_is_seen_may_contradict_each_other(
    status: str, misses: int, day: int, said: str | None, say: Any, see: See, words: Vocabulary
) -> None:
    register, agent = see(say("1", source="erp", attributes={"status": status}), say("2", source="agent"))
    seen = [register._replace(misses=misses), agent._replace(misses=misses)]
    found = presence(seen, words.classes["server"], words, day * DAY)
    assert contradiction(seen, believe(seen, words, 0), found) == said
    alone = presence(seen[:1], words.classes["server"], words, day * DAY)
    if misses == 0:
        assert contradiction(seen[:1], believe(seen[:1], words, 0), alone) is None, "a register lists its store room"
