"""How a thing is spoken of: `id`, or `[class.]kind[@realm]:value`, in one normal form."""

import re
import unicodedata
from typing import NamedTuple

from cmdb.errors import Invalid
from cmdb.identifier import is_scoped, linking_key
from cmdb.vocabulary import Vocabulary

_ID = re.compile(r"[0-9a-z_-]{1,64}\Z")
_HEAD = re.compile(r"(?:([a-z][a-z0-9_]*)\.)?([a-z][a-z0-9_]*)(?:@(.{1,256}))?\Z", re.DOTALL)

ID, RECORD, NAME = "id", "record", "name"


class Reference(NamedTuple):
    """`realm` is None where all are searched, and for kinds that mean the same everywhere."""

    ci_class: str | None
    kind: str
    realm: str | None
    value: str

    def __str__(self) -> str:
        if self.kind == ID:
            return self.value
        head = f"{self.ci_class}.{self.kind}" if self.ci_class else self.kind
        return f"{head}@{self.realm}:{self.value}" if self.realm is not None else f"{head}:{self.value}"


def escaped(part: str) -> str:
    """`part` with no `|` in it, so that keys made of several parts cannot be confused."""
    return part.replace("%", "%25").replace("|", "%7C") if "|" in part or "%" in part else part


def record_key(source: str, realm: str, record: str) -> str:
    """The key of one source's record."""
    return f"{escaped(source)}|{escaped(realm)}|{escaped(record)}"


def realm_of(key: str) -> str:
    """The realm in a record's key."""
    return key.split("|")[1].replace("%7C", "|").replace("%25", "%")


def folded_name(name: str) -> str:
    """A standing name as it is compared."""
    return unicodedata.normalize("NFC", name.strip()).casefold()


def parse_reference(text: str, vocabulary: Vocabulary, realm: str | None = None) -> Reference:
    """The reference in normal form; `realm` is where it was said, None for a question that searches all.

    Raises Invalid for text that is no reference, an unknown class or kind, or a value that is no value of its kind.
    """
    head, colon, value = text.partition(":")
    if not colon:
        if _ID.match(text):
            return Reference(None, ID, None, text)
        raise Invalid(f"{text!r} is no reference: an id, or kind:value such as fqdn:db1.corp.example, is wanted")
    match = _HEAD.match(head)
    if match is None or not value.strip():
        raise Invalid(f"{text!r} is no reference: [class.]kind[@realm]:value is wanted")
    ci_class, kind, named_realm = match.groups()
    if ci_class is not None:
        vocabulary.ci_class(ci_class)
    where = named_realm if named_realm is not None else realm
    if kind == RECORD:
        if ":" not in value:
            raise Invalid(f"{text!r} is no record reference: record[@realm]:source:record is wanted")
        return Reference(ci_class, RECORD, where, value)
    declared = vocabulary.identifier_kinds.get(kind)
    if declared is None:
        raise Invalid(
            f"{text!r}: unknown kind {kind!r}; known: record, {', '.join(sorted(vocabulary.identifier_kinds))}"
        )
    normal = declared.normal(value)
    return Reference(ci_class, kind, where if is_scoped(declared, normal) else None, normal)


def lookup_key(reference: Reference, vocabulary: Vocabulary) -> str:
    """Where bearers of the reference are found; ends in `|` where every realm is searched (a prefix of the key)."""
    kind, value, realm = reference.kind, reference.value, reference.realm
    if kind == ID:
        return f"id|{value}"
    if kind == NAME:
        return f"name|{escaped(folded_name(value))}"
    if kind == RECORD:
        source, _, record = value.partition(":")
        return f"record|{record_key(source, 'default' if realm is None else realm, record)}"
    declared = vocabulary.identifier_kinds[kind]
    return linking_key(declared, value, realm or "")
