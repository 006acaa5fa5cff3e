"""Every Cypher statement of the Neo4j store, by name. Cypher 5, for 5.26 and 2025.10; values are always parameters.

`$LABEL`, `$TYPE` and `$BEFORE` are words that `graph.neo4j_store.spelling` puts in.
"""

# -- the lock and the revision ---------------------------------------------------------------------------------------

# Whoever writes sets this node first, so writers queue here and what they read stays true until they commit.
LOCK = "MERGE (v:Revision {id: 'last'}) SET v.lock = true"
# Apart from LOCK: in one statement the number might be read before the lock is had.
COUNT_WRITER = (
    "MATCH (v:Revision {id: 'last'}) SET v.writers = coalesce(v.writers, 0) + 1 WITH v "
    "OPTIONAL MATCH (m:Schema {id: 'cmdb'}) RETURN coalesce(v.n, 0), m.vocabulary"
)
STAND = "OPTIONAL MATCH (v:Revision {id: 'last'}) RETURN coalesce(v.n, 0), coalesce(v.writers, 0)"
REVISION = "OPTIONAL MATCH (v:Revision {id: 'last'}) RETURN coalesce(v.n, 0), coalesce(v.recorded_at, 0)"
NEW_REVISION = (
    "MATCH (v:Revision {id: 'last'}) SET v.n = $n, v.recorded_at = $at "
    "CREATE (:RevisionLog {n: $n, recorded_at: $at, run: $run})"
)

# -- reading records -------------------------------------------------------------------------------------------------

RECORD_COLUMNS = (
    "r.payload, r.key, r.source, r.realm, r.record, r.first, r.last, r.observed_at, r.read_at, "
    "r.scope, r.heard, r.misses, r.gone"
)
RECORDS = f"UNWIND $keys AS key MATCH (r:Record {{key: key}}) RETURN {RECORD_COLUMNS}, r.keys"
BRIEFS = (
    "UNWIND $keys AS key MATCH (r:Record {key: key}) "
    "RETURN r.key, r.content, r.quiet_until, r.ci, r.scope, r.first, r.last, r.observed_at, r.read_at"
)
# how many carry a key is asked first: a worthless value may lie on every record there is
CARRIER_COUNTS = "UNWIND $keys AS key MATCH (l:Clue {key: key}) RETURN key, count(*)"
CARRIERS = "UNWIND $keys AS key MATCH (l:Clue {key: key}) RETURN l.key, l.record"
MEMBERS = "UNWIND $keys AS key MATCH (c:CI {id: key}) RETURN c.id, c._records"
CHILDREN = "UNWIND $keys AS key MATCH (r:Record {parent: key}) RETURN r.key"
RECORD_KEYS = "MATCH (r:Record) WHERE r.key > $after RETURN r.key ORDER BY r.key LIMIT $limit"
SCOPE_RECORDS = (
    "MATCH (r:Record {source: $source, realm: $realm, scope: $scope}) MATCH (c:CI {id: r.ci}) "
    "RETURN r.key, r.ci, c.class, r.heard, r.misses, r.gone, c.status ORDER BY r.key"
)
SCOPES = (
    "MATCH (r:Record {source: $source, realm: $realm}) WHERE r.scope >= '' WITH DISTINCT r.scope AS scope "
    "RETURN scope ORDER BY scope"
)

# -- who bears a key -------------------------------------------------------------------------------------------------

