"""Words by configuration: what the file may say, and that every mistake is named with its line."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdb.ci_class import DAY
from cmdb.errors import Invalid
from cmdb.observation import observation
from cmdb.toml_lines import lines_of
from cmdb.vocabulary import SourceTraits, Vocabulary, vocabulary
from cmdb.vocabulary_file import with_file

ROOT = Path(__file__).parents[2]


def _read(text: str, **sources: SourceTraits) -> Vocabulary:
    return with_file(vocabulary(sources), text, "words.toml")


def _mistakes(text: str) -> list[str]:
    with pytest.raises(Invalid) as refused:
        _read(text)
    return str(refused.value).splitlines()


@pytest.fixture(scope="module")
def example() -> Vocabulary:
    """The file of the documentation."""
    (text,) = re.findall(r"^```toml\n(.*?)^```", (ROOT / "docs" / "vocabulary.md").read_text(), re.M | re.S)
    return _read(text, erp=SourceTraits(authority=3.0, authority_of={"os": 2.0}, guarantees_names=True))


def test_the_example_of_the_documentation_adds_what_it_says(example: Vocabulary) -> None:
    robot = example.classes["robot"]
    assert (robot.family, robot.absence.contact_age, robot.absence.age_to_retire) == ("device", 7 * DAY, 30 * DAY)
    assert robot.absence.misses_to_retire == 3
    assert "rack_unit" in example.classes["server"].attributes
    assert "os" in example.classes["server"].attributes
    assert example.classes["workstation"].absence.contact_age == 45 * DAY
    assert not example.classes["workstation"].absence.by_scan
    assert example.relation_types["feeds"].strength == 0.9
    assert example.half_life("owner") == 365 * DAY
    assert example.half_life("os") == 30 * DAY


def test_what_is_said_of_a_source_stands_over_what_it_declares(example: Vocabulary) -> None:
    traits = example.traits("erp")
    assert (traits.authority, traits.authority_of, traits.knows_contact) == (0.5, {"os": 2.0, "owner": 5.0}, True)
    assert traits.guarantees_names, "what is not spoken of stays"


def test_added_words_can_be_said(example: Vocabulary) -> None:
    said = observation(
        example, source="s", record="r", ci_class="robot", observed_at=0,
        identifiers=[("asset_tag", " ab 12 ")], attributes={"payload_kg": 2.5, "mode": "manual"},
    )  # fmt: skip
    assert [tuple(found) for found in said.identifiers] == [("asset_tag", "AB12")]
    for wrong in ({"payload_kg": "much"}, {"mode": "by hand"}):
        with pytest.raises(Invalid, match=next(iter(wrong))):
            observation(example, source="s", record="r", ci_class="robot", observed_at=0, attributes=wrong)


def test_every_mistake_is_found_at_once_with_its_line() -> None:
    text = """\
[classes.robot]
area = "toys"
colour = 1
[classes.Robot]
area = "hardware"
description = "x"
[classes.server]
family = "part"
    [classes.server.attributes]
    os = { type = "string", description = "declared already" }
    unit = { description = "no type" }
    tier = { type = "integer", description = "known everywhere" }

    "Bad-Name" = { type = "integer", description = "x" }
