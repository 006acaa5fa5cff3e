"""What words a store was written under, and whether a process with these may use it."""

from collections.abc import Mapping

from cmdb.errors import Invalid
from cmdb.vocabulary import Vocabulary
from graph.encoding import from_json, to_json
from graph.store import VocabularyMismatch

SHOWN = 5
"""words named in a message; the others are counted"""


def encoded_words(vocabulary: Vocabulary) -> str:
    """The words as a store keeps them."""
    return to_json(vocabulary.words())


def brings_more(stored: str, vocabulary: Vocabulary) -> bool:
    """Whether the process has words that the store has not.

    Raises VocabularyMismatch where it lacks one that the store has, or means something else by it: there may be data
    that it could not read, or would read otherwise.
    """
    known: Mapping[str, str] = from_json(stored)
    here = vocabulary.words()
    lacking = sorted(known.keys() - here.keys())
    if lacking:
        raise VocabularyMismatch(
            f"this store was written with words that are not declared here: {_listed(lacking)}; declare them again in "
            "the file that CMDB_VOCABULARY names (words can be added to a store with data, but not taken away), or "
            "begin a new store"
        )
    other = sorted(word for word, meaning in known.items() if here[word] != meaning)
    if other:
        raise VocabularyMismatch(
            f"this store was written under another declaration of {_listed(other)}: what decides identity or impact "
            "(a class's family, named, apart, own_record; a type's effects and group; a kind's one_valued, by_realm, "
            "form) cannot change under data"
        )
    return len(here) > len(known)


def check_reads(words: Vocabulary, held: Vocabulary) -> None:
    """Raises Invalid where what is held under one vocabulary could not be read, or not alike, under another."""
    try:
        brings_more(encoded_words(held), words)
    except VocabularyMismatch as error:
        raise Invalid(str(error)) from None


def check_still_ours(stored: str | None, fingerprint: str) -> None:
    """Raises VocabularyMismatch where another process has brought more words since the store was opened."""
    if stored != fingerprint:
        raise VocabularyMismatch(
            "another process has written this store with more words than are declared here: "
            "start this one with the same file in CMDB_VOCABULARY"
        )


def _listed(words: list[str]) -> str:
    shown = ", ".join(words[:SHOWN])
    return shown if len(words) <= SHOWN else f"{shown} and {len(words) - SHOWN} more"
