"""Where the next reading of a source may go on: one bookmark a source, realm and scope, kept in the ledger."""

from typing import Any

from cmdb.graph_patch import DocumentWrite, GraphPatch
from cmdb.reference import escaped
from discovery.run import Parts
from discovery.run_report import RunReport
from discovery.source import Bookmark
from graph.store import GraphStore

BOOKMARKS = "bookmark"
"""ledger kind"""


def bookmark(store: GraphStore, source: str, realm: str, scope: str) -> Any:
    """The value kept last, None where there is none."""
    found = store.document(BOOKMARKS, _key(source, realm, scope))
    return None if found is None else found.body["value"]


def keep_bookmark(parts: Parts, run: RunReport, mark: Bookmark) -> None:
    """Keep it for the next reading; a None drops what was kept."""
    now = parts.now()
    body = None if mark.value is None else {"value": mark.value, "run": run.run_id, "kept_at": now}
    document = DocumentWrite(BOOKMARKS, _key(run.source, run.realm, mark.scope), body)
    parts.store.write(lambda tx: tx.apply(GraphPatch(now, run=run.run_id, documents=(document,))))


def _key(source: str, realm: str, scope: str) -> str:
    return f"{escaped(source)}|{escaped(realm)}|{scope}"
