"""A reference means the same however often its beginning was read before."""

from collections.abc import Iterator

import pytest

from cmdb.errors import Invalid
from cmdb.meaning import Meaning, Meanings
from cmdb.reference import lookup_key, parse_reference
from cmdb.vocabulary import Vocabulary

VALUES = {
    "serial": ("sn 0001", "A|B%C"),
    "uuid": ("4C4C4544-0042-4410-8030-B4C04F4E5A32", "44454c4c-4200-1044-8030-b4c04f4e5a32"),
    "mac": ("00-25-90-AA-BB-CC", "00:25:90:aa:bb:cd"),
    "ip": ("10.0.0.7", "2001:DB8::1"),
    "socket": ("10.0.0.7:443", "[2001:db8::1]:443"),
    "hostname": ("Db1", "db2$"),
    "fqdn": ("DB1.corp.example.", "db1.local", "db1"),
    "name": ("Online Shop", "Straße: 7"),
    "record": ("ad:S-1-5-21-7", "cmdb:a|b"),
}


def _texts(words: Vocabulary) -> Iterator[str]:
    for head in ("", "server."):
        for kind, values in VALUES.items():
            for realm in ("", "@corp", "@a|b"):
                for value in values:
                    yield str(parse_reference(f"{head}{kind}{realm}:{value}", words))


def test_what_a_reference_means_does_not_depend_on_what_was_read_before(words: Vocabulary) -> None:
    meanings = Meanings(words)
    for text in [*_texts(words), *_texts(words)]:
        parsed = parse_reference(text, words)
        assert meanings[text] == Meaning(*parsed, lookup_key(parsed, words)), text


def test_an_id_means_itself(words: Vocabulary) -> None:
    assert Meanings(words)["0f3a"].key == "id|0f3a"


def test_what_is_no_reference_is_refused_as_ever(words: Vocabulary) -> None:
    meanings = Meanings(words)
    assert meanings["serial:SN1"].value == "SN1"
    for text in ("serial:", "cereal:SN1"):
        with pytest.raises(Invalid):
            meanings[text]
