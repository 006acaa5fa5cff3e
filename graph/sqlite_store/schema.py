"""The tables of a SQLite store, and how a file becomes one."""

import sqlite3

from cmdb.vocabulary import Vocabulary
from graph.store import StoreError, VocabularyMismatch

VERSION = 1

TABLES = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists revision (
    n integer primary key, recorded_at integer not null, run text
);
create table if not exists record (
    key text primary key, source text not null, realm text not null, record text not null,
    ci text not null, content text not null, scope text,
    first integer not null, last integer not null, observed_at integer not null, read_at integer not null,
    heard integer not null, misses integer not null, gone integer not null, parent text,
    keys text not null, payload text not null
) without rowid;
create index if not exists record_scope on record (source, realm, scope);
create index if not exists record_parent on record (parent) where parent is not null;
create table if not exists clue (key text not null, record text not null, primary key (key, record)) without rowid;
create table if not exists ci (
    n integer primary key, id text not null unique, class text not null, name text not null, name_key text not null,
    lifecycle text not null, status text, environment text, tier integer, owner text, network_root integer not null,
    first_seen integer not null, last_seen integer not null,
    facts text not null, identifiers text not null, records text not null, realms text not null, parent text,
    words text not null
);
create index if not exists ci_name on ci (name_key, id);
create table if not exists relation (
    id text primary key, type text not null, from_ci text not null, to_ci text not null,
    witnesses text not null, first_seen integer not null, requirements text not null,
    effect text not null, basis text not null, strength real not null, confidence real not null,
    human integer not null, stale integer not null
) without rowid;
create index if not exists relation_to on relation (to_ci);
create table if not exists waiting (key text not null, record text not null, primary key (key, record)) without rowid;
create index if not exists waiting_record on waiting (record);
create table if not exists alias (id text primary key, ci text not null) without rowid;
create table if not exists history (
    ci text not null, revision integer not null, seq integer not null, record text not null, source text not null,
    observed_at integer not null, events text not null,
    primary key (ci, revision, seq)
) without rowid;
create table if not exists document (
    kind text not null, key text not null, version integer not null, body text not null, primary key (kind, key)
) without rowid;
create virtual table if not exists word using fts5 (
    words, content='', detail=none, columnsize=0,
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
"""


def prepare(connection: sqlite3.Connection, vocabulary: Vocabulary) -> None:
    """Create what is missing; refuse a file that another version or vocabulary wrote."""
    connection.execute("begin immediate")
    try:
        for statement in TABLES.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        stored = dict(connection.execute("select key, value from meta").fetchall())
        if not stored:
            connection.executemany(
                "insert into meta values (?, ?)",
                [("schema", str(VERSION)), ("vocabulary", vocabulary.fingerprint())],
            )
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    if not stored:
        return
    if int(stored["schema"]) != VERSION:
        raise StoreError(
            f"this store was written by another version of cmdb (schema {stored['schema']}, here {VERSION}): "
            "export it with that version and import the file here"
        )
    if stored["vocabulary"] != vocabulary.fingerprint():
        raise VocabularyMismatch(
            "this store was written under other declarations of classes, relation types or identifier kinds: "
            "use the same declarations, or export and import into a new store"
        )
