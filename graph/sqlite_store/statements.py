"""Every SQL statement of the SQLite store that is run more than once, by name."""

# -- reading records -------------------------------------------------------------------------------------------------

# the columns that decode a record
RECORD_COLUMNS = (
    "b.payload, r.key, r.source, r.realm, r.record, r.first, r.last, r.observed_at, r.read_at, "
    "r.scope, r.heard, r.misses, r.gone"
)
# `json_each` takes any number of keys as one parameter, so one prepared statement serves every batch
RECORDS = (
    f"select {RECORD_COLUMNS}, b.keys from json_each(?) k join record r on r.key = k.value "
    "join record_body b on b.n = r.n"
)
BRIEFS = (
    "select r.key, r.content, r.quiet_until, r.ci, r.scope, r.first, r.last, r.observed_at, r.read_at "
    "from json_each(?) k join record r on r.key = k.value"
)
# how many carry a key is asked first: a worthless value may lie on every record there is
CARRIER_COUNTS = "select c.key, count(*) from json_each(?) k join clue c on c.key = k.value group by c.key"
CARRIERS = "select c.key, c.record from json_each(?) k join clue c on c.key = k.value"
MEMBERS = "select c.id, c.records from json_each(?) k join ci c on c.id = k.value"
CHILDREN = "select r.key from json_each(?) k join record r on r.parent = k.value order by r.key"
RECORD_KEYS = "select key from record where key > ? order by key limit ?"
SCOPE_RECORDS = (
    "select r.key, r.ci, c.class, r.heard, r.misses, r.gone, c.status from record r join ci c on c.id = r.ci "
    "where r.source = ? and r.realm = ? and r.scope = ? order by r.key"
)
# from one scope to the next in the index, past all the records of each
SCOPES = (
    "with recursive s(scope) as ("
    "select min(scope) from record where source = ?1 and realm = ?2 union all "
    "select (select min(scope) from record where source = ?1 and realm = ?2 and scope > s.scope) "
    "from s where s.scope is not null) select scope from s where scope is not null"
)

# a source's records lie between its name and the last character there is
RECORD_PLACES = (
    "select source, realm, record, ci from record where key > ?1 and key < ?2 "
    "and (?3 is null or source = ?3) and (?4 is null or realm = ?4) and gone = 0 order by key limit ?5"
)

# -- who bears a key -------------------------------------------------------------------------------------------------

BEARING_CLUE = (
    "select l.key, c.id, c.class, c.name, c.lifecycle, r.realm, r.key "
    "from json_each(?) k join clue l on l.key = k.value join record r on r.key = l.record join ci c on c.id = r.ci "
    "order by l.key, c.id, r.key"
)
# a key that ends in | stands for its value in any realm
BEARING_CLUE_ANYWHERE = (
    "select k.value, c.id, c.class, c.name, c.lifecycle, r.realm, r.key "
    "from json_each(?) k join clue l on l.key >= k.value and l.key < k.value || char(1114111) "
    "join record r on r.key = l.record join ci c on c.id = r.ci order by k.value, c.id, r.key"
)
BEARING_RECORD = (
    "select 'record|' || r.key, c.id, c.class, c.name, c.lifecycle, r.realm, r.key "
    "from json_each(?) k join record r on r.key = substr(k.value, 8) join ci c on c.id = r.ci order by r.key"
)
BEARING_NAME = (
    "select k.value, c.id, c.class, c.name, c.lifecycle, c.realms, '' "
    "from json_each(?) k join ci c on c.name_key = k.value order by k.value, c.id"
)
BEARING_ID = (
    "select k.value, c.id, c.class, c.name, c.lifecycle, '[\"\"]', '' from json_each(?) k "
    "left join alias a on a.id = substr(k.value, 4) join ci c on c.id = coalesce(a.ci, substr(k.value, 4))"
)
WAITING = "select w.key, w.record from json_each(?) k join waiting w on w.key = k.value order by w.key, w.record"

# -- CIs and relations -----------------------------------------------------------------------------------------------

