"""How an export is laid out: the same rows from every store, closed by a mark that tells a whole one from a cut one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from graph.encoding import from_json, to_json
from graph.past import HORIZON
from graph.store import StoreError

TABLES: dict[str, tuple[str, ...]] = {
    "revision": ("n", "recorded_at", "run"),
    "record": (
        "key", "source", "realm", "record", "ci", "content", "quiet_until", "scope", "first", "last", "observed_at",
        "read_at", "heard", "misses", "gone", "parent", "keys", "payload",
    ),
    "clue": ("key", "record"),
    "ci": (
        "id", "class", "name", "name_key", "lifecycle", "status", "environment", "tier", "owner", "network_root",
        "first_seen", "last_seen", "facts", "identifiers", "records", "realms", "parent", "because", "contradiction",
        "due", "words", "born",
    ),
    "relation": (
        "id", "type", "from_ci", "to_ci", "witnesses", "first_seen", "requirements", "effect", "basis", "strength",
        "confidence", "human", "stale", "born",
    ),
    "waiting": ("key", "record"),
    "alias": ("id", "ci"),
    "history": ("ci", "revision", "seq", "record", "source", "observed_at", "events"),
    "past": ("kind", "id", "n", "from_ci", "to_ci", "body"),
    "document": ("kind", "key", "version", "body"),
}  # fmt: skip
"""kind of row → its columns: text, whole numbers or null; lists and objects as JSON text, truth as 0 or 1"""


LATER: dict[str, dict[str, Any]] = {
    "ci": {"because": None, "contradiction": None, "due": 0},
    "record": {"quiet_until": 0},
}
"""columns that older exports lack, with what stands for them: due at once, and so folded anew by the next tick; not
quiet, and so decided anew when it is said again"""


def whole_row(kind: str, row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row of an export with every column of ours."""
    whole = {**LATER.get(kind, {}), **row}
    missing = [column for column in TABLES[kind] if column not in whole]
    if missing:
        raise StoreError(f"a row of kind {kind} lacks {', '.join(missing)}; nothing was imported")
    return {**whole, "keys": _of_each_sighting(whole)} if kind == "record" else whole


def _of_each_sighting(record: Mapping[str, Any]) -> str:
    """Linking keys, sighting by sighting: older exports have them for the whole record, so any may be any's."""
    keys: str = record["keys"]
    if keys.startswith("[["):
        return keys
    return to_json([from_json(keys)] * len(from_json(record["payload"])["c"]))


@dataclass(frozen=True, slots=True)
class End:
    """The last row: the revision that the export is of, and how many rows came before."""

    revision: int
    rows: int

    def as_row(self) -> Mapping[str, Any]:
        """As a row of the export."""
        return {"kind": "end", "revision": self.revision, "rows": self.rows}

    @staticmethod
    def from_row(row: Mapping[str, Any]) -> "End | None":
        """The mark, or None for any other row."""
        if row.get("kind") != "end" or not isinstance(row.get("revision"), int) or not isinstance(row.get("rows"), int):
            return None
        return End(row["revision"], row["rows"])


def with_past(rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Rows of an export as they are now: one that was made before stores kept the past begins its past at its end."""
    without = 0
    for row in rows:
        end = End.from_row(row)
        if end is not None and without:
            body = to_json({"revision": end.revision})
            document = {"kind": HORIZON[0], "key": HORIZON[1], "version": 1, "body": body}
            yield {"kind": "document", "row": document}
            yield End(end.revision, end.rows + 1).as_row()
        elif row.get("kind") in ("ci", "relation") and "born" not in row["row"]:
            without += 1
            yield {"kind": row["kind"], "row": {**row["row"], "born": 0}}
        else:
            yield row


def write_rows(rows: Iterable[Mapping[str, Any]], out: BinaryIO, told: Callable[[int], None] = lambda n: None) -> End:
    """Write an export, one JSON object a line; its end mark. `told` hears how many rows are written."""
    end: End | None = None
    for count, row in enumerate(rows, 1):
        out.write(to_json(row).encode() + b"\n")
        told(count)
        end = End.from_row(row)
    return end or End(0, 0)


def rows_in(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """Rows of an export. Raises StoreError for a line that is none."""
    for number, line in enumerate(lines, 1):
        try:
            row = from_json(line)
        except ValueError:
            raise StoreError(f"line {number} of the export is damaged or cut off; nothing was imported") from None
        if not isinstance(row, dict) or not (isinstance(row.get("row"), dict) or End.from_row(row)):
            raise StoreError(f"line {number} is no row of an export; nothing was imported")
        yield row


def check_end(end: End | None, rows: int) -> int:
    """The revision of a whole export. Raises StoreError for one that was cut off."""
    if end is None:
        raise StoreError("the export is cut off: its end mark is missing; nothing was imported")
    if end.rows != rows:
        raise StoreError(f"the export is incomplete: {rows} rows of {end.rows}; nothing was imported")
    return end.revision