[classes.history]
area = "hardware"
description = "a word of the stores"
[half_lives]
os = "soon"
owner = "0d"
[clases.x]
[sources.erp]
authority_of = { "owner" = "much" }
[sources.human]
authority = 1
[identifier_kinds.serial]
description = "built in"
[identifier_kinds.tag]
form = "round"
[relation_types]
feeds = { description = "x", effect = "bang", strength = 2 }
"""
    assert [int(mistake.split(":")[1]) for mistake in _mistakes(text)] == [
        1, 2, 3, 4, 8, 10, 11, 12, 14, 15, 19, 20, 21, 23, 24, 27, 28, 29, 31, 31,
    ]  # fmt: skip
    assert all(mistake.startswith("words.toml:") for mistake in _mistakes(text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[classes.robot\n", "line 1"),
        ("classes = 3", r"words.toml:1: classes is a table: \[classes\] is wanted"),
        ("[classes]\nrobot = 3", r"words.toml:2: classes.robot is a table"),
        ("[classes.server]\nabsence = 3", "words.toml:2: classes.server.absence is a table"),
        ("[half_lives]\nos = 30", 'words.toml:2: os: 30 is no duration.*such as "30d"'),
        ("[classes.server.absence]\never = 1", "words.toml:2: ever: 1 is wrong: true or false is wanted"),
        ("[sources.x]\nauthority = nan", "words.toml:2: authority: nan is wrong"),
        ("[identifier_kinds.serial]\nform = 'text'", "words.toml:2: unknown key 'form'; known: bits, stop"),
        ("[identifier_kinds.hostname]\nbits = 3", "words.toml:2: its weight is a setting.*bare_name_bits"),
        ("[identifier_kinds.mac]\nstop = ['x']", "words.toml:2: stop: 'x' is not a MAC address"),
    ],
)
def test_a_mistake_says_what_is_wanted(text: str, said: str) -> None:
    assert re.search(said, "\n".join(_mistakes(text)))


def test_an_empty_file_changes_nothing() -> None:
    assert _read("").fingerprint() == vocabulary().fingerprint()
    assert _read("").rules() == vocabulary().rules()


def test_ages_and_authorities_move_the_rules_and_not_the_words() -> None:
    before = vocabulary()
    for text in (
        '[half_lives]\nos = "1d"',
        "[sources.x]\nauthority = 2",
        '[classes.server.absence]\ncontact_age = "1d"',
        "[identifier_kinds.serial]\nbits = 20",
        '[identifier_kinds.serial]\nstop = ["DEMO1"]',
    ):
        assert _read(text).fingerprint() == before.fingerprint()
        assert _read(text).rules() != before.rules()


_KEYS = st.sampled_from(["a", "b-c", "d_1", '"quoted key"', "'x.y'", '"\\u00e4"'])
_PLAIN = st.sampled_from(
    ["1", '"text # no comment"', "'}'", "[1, 2]", "2026-11-20", '"""one\ntwo ]"""', "'''\n[x]\nk = 1'''", "[\n 1, # ]\n 2\n]",
     "true", '"a\\"b"', '"""a\\"""b"""', "[[1], ['a']]"]
)  # fmt: skip
_INLINE = st.lists(
    st.tuples(_KEYS, _PLAIN.filter(lambda value: "\n" not in value)), max_size=3, unique_by=lambda pair: pair[0]
).map(lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }")
_STATEMENTS = st.lists(st.tuples(_KEYS, st.one_of(_PLAIN, _INLINE)), max_size=4, unique_by=lambda pair: pair[0])


def _bare(key: str) -> str:
    (bare,) = tomllib.loads(f"{key} = 0")
    return bare


@given(
    tables=st.lists(st.tuples(st.lists(_KEYS, min_size=1, max_size=3), _STATEMENTS), max_size=4),
    noise=st.sampled_from(["", "# [not.a.table]\n", "\n\n", "  \t\n"]),
)
def test_every_key_of_any_text_has_the_line_it_stands_on(tables: list[Any], noise: str) -> None:
    text, expected, headers = "", {}, set()
    for number, (header, statements) in enumerate(tables):
        path = (f"t{number}", *(_bare(key) for key in header))
        text += noise
        expected[path] = text.count("\n") + 1
        text += f"  [ {'.'.join((f't{number}', *header))} ]  # so\n"
        headers.add(path)
        for key, value in statements:
            expected[(*path, _bare(key))] = text.count("\n") + 1
            text += f"{key}={value}  # x = 1\n"
    tomllib.loads(text)
    lines = lines_of(text)
    assert {path: lines.get(path) for path in expected} == expected