CI_COLUMNS = (
    "c.id, c.class, c.name, c.lifecycle, c.first_seen, c.last_seen, "
    "c.facts, c.identifiers, c.records, c.realms, c.parent, c.because, c.contradiction, c.due"
)
ITEMS = f"select {CI_COLUMNS} from json_each(?) k join ci c on c.id = k.value"
DUE = "select id from ci where due <= ? order by due, id limit ?"
NEXT_DUE = "select min(due) from ci where due is not null"
CIS_AFTER = "select id from ci where id > ? order by id limit ?"
RELATION_COLUMNS = (
    "r.id, r.type, r.from_ci, r.to_ci, r.witnesses, r.first_seen, r.requirements, "
    "r.effect, r.basis, r.strength, r.confidence, r.human, r.stale"
)
RELATIONS = f"select {RELATION_COLUMNS} from json_each(?) k join relation r on r.id = k.value"
INCIDENT = (
    f"select {RELATION_COLUMNS} from relation r where r.id in ("
    # a relation's id begins with the id of its `from`
    "select f.id from json_each(?1) k join relation f on f.id > k.value || '-' and f.id < k.value || '.' "
    "and f.from_ci = k.value union "
    "select t.id from json_each(?1) k join relation t on t.to_ci = k.value) order by r.id"
)
NAMES = "select c.id, c.name from json_each(?) k join ci c on c.id = k.value"
RECORD_TIMES = (
    "select r.key, r.source, r.realm, r.record, r.observed_at, r.last, r.ci, r.scope, r.misses > 0 or r.gone "
    "from json_each(?) k join record r on r.key = k.value"
)

# -- history and revisions -------------------------------------------------------------------------------------------

REVISION = "select n, recorded_at from revision order by n desc limit 1"
NEW_REVISION = "insert into revision (n, recorded_at, run, relations) values (?, ?, ?, ?)"
LAST_RELATION = (
    "select max(coalesce((select max(n) from relation), 0), "
    "coalesce((select relations from revision order by n desc limit 1), 0))"
)
HISTORY = (
    "select h.revision, h.seq, h.observed_at, v.recorded_at, v.run, h.source, h.ci, h.record, h.events "
    "from history h join revision v on v.n = h.revision where h.ci = ?1 and h.revision <= ?2 "
    "order by h.revision desc, h.seq desc"
)
# a row holds the events of one record: the one that holds the event `?2`, or begins after it, is the first
EVENTS = (
    "select h.revision, h.seq, h.observed_at, v.recorded_at, v.run, h.source, h.ci, h.record, h.events "
    "from history h join revision v on v.n = h.revision where (h.revision, h.seq) >= "
    "(?1, coalesce((select max(b.seq) from history b where b.revision = ?1 and b.seq <= ?2), 0)) "
    "order by h.revision, h.seq"
)
NEW_EVENTS = "insert into history (ci, revision, seq, record, source, observed_at, events) values (?, ?, ?, ?, ?, ?, ?)"

# -- writing ---------------------------------------------------------------------------------------------------------

LAST_RECORD = "select coalesce(max(n), 0) from record_body"
NEW_RECORD = "insert into record values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
NEW_BODY = "insert into record_body values (?, ?, ?)"
PUT_RECORD = (
    "update record set source = ?2, realm = ?3, record = ?4, ci = ?5, content = ?6, quiet_until = ?7, scope = ?8, "
    "first = ?9, last = ?10, observed_at = ?11, read_at = ?12, heard = ?13, misses = ?14, gone = ?15, parent = ?16 "
    "where key = ?1"
)
PUT_BODY = "update record_body set keys = ?, payload = ? where n = (select n from record where key = ?)"
TOUCH_RECORD = (
    "update record set first = ?, last = ?, observed_at = ?, read_at = ?, heard = ?, scope = coalesce(?, scope) "
    "where key = ?"
)
TOUCH_CI = (
    "update ci set last_seen = max(last_seen, ?1), first_seen = min(first_seen, ?2) "
    "where id = ?3 and (last_seen < ?1 or first_seen > ?2)"
)
NEW_CLUE = "insert or ignore into clue values (?, ?)"
END_CLUE = "delete from clue where key = ? and record = ?"
NEW_CI = (
    "insert into ci (n, id, class, name, name_key, lifecycle, status, environment, tier, owner, network_root, "
    "first_seen, last_seen, facts, identifiers, records, realms, parent, because, contradiction, due, words, born) "
    f"values ({', '.join('?' * 23)})"
)
PUT_CI = (
    "update ci set class = ?2, name = ?3, name_key = ?4, lifecycle = ?5, status = ?6, environment = ?7, tier = ?8, "
    "owner = ?9, network_root = ?10, first_seen = ?11, last_seen = ?12, facts = ?13, identifiers = ?14, "
    "records = ?15, realms = ?16, parent = ?17, because = ?18, contradiction = ?19, due = ?20, words = ?21 "
    "where id = ?1"
)
CI_WORDS = "select c.id, c.n, c.words from json_each(?) k join ci c on c.id = k.value"
LAST_CI = "select coalesce(max(n), 0) from ci"
NEW_WORDS = "insert into word (rowid, words) values (?, ?)"
END_WORDS = "insert into word (word, rowid, words) values ('delete', ?, ?)"
END_CI = "delete from ci where id = ?"
NEW_RELATION = "insert into relation values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
PUT_RELATION = (
    "update relation set type = ?2, from_ci = ?3, to_ci = ?4, witnesses = ?5, first_seen = ?6, requirements = ?7, "
    "effect = ?8, basis = ?9, strength = ?10, confidence = ?11, human = ?12, stale = ?13 where id = ?1"
)
END_RELATION = "delete from relation where id = ?"
NEW_WAITING = "insert or ignore into waiting values (?, ?)"
END_WAITING = "delete from waiting where key = ? and record = ?"
PUT_ALIAS = "insert or replace into alias values (?, ?)"
END_ALIAS = "delete from alias where id = ?"

