"""Reads a tenant, collection by collection: everything, or what has moved since the last reading.

A scope is `<tenant>/<collection>`. One that is refused leaves the others alone; a service that is busy for good, or
takes the token no more, ends the run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from discovery.clients.answer import Refused
from discovery.clients.graph_login import open_graph, tenant_name
from discovery.clients.in_turn import in_turn
from discovery.clients.links import belongs
from discovery.clients.msgraph import AT_ONCE, PAGE, Graph, Page, Row, batched
from discovery.errors import SourceUnavailable
from discovery.source import Bookmark, Fetched, Progress, Raw, Reading, ScopeEnd
from discovery.sources.entra_id.collections import Collection
from discovery.sources.entra_id.settings import EntraIdSettings, wanted

MANY = 5_000
"""objects that moved from which reading everything anew is cheaper than asking for each"""
NO_SUCH_QUESTION = frozenset({400, 404, 405, 501})
"""what a service without delta queries answers to one"""
LOST_ITS_PLACE = frozenset({400, 404, 410})
"""what is answered to a stored link that has expired (400 syncStateNotFound, 410) or means nothing any more"""


def fetch(settings: EntraIdSettings, reading: Reading) -> Iterator[Fetched]:
    """Each object as `{"kind", "row", "also", "read_at"}`, one that was removed as `{"gone": its id, "read_at"}`."""
    collections = wanted(settings)
    with open_graph(settings, reading) as graph:
        tenant = tenant_name(settings)
        scopes = [(f"{tenant}/{collection.name}", collection) for collection in collections]
        yield from in_turn(
            [
                (scope, partial(Tenant(graph, reading, collection, scope).read, full=settings.full))
                for scope, collection in scopes
            ]
        )


@dataclass(frozen=True, slots=True)
class Tenant:
    """One collection of a tenant, read into one scope."""

    graph: Graph
    reading: Reading
    of: Collection
    scope: str

    def read(self, *, full: bool) -> Iterator[Fetched]:
        if self.of.tracked and not full and (link := self._link_kept()) is not None:
            try:
                moved, delta_link = self._moved(link)
            except Refused as refused:
                if refused.status not in LOST_ITS_PLACE:
                    raise
                yield self._word(f"{self.scope}: the stored place has expired; everything was read")
            else:
                if len(moved) <= MANY:
                    yield from self._moved_objects(moved)
                    yield ScopeEnd(self.scope, complete=True, delta=True)
                    yield Bookmark(self.scope, {"link": delta_link, "asked": self.of.asked})
                    return
                yield self._word(f"{self.scope}: {len(moved)} objects have moved; everything was read")
        yield from self._everything()

    def _link_kept(self) -> str | None:
        """Where the last reading ended, if it asked this service the same question."""
        kept = self.reading.bookmark(self.scope)
        if not isinstance(kept, dict) or kept.get("asked") != self.of.asked:
            return None
        link = kept.get("link")
        return link if isinstance(link, str) and belongs(link, self.graph.root) else None

    # -- everything ----------------------------------------------------------------------------------------------

    def _everything(self) -> Iterator[Fetched]:
        done = 0
        delta_link = None
        removed: dict[str, bool] = {}
        for page in self._listing():
            there: list[Row] = []
            for row in _last_of_each(page.rows):
                if "@removed" in row:
                    removed[self._id_of(row)] = _removed_for_good(row)
                else:
                    there.append(row)
                    removed.pop(row.get("id", ""), None)
            for some in batched(there, AT_ONCE if self.of.also else PAGE):
                yield from self.objects(some, self.reading.now())
            done += len(there)
            delta_link = page.delta_link
            yield Progress(done, None, self.of.name.replace("_", " "))
        yield from self._moved_objects(removed)
        yield ScopeEnd(self.scope, complete=True)
        if self.of.tracked:
            yield Bookmark(self.scope, {"link": delta_link, "asked": self.of.asked} if delta_link else None)

    def _listing(self) -> Iterator[Page]:
        """The first round of a delta query, which lists everything; a plain list where there is none."""
        plain = f"{self.of.path}?$select={self.of.select}&$top={PAGE}"
        if not self.of.tracked:
            yield from self.graph.pages(plain)
            return
        begun = False
        last = None
        try:
            for page in self.graph.pages(f"{self.of.path}/delta?$select={self.of.asked}"):
                begun, last = True, page
                yield page
        except Refused as refused:
            if begun or refused.status not in NO_SUCH_QUESTION:
                raise
            yield from self.graph.pages(plain)
            return
        if last is not None and last.delta_link is None:
            raise SourceUnavailable(f"{self.scope}: the listing broke off without a link to what comes after it")

    # -- what has moved ------------------------------------------------------------------------------------------

    def _moved(self, link: str) -> tuple[dict[str, bool], str]:
        """Ids that a delta query names (True: removed for good), and where the next one goes on."""
        moved: dict[str, bool] = {}
        delta_link = None
        for page in self.graph.pages(link):
            for row in _last_of_each(page.rows):
                moved[self._id_of(row)] = _removed_for_good(row)
            delta_link = page.delta_link
        if delta_link is None:
            raise SourceUnavailable(f"{self.scope}: the changes broke off without a link to what comes after them")
        return moved, delta_link

    def _moved_objects(self, moved: dict[str, bool]) -> Iterator[Raw]:
        """Each is read whole: a change names some properties, and "removed" may mean only out of view."""
        for some in batched(moved.items(), AT_ONCE):
            now = self.reading.now()
            there: list[Row] = []
            asked = [gone_id for gone_id, for_good in some if not for_good]
            answers = self.graph.each([f"{self.of.path}/{one}?$select={self.of.select}" for one in asked])
            gone = [one for one, for_good in some if for_good]
            for one, answer in zip(asked, answers, strict=True):
                if not isinstance(answer, Refused):
                    there.append(answer)
                elif answer.status == 404:
                    gone.append(one)
                else:
                    raise answer
            yield from (Raw(self.scope, {"gone": one, "read_at": now}) for one in gone)
            yield from self.objects(there, now)

    def objects(self, rows: list[Row], now: int) -> Iterator[Raw]:
        """Each with what belongs to it; one that has vanished in between is left out."""
        if self.of.also is None:
            for row in rows:
                yield Raw(self.scope, {"kind": self.of.name, "row": row, "also": (), "read_at": now})
            return
        known = [row for row in rows if _has_id(row)]
        for row in rows:
            if not _has_id(row):
                yield Raw(self.scope, {"kind": self.of.name, "row": row, "also": (), "read_at": now})
        select = "id" if self.of.also == "members" else "principalId,principalType,appRoleId"
        end = f"{self.of.also}?$select={select}&$top={PAGE}"
        found = self.graph.rows_of([f"{self.of.path}/{row['id']}/{end}" for row in known])
        for row, also in zip(known, found, strict=True):
            if not isinstance(also, Refused) or (also.status == 404 and self.of.also_may_lack):
                said = () if isinstance(also, Refused) else also
                yield Raw(self.scope, {"kind": self.of.name, "row": row, "also": said, "read_at": now})
            elif also.status != 404 or self._is_there(row["id"]):
                raise also

    def _is_there(self, object_id: str) -> bool:
        (answer,) = self.graph.each([f"{self.of.path}/{object_id}?$select=id"])
        if isinstance(answer, Refused) and answer.status != 404:
            raise answer
        return not isinstance(answer, Refused)

    def _id_of(self, row: Row) -> str:
        if not _has_id(row):
            raise SourceUnavailable(f"{self.scope}: a change of an object that is not named")
        return str(row["id"])

    def _word(self, note: str) -> Progress:
        return Progress(0, None, self.of.name.replace("_", " "), note)


def _has_id(row: Row) -> bool:
    """An id that can stand in an address: Graph's are GUIDs."""
    found = row.get("id")
    return isinstance(found, str) and bool(found) and not set(found) & set("/?#%\\ ")


def _last_of_each(rows: list[Row]) -> list[Row]:
    """A page may name an object twice: the last word stands. A row without an id is left for `observe` to refuse."""
    found: dict[object, Row] = {}
    for number, row in enumerate(rows):
        key = row.get("id")
        name = key if _has_id(row) else number
        found.pop(name, None)
        found[name] = row
    return list(found.values())


def _removed_for_good(row: Row) -> bool:
    """`changed` is a soft deletion, or an object that no longer meets the question: only asking tells."""
    removed = row.get("@removed")
    return isinstance(removed, dict) and removed.get("reason") == "deleted"
