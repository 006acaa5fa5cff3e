"""Which observed traffic is a requirement: what brings its callers down when it fails, and why so little is.

To keep one's data elsewhere and to be without it is to stand still. Of other traffic a connection table cannot tell
what is needed from what is merely used: a log, a queue, a cache, a report. There a person's word is wanted.
"""

from discovery.sources.connections.estimates import confidence
from discovery.sources.connections.tally import Seen

DATA_PORTS = frozenset(
    {
        1433, 1521, 1526, 2484, 3306, 33060, 5432, 5433, 6432, 50000,  # SQL Server, Oracle, MySQL, PostgreSQL, Db2
        27017, 27018, 27019, 9042, 26257, 4000, 5984, 8529, 11210, 7687, 28015, 3050,  # MongoDB, Cassandra and others
    }
)  # fmt: skip
"""where data services listen. Not here: caches, queues, search engines and time series (6379, 11211, 5672, 9092, 9200,
8086), which callers are often written to do without, and which logs and metrics are sent to"""

DATA_PROGRAMS = frozenset(
    {
        *("postgres", "pgbouncer", "mysqld", "mariadbd", "mariadb", "mongod", "mongos", "sqlservr", "tnslsnr"),
        *("oracle", "db2sysc", "cockroach", "firebird", "couchdb", "cassandra", "scylla", "neo4j", "arangod"),
    }
)
"""the same on this host, wherever they listen"""

ENOUGH_LOOKS = 3
"""looks in which an edge must have been seen: one may be anybody's single question"""
ENOUGH_CONFIDENCE = 0.5
"""how sure it must be that an edge is still in use"""


def is_data_service(port: int, program: str | None, more_ports: frozenset[int] = frozenset()) -> bool:
    """Whether callers keep their data there. `program`: what answers, where that is known."""
    return port in DATA_PORTS or port in more_ports or program in DATA_PROGRAMS


def is_proved(seen: Seen) -> bool:
    """Whether an edge was seen often enough, and lately enough, to be more than an episode."""
    return seen.in_looks >= ENOUGH_LOOKS and confidence(seen.days) >= ENOUGH_CONFIDENCE
