"""Observations: checked where they come in, so that nothing behind the door has to."""

from collections.abc import Callable

import pytest

from cmdb.errors import Invalid
from cmdb.observation import Claim, Observation, need_from, observation, spelled_need
from cmdb.time import from_rfc3339, to_rfc3339
from cmdb.vocabulary import Vocabulary


def test_a_worthless_identifier_is_kept_as_an_attribute(say: Callable[..., Observation]) -> None:
    said = say("1", serial="Default string", mac=["8c:85:90:01:02:03", "02:42:ac:11:00:02"])
    assert [found.kind for found in said.identifiers] == ["mac"]
    assert dict(said.attributes)["identifier.serial"] == "Default string"


def test_without_a_name_the_hostname_stands_for_it_and_else_the_record(say: Callable[..., Observation]) -> None:
    assert say("r1", hostname="WEB1").name == "web1"
    assert say("r1", fqdn="web1.corp.example").name == "web1.corp.example"
    assert say("r1", serial="S1").name == "r1"
    assert not say("r1", serial="S1").named


def test_objects_are_flattened_and_lists_kept(say: Callable[..., Observation]) -> None:
    said = say("1", attributes={"tags": {"team": "a"}, "ports": [22, 80], "roles": ["x"]})
    assert dict(said.attributes) == {"tags.team": "a", "ports": (22, 80), "roles": ("x",)}


@pytest.mark.parametrize(
    "attributes",
    [
        {"tier": "one"},
        {"tier": True},
        {"network_root": "yes"},
        {"status": "lost"},
        {"Bad-Name": 1},
        {"size": float("inf")},
        {"size": 2**70},
        {"mixed": [1, "a"]},
        {"text": "a\x00b"},
        {"text": "\ud800"},
        {"memory_bytes": "much"},
        {"deep": object()},
        {"disk": {"size": 1}, "disk.size": 2},
        {"disk.size": 2, "disk": {"size": 1}},
    ],
)
def test_a_wrong_attribute_is_refused(say: Callable[..., Observation], attributes: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        say("1", attributes=attributes)


@pytest.mark.parametrize(
    "claim",
    [
        Claim("needs", True, "name:x"),
        Claim("depends_on", True, "colour:x"),
        Claim("depends_on", True, "Not A Reference"),
        Claim("depends_on", True, "name:x", need=2),
        Claim("depends_on", True, "name:x", effect="sad"),
        Claim("depends_on", True, "name:x", strength=1.5),
        Claim("depends_on", True, "nonsense.name:x"),
    ],
)
def test_a_wrong_relation_is_refused(say: Callable[..., Observation], claim: Claim) -> None:
    with pytest.raises(Invalid):
        say("1", claims=(claim,))


def test_the_content_is_the_same_in_any_order_and_at_any_time(say: Callable[..., Observation]) -> None:
    one = say("1", day=1, serial="A1", mac="8c:85:90:01:02:03", attributes={"a": 1, "b": 2})
    two = say("1", day=9, mac="8c-85-90-01-02-03", serial="a1", attributes={"b": 2, "a": 1})
    assert one.content == two.content
    assert one.content != say("1", serial="A1", attributes={"a": 1}).content


def test_an_unknown_class_is_named_with_the_known_ones(words: Vocabulary) -> None:
    with pytest.raises(Invalid, match=r"unknown class 'toaster'; known: .*workstation"):
        observation(words, source="s", record="r", ci_class="toaster", observed_at=0)


@pytest.mark.parametrize(("stated", "kept"), [(1, 1), (3, 3), (1_000_000, 1_000_000), ("50%", -50), ("100%", -100)])
def test_a_need_is_a_count_or_a_share(stated: object, kept: int) -> None:
    assert need_from(stated) == kept
    assert spelled_need(kept) == stated


@pytest.mark.parametrize("stated", [0, -1, True, "half", "0%", "101%", 1.5, None, 1_000_001, 10**30])
def test_any_other_need_is_refused(stated: object) -> None:
    with pytest.raises(Invalid):
        need_from(stated)


def test_times_keep_their_microseconds_both_ways() -> None:
    assert to_rfc3339(from_rfc3339("2026-11-20T10:00:00Z")) == "2026-11-20T10:00:00Z"
    assert to_rfc3339(from_rfc3339("2026-11-20T10:00:00.000001+02:00")) == "2026-11-20T08:00:00.000001Z"
    for wrong in ("2026-11-20", "2026-11-20T10:00:00", "2026-13-40T10:00:00Z", "now"):
        with pytest.raises(Invalid):
            from_rfc3339(wrong)
