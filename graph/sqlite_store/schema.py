"""The tables of a SQLite store, and how a file becomes one."""

import sqlite3

from cmdb.vocabulary import Vocabulary
from graph.store import StoreError
from graph.words import brings_more, check_still_ours, encoded_words

VERSION = 6

TABLES = """
create table meta (key text primary key, value text not null) without rowid;
create table revision (
    n integer primary key, recorded_at integer not null, run text,
    relations integer not null default 0 -- the last `relation.n` given in it or before; 0 where that is not known
);
create table record (
    key text primary key, source text not null, realm text not null, record text not null,
    ci text not null, content text not null, quiet_until integer not null, scope text,
    first integer not null, last integer not null, observed_at integer not null, read_at integer not null,
    heard integer not null, misses integer not null, gone integer not null, parent text, n integer not null
) without rowid;
-- Apart from `record`: a row without rowid that fills more than a quarter page takes another page for its rest, and
-- what is read and touched most would lie scattered among what is seldom needed.
create table record_body (n integer primary key, keys text not null, payload text not null);
create index record_scope on record (source, realm, scope);
create index record_parent on record (parent) where parent is not null;
create table clue (key text not null, record text not null, primary key (key, record)) without rowid;
create table ci (
    n integer primary key, id text not null unique, class text not null, name text not null, name_key text not null,
    lifecycle text not null, status text, environment text, tier integer, owner text, network_root integer not null,
    first_seen integer not null, last_seen integer not null,
    facts text not null, identifiers text not null, records text not null, realms text not null, parent text,
    because text, contradiction text, due integer, words text not null, born integer not null
);
create index ci_due on ci (due) where due is not null;
create index ci_name on ci (name_key, id);
create index ci_born on ci (born);
create table relation (
    n integer primary key, id text not null unique, type text not null, from_ci text not null, to_ci text not null,
    witnesses text not null, first_seen integer not null, requirements text not null,
    effect text not null, basis text not null, strength real not null, confidence real not null,
    human integer not null, stale integer not null, born integer not null
);
create index relation_to on relation (to_ci);
create table waiting (key text not null, record text not null, primary key (key, record)) without rowid;
create table alias (id text primary key, ci text not null) without rowid;
create table history (
    ci text not null, revision integer not null, seq integer not null, record text not null, source text not null,
    observed_at integer not null, events text not null
);
create index history_ci on history (ci, revision, seq);
create index history_revision on history (revision, seq);
-- What stood before each revision that moved it; `born` of a CI or relation is the revision in which it came to be.
create table past (
    kind text not null, id text not null, n integer not null, from_ci text, to_ci text, body text not null
);
create index past_id on past (kind, id, n);
create index past_n on past (n);
create index past_from on past (from_ci) where from_ci is not null;
create index past_to on past (to_ci) where to_ci is not null;
create index revision_recorded_at on revision (recorded_at);
create table document (
    kind text not null, key text not null, version integer not null, body text not null, primary key (kind, key)
) without rowid;
-- Words come split and folded, with a blank between: outside ASCII every character belongs to its word.
create virtual table word using fts5 (
    words, content='', detail=none, columnsize=0, tokenize=ascii
);
"""


def prepare(connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
    """Make an empty file a store; refuse one that another program, version or vocabulary wrote.

    A file that is a store already is only read, so opening it never waits for a writer.
    """
    if not _is_made(connection):
        _make(connection, vocabulary)
    if brings_more(check_version(connection)["words"], vocabulary):
        _widen(connection, vocabulary)


def check_version(connection: sqlite3.Connection) -> dict[str, str]:
    """What the file says about itself. Raises StoreError where another program or version wrote it."""
    stored = dict(connection.execute("select key, value from meta").fetchall()) if _is_made(connection) else {}
    if stored.get("schema") != str(VERSION):
        raise StoreError(
            f"this store was written by another version of cmdb (schema {stored.get('schema')}, here {VERSION}): "
            "export it with that version and import the file here"
        )
    return stored


def _widen(connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
    connection.execute("begin immediate")
    try:
        (stored,) = connection.execute("select value from meta where key = 'words'").fetchone()
        if brings_more(stored, vocabulary):  # another process may have brought other words meanwhile
            connection.executemany("update meta set value = ?2 where key = ?1", _declared(vocabulary))
        connection.execute("commit")
    finally:
        if connection.in_transaction:
            connection.execute("rollback")


def _declared(vocabulary: Vocabulary) -> list[tuple[str, str]]:
    return [("vocabulary", vocabulary.fingerprint()), ("words", encoded_words(vocabulary))]


def check_words(connection: sqlite3.Connection, fingerprint: str) -> None:
    """Inside a writer's transaction: nobody has brought words that this process does not know."""
    row = connection.execute("select value from meta where key = 'vocabulary'").fetchone()
    check_still_ours(row[0] if row else None, fingerprint)


def _is_made(connection: sqlite3.Connection) -> bool:
    tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    if tables and not {"meta", "revision", "record", "word"} <= tables:
        raise StoreError("this is a SQLite database of another program: set CMDB_STORE to a file of its own")
    return bool(tables)


def _make(connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
    connection.execute("begin immediate")
    try:
        if not _is_made(connection):  # another process may have been faster
            for statement in TABLES.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.executemany(
                "insert into meta values (?, ?)",
                [("schema", str(VERSION)), *_declared(vocabulary)],
            )
        connection.execute("commit")
    finally:
        if connection.in_transaction:
            connection.execute("rollback")