_BEARER = "c.id, c.class, c.name, c.lifecycle"
BEARING_CLUE = (
    "UNWIND $keys AS key MATCH (l:Clue {key: key}) MATCH (r:Record {key: l.record}) MATCH (c:CI {id: r.ci}) "
    f"RETURN key, {_BEARER}, r.realm, r.key ORDER BY key, c.id, r.key"
)
# a key that ends in | stands for its value in any realm
BEARING_CLUE_ANYWHERE = (
    "UNWIND $keys AS key MATCH (l:Clue) WHERE l.key STARTS WITH key "
    "MATCH (r:Record {key: l.record}) MATCH (c:CI {id: r.ci}) "
    f"RETURN key, {_BEARER}, r.realm, r.key ORDER BY key, c.id, r.key"
)
BEARING_RECORD = (
    "UNWIND $keys AS key MATCH (r:Record {key: substring(key, 7)}) MATCH (c:CI {id: r.ci}) "
    f"RETURN key, {_BEARER}, r.realm, r.key ORDER BY key"
)
BEARING_NAME = (
    f"UNWIND $keys AS key MATCH (c:CI {{name_key: key}}) RETURN key, {_BEARER}, c._realms, '' ORDER BY key, c.id"
)
BEARING_ID = (
    "UNWIND $keys AS key OPTIONAL MATCH (a:Alias {id: substring(key, 3)}) "
    "WITH key, coalesce(a.ci, substring(key, 3)) AS id MATCH (c:CI {id: id}) "
    f"RETURN key, {_BEARER}, [''], '' ORDER BY key"
)
WAITING = "UNWIND $keys AS key MATCH (w:Waiting {key: key}) RETURN w.key, w.record ORDER BY w.key, w.record"

# -- CIs and relations -----------------------------------------------------------------------------------------------

CI_COLUMNS = (
    "c.id, c.class, c.name, c.lifecycle, c.first_seen, c.last_seen, c._facts, c._identifiers, c._records, "
    "c._realms, c._parent, c._because, c._contradiction, c._due"
)
RELATION_COLUMNS = (
    "r.id, type(r), a.id, b.id, r._witnesses, r.first_seen, r._requirements, r.effect, r.basis, r.strength, "
    "r.confidence, r.human, r.stale"
)
DUE = "MATCH (c:CI) WHERE c._due <= $until RETURN c.id ORDER BY c._due, c.id LIMIT $limit"
# an index in order is read to its first entry; min() would read all of it
NEXT_DUE = "MATCH (c:CI) WHERE c._due IS NOT NULL RETURN c._due ORDER BY c._due LIMIT 1"
CIS_AFTER = "MATCH (c:CI) WHERE c.id > $after RETURN c.id ORDER BY c.id LIMIT $limit"
ITEMS = f"UNWIND $keys AS key MATCH (c:CI {{id: key}}) RETURN {CI_COLUMNS}"
# Both ends are looked up, so that a hub is never walked through to its thousands of neighbours.
_BETWEEN = (
    "MATCH (a:CI)-[r:$TYPE]->(b:CI) USING INDEX a:CI(id) USING INDEX b:CI(id) WHERE a.id = row[0] AND b.id = row[1] "
)
RELATIONS = f"UNWIND $keys AS row {_BETWEEN} AND r.id = row[2] RETURN {RELATION_COLUMNS}"
INCIDENT = (
    "UNWIND $keys AS key MATCH (c:CI {id: key})-[r]-(:CI) WITH DISTINCT r WITH r, startNode(r) AS a, endNode(r) AS b "
    f"RETURN {RELATION_COLUMNS}"
)
NAMES = "UNWIND $keys AS key MATCH (c:CI {id: key}) RETURN c.id, c.name"
CLASSES = "UNWIND $keys AS key MATCH (c:CI {id: key}) RETURN c.id, c.class"
RECORD_TIMES = (
    "UNWIND $keys AS key MATCH (r:Record {key: key}) "
    "RETURN r.key, r.source, r.realm, r.record, r.observed_at, r.last, r.ci, r.scope, r.misses > 0 OR r.gone"
)
RECORD_PLACES = (
    "MATCH (r:Record) WHERE r.key > $after AND ($source IS NULL OR r.source = $source) "
    "AND ($realm IS NULL OR r.realm = $realm) AND NOT r.gone "
    "RETURN r.source, r.realm, r.record, r.ci ORDER BY r.key LIMIT $limit"
)
COUNTS = "RETURN COUNT { (:CI) }, COUNT { (:CI)-->() }, COUNT { (:Record) }, COUNT { (:Waiting) }"

# -- history ---------------------------------------------------------------------------------------------------------

