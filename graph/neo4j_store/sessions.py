"""How a Neo4j server is reached: transactions that read, write or keep still, and errors in words that help."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from neo4j import Driver, GraphDatabase, ManagedTransaction, Session
from neo4j.exceptions import (
    AuthError,
    ClientError,
    ConfigurationError,
    DriverError,
    Neo4jError,
    ServiceUnavailable,
    TransientError,
)  # fmt: skip

from graph.neo4j_store import statements as cypher
from graph.neo4j_store.looking_up import Lookups
from graph.neo4j_store.spelling import Spelling
from graph.neo4j_store.writing import WritingTransaction
from graph.store import StoreError, StoreUnavailable

Work = TypeVar("Work")

DATABASE = "neo4j"
"""the one database that Community edition has"""
TRIES = 3
"""times a long read is begun again because somebody wrote meanwhile, before it makes writers wait"""


class _Moved(Exception):
    """Somebody wrote while a read of several statements went on: what it saw is of two revisions."""


class Sessions:
    """One driver, which is thread-safe, and every kind of transaction that the store needs."""

    def __init__(self, url: str, user: str, password: str, spelling: Spelling) -> None:
        self.url = url
        self._spelling = spelling
        with saying_what_to_do(url):
            self._driver: Driver = GraphDatabase.driver(
                url, auth=(user, password), telemetry_disabled=True, notifications_min_severity="OFF",
                connection_timeout=10, connection_acquisition_timeout=30, max_transaction_retry_time=60,
                liveness_check_timeout=60,
            )  # fmt: skip
            try:
                self._driver.verify_connectivity()
            except BaseException:
                self._driver.close()
                raise

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session of the one database."""
        with saying_what_to_do(self.url), self._driver.session(database=DATABASE) as session:
            yield session

    def close(self) -> None:
        """Close every connection."""
        self._driver.close()

    def reading(self, read: Callable[[Lookups], Work]) -> Work:
        """What one statement reads, which is of one revision."""

        def work(tx: ManagedTransaction) -> Work:
            return read(Lookups(tx, self._spelling))

        with self.session() as session:
            return session.execute_read(work)

    def writing(self, write: Callable[[WritingTransaction], Work]) -> Work:
        """The only writer for everything inside; kept if nothing is raised, else undone. May be run again."""

        def work(tx: ManagedTransaction) -> Work:
            return write(WritingTransaction(tx, self._spelling))

        with self.session() as session:
            return session.execute_write(work)

    def writing_once(self, write: Callable[[WritingTransaction], Work]) -> Work:
        """The same for work that cannot be run again, as it eats what it is given."""
        with self.session() as session, session.begin_transaction() as tx:
            done = write(WritingTransaction(tx, self._spelling))
            tx.commit()
            return done

    def one_revision(self, read: Callable[[Lookups, int], Work]) -> Work:
        """A short read of several statements: each may see what others commit, so it is begun again if that moved."""

        def work(look: Lookups) -> Work:
            before = look.stand()[0]
            try:
                found = read(look, before)
            except (DriverError, Neo4jError):  # some of them the driver tries again
                raise
            except Exception:  # one statement may name what the next one no longer finds
                _check_unmoved(before, look.stand()[0])
                raise
            _check_unmoved(before, look.stand()[0])
            return found

        for _ in range(TRIES):
            with suppress(_Moved):
                return self.reading(work)
        return self.writing(lambda tx: read(tx, tx.revision - 1))

    def standing_still(self, read: Callable[[Lookups, int], Work], *, documents: bool = False) -> Work:
        """A long read of one revision, also while a large commit is being carried out; with `documents` of them too."""
        for _ in range(TRIES):
            with suppress(_Moved):
                return self._long_read(read, documents=documents)
        return self.writing(lambda tx: read(tx, tx.revision - 1))

    def _long_read(self, read: Callable[[Lookups, int], Work], *, documents: bool) -> Work:
        before = self._settled()
        try:
            found = self.reading(lambda look: read(look, before[0]))
        except Exception:
            _check_unmoved(before, self._settled())
            raise
        after = self._settled()
        _check_unmoved(before if documents else before[0], after if documents else after[0])
        return found

    def settled(self, read: Callable[[Lookups, int], Work]) -> Work:
        """A read of what never changes again, up to a revision that shows with all that it wrote."""
        last = self._settled()[0]
        return self.reading(lambda look: read(look, last))

    def _settled(self) -> tuple[int, int]:
        # What a commit writes shows bit by bit; the lock of its writer is free only when all of it does.
        with self.session() as session, session.begin_transaction() as tx:
            tx.run(cypher.LOCK).consume()
            stand = Lookups(tx, self._spelling).stand()
            tx.rollback()
            return stand


def _check_unmoved(before: object, after: object) -> None:
    if after != before:
        raise _Moved


@contextmanager
def saying_what_to_do(url: str) -> Iterator[None]:
    """The driver's errors in words that help, without secrets."""
    try:
        yield
    except AuthError as error:
        raise StoreUnavailable(f"{url} refuses the login: check CMDB_STORE_USER and CMDB_STORE_PASSWORD") from error
    except ServiceUnavailable as error:
        raise StoreUnavailable(f"{url} does not answer: check that Neo4j runs there and the port is right") from error
    except ConfigurationError as error:
        raise StoreError(f"{url}: {error}") from error
    except Neo4jError as error:
        raise _explained(url, error) from error
    except DriverError as error:
        raise StoreUnavailable(f"{url}: {error}; check that Neo4j runs there and try again") from error


def _explained(url: str, error: Neo4jError) -> StoreError:
    code = error.code or ""
    if code.endswith("CredentialsExpired"):
        return StoreUnavailable(f"{url}: the password must be changed first: log in with cypher-shell and set another")
    if code.endswith("AuthenticationRateLimit"):
        return StoreUnavailable(f"{url} refused too many logins: check CMDB_STORE_PASSWORD and wait some seconds")
    if "MemoryPool" in code or "OutOfMemory" in code:
        return StoreUnavailable(
            f"{url} has too little memory for so large a write: give it more (server.memory.heap.max_size) "
            "or hand over fewer observations at once"
        )
    if isinstance(error, TransientError):
        return StoreUnavailable(f"{url} is busy: {error.message}; try again")
    if isinstance(error, ClientError):
        return StoreError(f"{url}: {error.message}")
    return StoreUnavailable(f"{url}: {error.message}; see the server's log")
