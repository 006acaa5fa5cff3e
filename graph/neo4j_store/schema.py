"""Constraints and indexes, and the mark that says which declarations a database was written under."""

from neo4j import ManagedTransaction, Session

from cmdb.vocabulary import Vocabulary
from graph.neo4j_store.statements import LOCK
from graph.store import StoreError
from graph.words import brings_more, encoded_words

VERSION = 5
WORDS = "cmdb_words"

_UNIQUE = (
    ("CI", "id"), ("Record", "key"), ("Alias", "id"), ("Revision", "id"), ("RevisionLog", "n"), ("Schema", "id"),
)  # fmt: skip
_INDEXED = (
    ("Clue", "key"), ("Clue", "record"), ("Waiting", "key"), ("Waiting", "record"), ("CI", "name_key"),
    ("History", "ci"), ("Document", "kind", "key"), ("Record", "source", "realm", "scope"), ("Record", "parent"),
    ("CI", "_due"),
    ("History", "revision", "seq"), ("Past", "kind", "id", "n"), ("Past", "kind", "n"), ("Past", "from_ci"),
    ("Past", "to_ci"), ("CI", "born"), ("RevisionLog", "recorded_at"),
)  # fmt: skip
_FULL_TEXT = (
    f"CREATE FULLTEXT INDEX {WORDS} IF NOT EXISTS FOR (n:CI) ON EACH [n._words] "
    "OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace', `fulltext.eventually_consistent`: false}}"
)
_MARK = (
    "MERGE (m:Schema {id: 'cmdb'}) ON CREATE SET m.version = $version, m.vocabulary = $vocabulary, m.words = $words "
    "MERGE (v:Revision {id: 'last'}) RETURN m.version, m.words"
)


def prepare(session: Session, vocabulary: Vocabulary) -> None:
    """Create what is missing; refuse a database that another version or vocabulary wrote. Raises StoreError."""
    # Even a statement that finds its index there waits for every writer, so only what is missing is asked for.
    there = {name for (name,) in session.run("SHOW INDEXES YIELD name RETURN name").values()}
    missing = [statement for name, statement in _wanted().items() if name not in there]
    for statement in missing:
        session.execute_write(_run, statement)
    if missing:
        session.run("CALL db.awaitIndexes(300)").consume()
    found = session.execute_read(_mark, "OPTIONAL MATCH (m:Schema {id: 'cmdb'}) RETURN m.version, m.words", {})
    if found[0] is None:
        given = {"version": VERSION, **_declared(vocabulary)}
        found = session.execute_write(_mark, _MARK, given)
    if found[0] != VERSION:
        raise StoreError(
            f"this database was written by another version of cmdb (schema {found[0]}, here {VERSION}): "
            "export it with that version and import the file here"
        )
    if brings_more(str(found[1]), vocabulary):
        session.execute_write(_widen, vocabulary)


def _declared(vocabulary: Vocabulary) -> dict[str, object]:
    return {"vocabulary": vocabulary.fingerprint(), "words": encoded_words(vocabulary)}


def _widen(tx: ManagedTransaction, vocabulary: Vocabulary) -> None:
    tx.run(LOCK).consume()
    stored = tx.run("MATCH (m:Schema {id: 'cmdb'}) RETURN m.words").single(strict=True).value()
    if brings_more(stored, vocabulary):  # another process may have brought other words meanwhile
        tx.run("MATCH (m:Schema {id: 'cmdb'}) SET m += $declared", declared=_declared(vocabulary)).consume()


def _wanted() -> dict[str, str]:
    """Name of each index (a constraint's is named alike) → the statement that makes it."""
    wanted = {}
    for label, key in _UNIQUE:
        name = f"cmdb_{label}_{key}".lower()
        wanted[name] = f"CREATE CONSTRAINT {name} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{key} IS UNIQUE"
    for label, *keys in _INDEXED:
        name = "_".join(("cmdb", label, *keys)).lower()
        on = ", ".join(f"n.{key}" for key in keys)
        wanted[name] = f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{label}) ON ({on})"
    wanted[WORDS] = _FULL_TEXT
    return wanted


def _run(tx: ManagedTransaction, statement: str) -> None:
    tx.run(statement).consume()


def _mark(tx: ManagedTransaction, statement: str, given: dict[str, object]) -> tuple[object, object]:
    (version, fingerprint) = tx.run(statement, given).single(strict=True)
    return version, fingerprint
