"""Constraints and indexes, and the mark that says which declarations a database was written under."""

from collections.abc import Iterable

from neo4j import Driver

from cmdb.vocabulary import Vocabulary
from graph.store import StoreError, VocabularyMismatch

VERSION = 1
WORDS = "ci_words"


def label_of(ci_class: str) -> str:
    """The label of a class: `virtual_machine` → `VirtualMachine`."""
    return "".join(part.capitalize() for part in ci_class.split("_"))


def type_of(relation_type: str) -> str:
    """The relation type as Neo4j spells it: `depends_on` → `DEPENDS_ON`."""
    return relation_type.upper()


def statements(vocabulary: Vocabulary) -> Iterable[str]:
    """One unique key for what is looked up by key, one index for everything else that is looked up."""
    unique = {"CI": "id", "Record": "key", "Alias": "id", "Revision": "key", "RevisionLog": "n", "Meta": "key"}
    for label, key in unique.items():
        yield f"CREATE CONSTRAINT {label.lower()}_{key} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{key} IS UNIQUE"
    for label, keys in (
        ("Clue", ("key", "record")), ("Waiting", ("key", "record")), ("CI", ("name_key",)),
        ("History", ("ci", "revision")),
        ("Document", ("kind", "key")), ("Record", ("source", "realm", "scope")), ("Record", ("parent",)),
        ("Clue", ("key",)), ("Waiting", ("key",)),
    ):  # fmt: skip
        name = "_".join((label.lower(), *keys, "index"))
        yield f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{label}) ON ({', '.join(f'n.{key}' for key in keys)})"
    for name in sorted(vocabulary.classes):
        yield f"CREATE INDEX {name}_name_index IF NOT EXISTS FOR (n:{label_of(name)}) ON (n.name)"
    yield (
        f"CREATE FULLTEXT INDEX {WORDS} IF NOT EXISTS FOR (n:CI) ON EACH [n._words] "
        "OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace', `fulltext.eventually_consistent`: false}}"
    )


def prepare(driver: Driver, database: str, vocabulary: Vocabulary) -> None:
    """Create what is missing; refuse a database that other declarations wrote. Raises StoreError."""
    mark = {"schema": VERSION, "vocabulary": vocabulary.fingerprint()}
    with driver.session(database=database) as session:
        found = session.execute_read(
            lambda tx: tx.run("MATCH (m:Meta {key: 'schema'}) RETURN m.schema, m.vocabulary").values()
        )
        if found:
            _check(found[0], mark)
            return
        for statement in statements(vocabulary):
            session.run(statement).consume()
        session.run("CALL db.awaitIndexes(300)").consume()
        session.execute_write(
            lambda tx: tx.run(
                "MERGE (m:Meta {key: 'schema'}) ON CREATE SET m += $mark MERGE (v:Revision {key: 'last'}) "
                "ON CREATE SET v.n = 0, v.recorded_at = 0",
                mark=mark,
            ).consume()
        )


def _check(found: list[object], mark: dict[str, object]) -> None:
    if found[0] != mark["schema"]:
        raise StoreError(
            f"this database was written by another version of cmdb (schema {found[0]}, here {VERSION}): "
            "export it with that version and import the file here"
        )
    if found[1] != mark["vocabulary"]:
        raise VocabularyMismatch(
            "this database was written under other declarations of classes, relation types or identifier kinds: "
            "use the same declarations, or export and import into an empty one"
        )