HISTORY = (
    "MATCH (h:History {ci: $ci}) WHERE h.revision <= $newest MATCH (v:RevisionLog {n: h.revision}) "
    "RETURN h.revision, h.seq, h.observed_at, v.recorded_at, v.run, h.source, h.ci, h.record, h.events "
    "ORDER BY h.revision DESC, h.seq DESC"
)

# A node holds the events of one record: the one that holds the event `$seq`, or begins after it, is the first.
EVENTS = (
    "OPTIONAL MATCH (b:History) WHERE b.revision = $revision AND b.seq <= $seq WITH coalesce(max(b.seq), 0) AS first "
    "CALL { WITH first MATCH (h:History) WHERE h.revision = $revision AND h.seq >= first AND h.revision <= $last "
    "RETURN h ORDER BY h.revision, h.seq LIMIT $limit UNION ALL "
    "MATCH (h:History) WHERE h.revision > $revision AND h.revision <= $last "
    "RETURN h ORDER BY h.revision, h.seq LIMIT $limit } "
    "WITH h LIMIT $limit MATCH (v:RevisionLog {n: h.revision}) "
    "RETURN h.revision, h.seq, h.observed_at, v.recorded_at, v.run, h.source, h.ci, h.record, h.events "
    "ORDER BY h.revision, h.seq"
)

# -- writing ---------------------------------------------------------------------------------------------------------

CREATE = "UNWIND $rows AS row CREATE (n:$LABEL) SET n = row"
PUT_RECORDS = "UNWIND $rows AS row MATCH (r:Record {key: row.key}) SET r = row"
TOUCH_RECORDS = (
    "UNWIND $rows AS row MATCH (r:Record {key: row.key}) SET r.first = row.first, r.last = row.last, "
    "r.observed_at = row.observed_at, r.read_at = row.read_at, r.heard = row.heard, "
    "r.scope = coalesce(row.scope, r.scope)"
)
TOUCH_CIS = (
    "UNWIND $rows AS row MATCH (c:CI {id: row.ci}) WHERE c.last_seen < row.last OR c.first_seen > row.first "
    "SET c.last_seen = CASE WHEN c.last_seen < row.last THEN row.last ELSE c.last_seen END, "
    "c.first_seen = CASE WHEN c.first_seen > row.first THEN row.first ELSE c.first_seen END"
)
NEW_CLUES = "UNWIND $rows AS row CREATE (:Clue {key: row[0], record: row[1]})"
# By record: thousands of records may share a key, but none has thousands of keys.
_PAIR = "(n:$LABEL) USING INDEX n:$LABEL(record) WHERE n.record = row[1] AND n.key = row[0]"
NEW_PAIRS = (
    f"UNWIND $rows AS row OPTIONAL MATCH {_PAIR} WITH row, n WHERE n IS NULL "
    "CREATE (:$LABEL {key: row[0], record: row[1]})"
)
END_PAIRS = f"UNWIND $rows AS row MATCH {_PAIR} DELETE n"
NEW_CIS = "UNWIND $rows AS row CREATE (c:CI:$LABEL) SET c = row"
PUT_CIS = "UNWIND $rows AS row MATCH (c:CI {id: row.id}) WITH c, row, c.born AS born SET c = row, c.born = born"
RELABEL_CIS = (
    "UNWIND $rows AS row MATCH (c:CI {id: row.id}) WITH c, row, c.born AS born "
    "REMOVE c:$BEFORE SET c:$LABEL SET c = row, c.born = born"
)
END_CIS = "UNWIND $rows AS row MATCH (c:CI {id: row}) DETACH DELETE c"
NEW_RELATIONS = (
    "UNWIND $rows AS row MATCH (a:CI {id: row[0]}) MATCH (b:CI {id: row[1]}) CREATE (a)-[r:$TYPE]->(b) SET r = row[2]"
)
PUT_RELATIONS = f"UNWIND $rows AS row {_BETWEEN} WITH r, row, r.born AS born SET r = row[2], r.born = born"
END_RELATIONS = f"UNWIND $rows AS row {_BETWEEN} AND r.id = row[2] DELETE r"
PUT_ALIASES = "UNWIND $rows AS row MERGE (a:Alias {id: row[0]}) SET a.ci = row[1]"
END_ALIASES = "UNWIND $rows AS row MATCH (a:Alias {id: row}) DELETE a"

