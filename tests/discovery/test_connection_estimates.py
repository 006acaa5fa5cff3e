"""What a few looks allow to say, against laws and against simulated hosts whose every edge is known."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.sources.connections.estimates import Trials, confidence, faded, unseen

counts = st.lists(st.integers(1, 500), max_size=200)
trials = st.tuples(st.floats(0, 1e4), st.floats(0, 1e4)).map(lambda two: Trials(min(two), max(two)))


@given(counts)
def test_a_share_lies_between_its_bounds_and_they_between_none_and_all(seen: list[int]) -> None:
    found = unseen(seen)
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.kinds >= 0


@given(counts, st.randoms(use_true_random=False))
def test_the_order_of_what_was_seen_does_not_matter(seen: list[int], chance: random.Random) -> None:
    mixed = [*seen]
    chance.shuffle(mixed)
    assert unseen(mixed) == unseen(seen)


@given(counts.filter(bool))
def test_to_see_all_of_it_once_more_never_makes_more_of_it_unseen(seen: list[int]) -> None:
    assert unseen([count + 1 for count in seen]).share <= unseen(seen).share


@pytest.mark.parametrize("seen", [[], [1], [1, 1, 1]])
def test_one_look_says_nothing_of_what_it_missed(seen: list[int]) -> None:
    found = unseen(seen)
    assert (found.share, found.low, found.high) == (1.0, 0.0, 1.0)


def test_the_numbers_are_those_of_the_books() -> None:
    found = unseen([1, 1, 1, 1, 2, 2, 5, 8])
    assert found.share == pytest.approx(4 / 21)
    assert found.kinds == pytest.approx(16 / 4)
    assert found.high - found.share == pytest.approx(1.959963984540054 * math.sqrt(4 * (1 - 4 / 21) + 4) / 21)


@given(trials)
def test_a_confidence_is_a_probability_that_neither_one_look_nor_a_thousand_make_certain(given_: Trials) -> None:
    assert 0 < confidence(given_) < 1


@given(trials, st.floats(0, 1e3), st.floats(0, 1e3), st.floats(0.1, 1e3))
def test_what_fades_in_two_steps_fades_as_in_one(given_: Trials, one: float, two: float, half_life: float) -> None:
    at_once = faded(given_, one + two, half_life)
    stepwise = faded(faded(given_, one, half_life), two, half_life)
    assert stepwise.seen == pytest.approx(at_once.seen, abs=1e-9)
    assert stepwise.looked == pytest.approx(at_once.looked, abs=1e-9)


def test_after_a_half_life_half_of_it_counts() -> None:
    assert faded(Trials(8, 12), 14, 14) == Trials(4, 6)


@given(trials, st.floats(0.01, 100))
def test_to_be_seen_makes_surer_and_to_be_missed_less_sure(given_: Trials, more: float) -> None:
    seen = Trials(given_.seen + more, given_.looked + more)
    missed = Trials(given_.seen, given_.looked + more)
    assert confidence(missed) <= confidence(given_) <= confidence(seen)


def host(chance: random.Random) -> list[float]:
    """P(an edge is visible in one look) for each edge of a host: a few pools held open, many rare callers."""
    steady = [1.0] * chance.randint(3, 10)
    regular = [chance.uniform(0.2, 0.9) for _ in range(chance.randint(5, 20))]
    rare = [10 ** chance.uniform(-3, -0.7) for _ in range(chance.randint(10, 60))]
    return [*steady, *regular, *rare]


def looked_at(edges: list[float], looks: int, chance: random.Random) -> tuple[list[int], float]:
    """In how many looks each edge was seen, and the share of all traffic that goes over edges not seen."""
    seen = [sum(chance.random() < edge for _ in range(looks)) for edge in edges]
    missed = sum(edge for edge, count in zip(edges, seen, strict=True) if not count)
    return [count for count in seen if count], missed / sum(edges)


def errors_after(looks: int, hosts: int = 400) -> tuple[list[float], float]:
    """How far the share told is from the truth, host by host in order of size, and how often the bounds held it."""
    chance = random.Random(looks)
    errors, inside = [], 0
    for _ in range(hosts):
        seen, truth = looked_at(host(chance), looks, chance)
        found = unseen(seen)
        errors.append(abs(found.share - truth))
        inside += found.low <= truth <= found.high
    return sorted(errors), inside / hosts


@pytest.mark.parametrize("looks", [20, 100, 500])
def test_the_share_not_seen_is_told_to_within_five_points(looks: int) -> None:
    errors, inside = errors_after(looks)
    assert errors[-1] <= 0.05
    assert inside >= 0.9


def test_after_a_few_looks_it_is_so_on_the_average_and_the_bounds_say_how_sure_that_is() -> None:
    errors, inside = errors_after(5)
    assert sum(errors) / len(errors) <= 0.05
    assert inside >= 0.9


def test_the_number_never_seen_is_told_too_low_rather_than_too_high() -> None:
    chance = random.Random(7)
    told, true = 0.0, 0
    for _ in range(300):
        edges = host(chance)
        seen, _ = looked_at(edges, 50, chance)
        told += unseen(seen).kinds
        true += len(edges) - len(seen)
    assert 0.4 * true <= told <= 1.1 * true
