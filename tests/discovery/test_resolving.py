"""A pass over the whole estate agrees with what batches decided, and shows what settings would change."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cmdb.errors import Invalid
from cmdb.observation import Observation
from discovery.decisions import merge
from discovery.resolving import resolve_estate
from discovery.run import Parts, take

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
    found = resolve_estate(parts, {}, shadow=True)
    assert (found.joins, found.parts) == ((), ())
    assert found.cis == len(set(before.values()))
    assert resolve_estate(parts, {}, shadow=False).joins == ()
    assert parts.store.revision() == revision
    assert _ids(parts) == before


def _alike(parts: Parts, say: Say) -> None:
    for source in ("agent", "other"):
        take(parts, None, [say(f"{source}-web", source=source, identifiers=[("hostname", "web")])])


def test_shadow_shows_what_a_setting_would_join_and_writes_nothing(parts: Parts, say: Say) -> None:
    _alike(parts, say)
    before, revision = _ids(parts), parts.store.revision()
    found = resolve_estate(parts, {"bare_name_bits": 20}, shadow=True)
    assert found.joins == (tuple(sorted(before.values())),)
    assert (_ids(parts), parts.store.revision()) == (before, revision)
    resolve_estate(parts, {"bare_name_bits": 20}, shadow=False)
    assert len(set(_ids(parts).values())) == 1
    take(parts, None, [say("third-web", source="third", identifiers=[("hostname", "web")])])
    assert len(set(_ids(parts).values())) == 1, "batches go by the settings that are kept"
    resolve_estate(parts, {"bare_name_bits": 12}, shadow=False)
    assert {ci for record, ci in _ids(parts).items() if record in before} == set(before.values())


def test_what_people_decided_stands_through_a_pass(parts: Parts, say: Say) -> None:
    take(parts, None, [say("a", identifiers=[("serial", "S-A1")]), say("b", identifiers=[("serial", "S-B2")])])
    ids = _ids(parts)
    merge(parts, ids["a"], ids["b"], author="ann", reason="one")
    found = resolve_estate(parts, {"review_at": -5}, shadow=False)
    assert (found.joins, found.parts) == ((), ())
    assert set(_ids(parts).values()) == {ids["a"]}


def test_a_block_too_large_for_a_batch_is_decided_by_a_pass(parts: Parts, say: Say) -> None:
    resolve_estate(parts, {"largest_block": 3}, shadow=False)
    for n in (0, 2, 4, 6, 1, 3, 5):
        links = [("mac", f"8c:85:90:00:00:{at:02}") for at in (n, n + 1)]
        take(parts, None, [say(f"r{n}", source=f"s{n}", identifiers=links)])
    assert len(set(_ids(parts).values())) > 1
    found = resolve_estate(parts, {}, shadow=False)
    assert len(found.joins) == 1
    assert len(set(_ids(parts).values())) == 1


@pytest.mark.parametrize("said", [{"nosuch": 1}, {"common_at": 1.5}, {"common_at": 0}, {"merge_at": "4"}])
def test_a_setting_that_cannot_be_is_refused(parts: Parts, said: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        resolve_estate(parts, said, shadow=True)
