"""What was told under other weights and stop values, and is folded anew, is what would have been told under these."""

import itertools
import random
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmdb.draft import Context
from cmdb.observation import Observation
from cmdb.reconciliation import reconcile, reconcile_due
from cmdb.vocabulary import Vocabulary
from cmdb.vocabulary_file import with_file
from drawn_estates import content_of, hostile_fleet, in_batches, weeks_of_repetition

Say = Callable[..., Observation]
NOW = 21 * 86_400_000_000


def _drawn_words(words: Vocabulary, told: list[Observation], dice: random.Random) -> Vocabulary:
    """A sixth of the values stopped, and some kinds weighed otherwise."""
    borne = sorted({pair for said in told for pair in said.identifiers})
    stopped: dict[str, list[str]] = {}
    for kind, value in dice.sample(borne, 1 + len(borne) // 6):
        stopped.setdefault(kind, []).append(value)
    lines = [f"{kind}.stop = {values}" for kind, values in stopped.items()]
    lines += [f"{kind}.bits = {dice.randint(1, 30)}" for kind in ("serial", "mac") if dice.random() < 0.5]
    return with_file(words, "\n".join(["[identifier_kinds]", *lines]), "words.toml")


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), at_once=st.integers(1, 9), of=st.sampled_from([hostile_fleet, weeks_of_repetition]))
def test_folding_anew_comes_to_what_would_have_been_told_under_these_words(
    seed: int, at_once: int, of: Any, say: Say, new_graph: Any, words: Vocabulary
) -> None:
    dice, ids = random.Random(seed), itertools.count(1)
    told = of(say, seed)
    others = _drawn_words(words, told, dice)

    def under(declared: Vocabulary) -> Context:
        return Context(declared, NOW, lambda: f"ci{next(ids):05}")

    def tell(declared: Vocabulary) -> Any:
        graph = new_graph()
        graph.words = declared
        for batch in in_batches(told, dice):
            graph.apply(reconcile(batch, graph, under(declared)).patch)
        return graph

    def fold_anew(graph: Any, declared: Vocabulary) -> Any:
        graph.words, after = declared, ""
        while cis := sorted(ci for ci in graph.cis if ci > after)[:at_once]:
            graph.apply(reconcile_due(cis, graph, under(declared)).patch)
            after = cis[-1]
        return content_of(graph)

    graph = tell(words)
    before = content_of(graph)
    assert fold_anew(graph, others) == content_of(tell(others))
    assert fold_anew(graph, words) == before
