"""Every Cypher statement of the Neo4j store, by name. Valid on 5.26 and 2025.10; values are always parameters.

Labels and relation types cannot be parameters, so statements with one are made from the vocabulary's words only.
"""

RECORD_COLUMNS = (
    "r.payload, r.key, r.source, r.realm, r.record, r.first, r.last, r.observed_at, r.read_at, "
    "r.scope, r.heard, r.misses, r.gone"
)
CI_COLUMNS = (
    "c.id, c.class, c.name, c.lifecycle, c.first_seen_us, c.last_seen_us, c._facts, c._identifiers, c._records, "
    "c._realms, c._parent"
)
RELATION_COLUMNS = (
    "r.id, r._type, a.id, b.id, r._witnesses, r.first_seen_us, r._requirements, r.effect, r.basis, r.strength, "
    "r.confidence, r.human, r.stale"
)

# -- the lock and the revision ---------------------------------------------------------------------------------------

# Whoever writes sets this node first, so writers queue here and what they read stays true until they commit.
LOCK = "MERGE (v:Revision {key: 'last'}) SET v.writers = coalesce(v.writers, 0) + 1 RETURN coalesce(v.n, 0)"
REVISION = "OPTIONAL MATCH (v:Revision {key: 'last'}) RETURN coalesce(v.n, 0), coalesce(v.recorded_at, 0)"
NEW_REVISION = (
    "MATCH (v:Revision {key: 'last'}) SET v.n = $n, v.recorded_at = $at "
    "CREATE (:RevisionLog {n: $n, recorded_at: $at, run: $run})"
)

# -- reading records -------------------------------------------------------------------------------------------------

