"""How a whole revision of SQLite is gone through: two statements, each row read as it is wanted."""

from collections.abc import Iterator
from functools import partial

from cmdb.vocabulary import Vocabulary
from graph.encoding import from_json
from graph.sqlite_store.looking_up import Lookups
from graph.survey import Survey, SurveyedCI, UnresolvedEnd, ends_of, every_record, remembered

# a relation's id begins with the id of its `from`
IS_ORPHAN = (
    "(c.parent is null and not exists (select 1 from relation t where t.to_ci = c.id) "
    "and not exists (select 1 from relation f where f.id > c.id || '-' and f.id < c.id || '.' and f.from_ci = c.id))"
)
_CIS = (
    "select c.id, c.class, c.name, c.last_seen, c.facts, c.identifiers, c.realms, "
    "(select json_group_array(distinct r.source) from json_each(c.records) k join record r on r.key = k.value "
    f"where not r.gone and r.ci = c.id), {IS_ORPHAN} "
    "from ci c where c.lifecycle in ('live', 'missing') order by c.id"
)
_WAITING = (
    "select b.payload, r.key, r.source, r.realm, r.record, c.id, c.class, c.name from record r "
    "join record_body b on b.n = r.n join ci c on c.id = r.ci "
    "where r.key >= ? and r.gone = 0 and c.lifecycle in ('live', 'missing') "
    "and r.key in (select record from waiting) order by r.key"
)


def survey(look: Lookups, vocabulary: Vocabulary) -> Survey:
    """The survey of the connection's snapshot."""

    def cis() -> Iterator[SurveyedCI]:
        lists: dict[str, tuple[str, ...]] = {}
        for row in look.connection.execute(_CIS):
            yield SurveyedCI._make((*row[:6], remembered(lists, row[6]), remembered(lists, row[7]), bool(row[8])))

    def ends(begin: str) -> Iterator[UnresolvedEnd]:
        for payload, *row in look.connection.execute(_WAITING, (begin,)):
            yield from ends_of(partial(look.open_said, vocabulary=vocabulary), from_json(payload), *row)

    return Survey(*look.last_revision(), cis, ends, look.items, partial(every_record, look))