# -- forgetting ------------------------------------------------------------------------------------------------------

FORGET_PAST = "UNWIND $rows AS row MATCH (p:Past) WHERE p.kind = row[0] AND p.id = row[1] DELETE p"
FORGET_FROM = "UNWIND $rows AS row MATCH (p:Past {from_ci: row}) DELETE p"
FORGET_TO = "UNWIND $rows AS row MATCH (p:Past {to_ci: row}) DELETE p"
FORGET_HISTORY = "UNWIND $rows AS row MATCH (h:History {ci: row}) DELETE h"
FORGET_PAIRS = "UNWIND $rows AS row MATCH (n:$LABEL {record: row}) DELETE n"
FORGET_RECORDS = "UNWIND $rows AS row MATCH (r:Record {key: row}) DELETE r"

# -- what stood before -----------------------------------------------------------------------------------------------

CIS_BORN = "UNWIND $keys AS key MATCH (c:CI {id: key}) RETURN c.id, c.born"
RELATIONS_BORN = f"UNWIND $keys AS row {_BETWEEN} AND r.id = row[2] RETURN r.id, r.born"
CIS_SINCE = "MATCH (c:CI) WHERE c.born > $revision RETURN c.id"
RELATIONS_SINCE = "MATCH (:CI)-[r]->(:CI) WHERE r.born > $revision RETURN r.id"
ALIASES = "UNWIND $keys AS key MATCH (a:Alias {id: key}) RETURN a.id, a.ci"
PAST_COLUMNS = "p.kind, p.id, p.n, p.from_ci, p.to_ci, p.body"
PAST_OF = (
    "UNWIND $keys AS key MATCH (p:Past) WHERE p.kind = $kind AND p.id = key AND p.n > $revision "
    f"RETURN {PAST_COLUMNS} ORDER BY p.id, p.n DESC"
)
PAST_TOUCHING = (
    "UNWIND $keys AS key CALL { WITH key MATCH (p:Past {from_ci: key}) RETURN p "
    "UNION WITH key MATCH (p:Past {to_ci: key}) RETURN p } "
    f"WITH DISTINCT p WHERE p.n > $revision RETURN {PAST_COLUMNS} ORDER BY p.id, p.n DESC"
)
PAST_SINCE = f"MATCH (p:Past) WHERE p.kind = $kind AND p.n > $revision RETURN {PAST_COLUMNS} ORDER BY p.id, p.n DESC"
WAITING_RECORDS = "MATCH (w:Waiting) RETURN DISTINCT w.record"
REVISION_AT = "MATCH (v:RevisionLog) WHERE v.recorded_at <= $at RETURN coalesce(max(v.n), 0)"
RECORDED_AT = "MATCH (v:RevisionLog {n: $n}) RETURN v.recorded_at"

# -- the ledger ------------------------------------------------------------------------------------------------------

DOCUMENT = "MATCH (d:Document {kind: $kind, key: $key}) RETURN d.version, d.body"
PUT_DOCUMENT = "MERGE (d:Document {kind: $kind, key: $key}) SET d.version = $version, d.body = $body"
END_DOCUMENT = "MATCH (d:Document {kind: $kind, key: $key}) DELETE d"
DOCUMENTS = (
    "MATCH (d:Document {kind: $kind}) WHERE d.key > $after RETURN d.key, d.version, d.body ORDER BY d.key LIMIT $limit"
)
DOCUMENTS_BACKWARDS = (
    "MATCH (d:Document {kind: $kind}) WHERE $after = '' OR d.key < $after "
    "RETURN d.key, d.version, d.body ORDER BY d.key DESC LIMIT $limit"
)