RECORDS = f"UNWIND $keys AS key MATCH (r:Record {{key: key}}) RETURN {RECORD_COLUMNS}"
BRIEFS = (
    "UNWIND $keys AS key MATCH (r:Record {key: key}) "
    "RETURN r.key, r.content, r.ci, r.scope, r.first, r.last, r.observed_at, r.read_at"
)
RECORD_KEYS = "UNWIND $keys AS key MATCH (r:Record {key: key}) RETURN r.key, r.keys, r.payload"
CARRIERS = "UNWIND $keys AS key MATCH (l:Clue {key: key}) RETURN l.key, l.record"
CHILDREN = "UNWIND $keys AS key MATCH (r:Record {parent: key}) RETURN r.key ORDER BY r.key"
SCOPE_RECORDS = (
    "MATCH (r:Record {source: $source, realm: $realm, scope: $scope}) MATCH (c:CI {id: r.ci}) "
    "RETURN r.key, r.ci, c.class, r.heard, r.misses, r.gone ORDER BY r.key"
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

ITEMS = f"UNWIND $keys AS key MATCH (c:CI {{id: key}}) RETURN {CI_COLUMNS}"
# by its ends: both are found by the unique id, and a CI has few relations of one kind to another
RELATIONS = (
    "UNWIND $pairs AS pair MATCH (a:CI {id: pair[0]})-[r]->(b:CI {id: pair[1]}) "
    f"RETURN DISTINCT {RELATION_COLUMNS} ORDER BY r.id"
)
INCIDENT = (
    "UNWIND $keys AS key MATCH (c:CI {id: key})-[r]-() WITH DISTINCT r WITH r, startNode(r) AS a, endNode(r) AS b "
    f"RETURN {RELATION_COLUMNS} ORDER BY r.id"
)
SURVIVOR = "OPTIONAL MATCH (a:Alias {id: $id}) RETURN coalesce(a.ci, $id)"
NAMES = "UNWIND $keys AS key MATCH (c:CI {id: key}) RETURN c.id, c.name"
RECORD_TIMES = (
    "UNWIND $keys AS key MATCH (r:Record {key: key}) "
    "RETURN r.key, r.source, r.realm, r.record, r.observed_at, r.last, r.ci"
)
RECORD_PLACES = (
    "MATCH (r:Record) WHERE r.key > $after AND ($source IS NULL OR r.source = $source) "
    "AND ($realm IS NULL OR r.realm = $realm) AND NOT r.gone "
    "RETURN r.source, r.realm, r.record, r.ci ORDER BY r.key LIMIT $limit"
)
COUNTS = "RETURN COUNT { (:CI) }, COUNT { (:CI)-[]->(:CI) }, COUNT { (:Record) }, COUNT { (:Waiting) }"

# -- the estate as arrays --------------------------------------------------------------------------------------------

TOPOLOGY_CIS = (
    "MATCH (c:CI) RETURN c.id, c.name, c.class, c.tier, c.lifecycle, c.owner, coalesce(c._network_root, false) "
    "ORDER BY c.id"
)
TOPOLOGY_RELATIONS = (
    "MATCH (a:CI)-[r]->(b:CI) WHERE r.effect <> 'none' OR r._type IN ['owned_by', 'connects_to'] "
    "RETURN a.id, b.id, r._type, r._requirements, r.effect, r.strength, r.confidence, r.human, r.stale ORDER BY r.id"
)
TOPOLOGY_WAITING = (
    "MATCH (w:Waiting) WITH DISTINCT w.record AS key MATCH (r:Record {key: key}) WHERE NOT r.gone "
    "RETURN r.ci, r.source, r.payload ORDER BY r.key"
)

# -- history ---------------------------------------------------------------------------------------------------------

HISTORY = (
    "MATCH (h:History {ci: $ci}) WHERE h.revision <= $newest MATCH (v:RevisionLog {n: h.revision}) "
    "RETURN h.revision, h.seq, h.observed_at, v.recorded_at, v.run, h.source, h.ci, h.record, h.events "
    "ORDER BY h.revision DESC, h.seq DESC LIMIT $limit"
)
NEW_EVENTS = "UNWIND $rows AS row CREATE (h:History) SET h = row"

# -- writing ---------------------------------------------------------------------------------------------------------

NEW_RECORDS = "UNWIND $rows AS row CREATE (r:Record) SET r = row"
PUT_RECORDS = "UNWIND $rows AS row MATCH (r:Record {key: row.key}) SET r = row"
TOUCH_RECORDS = (
    "UNWIND $rows AS row MATCH (r:Record {key: row.key}) SET r.first = row.first, r.last = row.last, "
    "r.observed_at = row.observed_at, r.read_at = row.read_at, r.heard = row.heard, "
    "r.scope = coalesce(row.scope, r.scope)"
)
TOUCH_CIS = (
    "UNWIND $rows AS row MATCH (c:CI {id: row.ci}) WHERE c.last_seen_us < row.last "
    "SET c.last_seen_us = row.last, c.last_seen = datetime({epochMillis: row.last / 1000})"
)
NEW_CLUES = "UNWIND $rows AS row CREATE (:Clue {key: row[0], record: row[1]})"
END_CLUES = "UNWIND $rows AS row MATCH (l:Clue {key: row[0], record: row[1]}) DELETE l"
NEW_CIS = "UNWIND $rows AS row CREATE (c:CI:{label}) SET c = row"
PUT_CIS = "UNWIND $rows AS row MATCH (c:CI {{id: row.id}}) {remove} SET c:{label} SET c = row"
END_CIS = "UNWIND $keys AS key MATCH (c:CI {id: key}) DETACH DELETE c"
NEW_RELATIONS = (
    "UNWIND $rows AS row MATCH (a:CI {{id: row.from}}) MATCH (b:CI {{id: row.to}}) "
    "CREATE (a)-[r:{type}]->(b) SET r = row.is"
)
PUT_RELATIONS = "UNWIND $rows AS row MATCH (a:CI {{id: row.from}})-[r:{type}]->(b:CI {{id: row.to}}) SET r = row.is"
END_RELATIONS = "UNWIND $pairs AS pair MATCH (a:CI {id: pair[0]})-[r {id: pair[2]}]->(b:CI {id: pair[1]}) DELETE r"
NEW_WAITING = "UNWIND $rows AS row CREATE (:Waiting {key: row[0], record: row[1]})"
END_WAITING = "UNWIND $rows AS row MATCH (w:Waiting {key: row[0], record: row[1]}) DELETE w"
PUT_ALIASES = "UNWIND $rows AS row MERGE (a:Alias {id: row[0]}) SET a.ci = row[1]"
END_ALIASES = "UNWIND $keys AS key MATCH (a:Alias {id: key}) DELETE a"

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