NEW_PAST = "insert into past (kind, id, n, from_ci, to_ci, body) values (?, ?, ?, ?, ?, ?)"

# -- forgetting ------------------------------------------------------------------------------------------------------

# `cross join`: keys first, else the whole of a kind is gone through
FORGET_PAST = (
    "delete from past where rowid in "
    "(select p.rowid from json_each(?2) k cross join past p on p.kind = ?1 and p.id = k.value)"
)
FORGET_TOUCHING = (
    "delete from past where rowid in (select f.rowid from json_each(?1) k join past f on f.from_ci = k.value union "
    "select t.rowid from json_each(?1) k join past t on t.to_ci = k.value)"
)
FORGET_HISTORY = "delete from history where ci in (select value from json_each(?))"
FORGET_WAITING = "delete from waiting where record in (select value from json_each(?))"
FORGET_BODIES = "delete from record_body where n in (select r.n from json_each(?) k join record r on r.key = k.value)"
FORGET_RECORDS = "delete from record where key in (select value from json_each(?))"

# -- what stood before -----------------------------------------------------------------------------------------------

CIS_BORN = "select c.id, c.born from json_each(?) k join ci c on c.id = k.value"
RELATIONS_BORN = "select r.id, r.born from json_each(?) k join relation r on r.id = k.value"
CIS_SINCE = "select id from ci where born > ?"
# Numbers grow with the revisions, but for those of an import, which stand for no order.
RELATIONS_SINCE = (
    "select id from relation where n > coalesce((select relations from revision where n = ?1), 0) and born > ?1"
)
ALIASES = "select a.id, a.ci from json_each(?) k join alias a on a.id = k.value"
PAST_COLUMNS = "p.kind, p.id, p.n, p.from_ci, p.to_ci, p.body"
PAST_OF = (
    f"select {PAST_COLUMNS} from json_each(?1) k join past p on p.kind = ?2 and p.id = k.value and p.n > ?3 "
    "order by p.id, p.n desc"
)
PAST_TOUCHING = (
    f"select {PAST_COLUMNS} from past p where p.rowid in ("
    "select f.rowid from json_each(?1) k join past f on f.from_ci = k.value union "
    "select t.rowid from json_each(?1) k join past t on t.to_ci = k.value) and p.n > ?2 order by p.id, p.n desc"
)
PAST_SINCE = f"select {PAST_COLUMNS} from past p where p.n > ?2 and p.kind = ?1 order by p.id, p.n desc"
WAITING_RECORDS = "select distinct record from waiting"
REVISION_AT = "select coalesce(max(n), 0) from revision where recorded_at <= ?"
RECORDED_AT = "select recorded_at from revision where n = ?"

# -- the ledger ------------------------------------------------------------------------------------------------------

DOCUMENT = "select version, body from document where kind = ? and key = ?"
PUT_DOCUMENT = "insert or replace into document values (?, ?, ?, ?)"
END_DOCUMENT = "delete from document where kind = ? and key = ?"
DOCUMENTS = "select key, version, body from document where kind = ? and key > ? order by key limit ?"
DOCUMENTS_BACKWARDS = (
    "select key, version, body from document where kind = ?1 and (?2 = '' or key < ?2) order by key desc limit ?3"
)
