"""How a row becomes an observation, by its mapping."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cmdb.errors import Invalid
from cmdb.observation import CLOCK_SKEW, Claim, Observation, need_from, observation
from discovery.errors import RecordRejected
from discovery.source import Hearing
from discovery.sources.csv.fetch import Row
from discovery.sources.csv.mapping import Cell, RelationTo, Time, filled

YES = frozenset({"true", "yes", "y", "1", "x", "on"})
NO = frozenset({"false", "no", "n", "0", "off"})


def observe(row: Row, hearing: Hearing) -> Iterable[Observation]:
    """One observation a row. Raises RecordRejected with the column and what is wrong."""
    record: str | None = None
    try:
        told = _one(row.mapping.record, row, "record")
        if told is None:
            _refuse("the record is empty: it is the key under which the row is known again")
        record = f"{row.mapping.system}:{told}"
        if row.fault is not None:
            _refuse(row.fault)
        return (_observed(row, record, hearing),)
    except Invalid as wrong:
        raise RecordRejected(str(wrong), record) from None


def _observed(row: Row, record: str, hearing: Hearing) -> Observation:
    mapping = row.mapping
    ci_class = _one(mapping.class_, row, "class")
    if ci_class is None:
        _refuse("the class is empty")
    contact = None if mapping.observed_at is None else _time(mapping.observed_at, row)
    if contact is not None and contact > hearing.received_at + CLOCK_SKEW:
        _refuse(f"{row.cells[mapping.observed_at.column]!r} lies in the future")  # type: ignore[union-attr]
    name = None if mapping.name is None else _one(mapping.name, row, "name")
    attributes = {attribute: value for attribute, cell in mapping.attributes.items() for value in _said(cell, row)}
    return observation(
        hearing.vocabulary,
        source="csv",
        record=record,
        ci_class=str(ci_class),
        observed_at=hearing.received_at if contact is None else contact,
        realm=hearing.realm,
        name=None if name is None else str(name),
        identifiers=[
            (kind, str(value))
            for kind, cell in mapping.identifiers.items()
            for values in _said(cell, row)
            for value in (values if isinstance(values, list) else [values])
            if value is not None
        ],
        attributes=attributes,
        claims=[claim for said in mapping.relations for claim in _claim(said, row)],
        within=None if mapping.within is None else filled(mapping.within, row.cells),
        read_at=hearing.received_at,
    )


def _refuse(reason: str) -> NoReturn:
    raise Invalid(reason)


def _one(cell: Cell, row: Row, what: str) -> object:
    for value in _said(cell, row):
        if isinstance(value, list):
            _refuse(f"the {what} is one value, not a list")
        return value
    return None


def _said(cell: Cell, row: Row) -> Iterable[object]:
    """What the cell says: one value, or nothing at all."""
    if cell.value is not None:
        return (cell.value,)
    text = filled(cell.template, row.cells) if cell.template is not None else row.cells.get(cell.column or "", "")
    text = (text or "").strip()
    if not text:
        return (None,) if cell.empty == "null" else ()
    if cell.split is None:
        return (_meant(cell, text),)
    return ([_meant(cell, part.strip()) for part in text.split(cell.split) if part.strip()],)


def _meant(cell: Cell, text: str) -> object:
    if cell.map is not None:
        if text not in cell.map:
            _refuse(f"{_place(cell)} says {text!r}, which the mapping does not know: {', '.join(cell.map)}")
        return cell.map[text]
    try:
        if cell.type == "integer":
            return int(text)
        if cell.type == "number":
            return float(text)
    except ValueError:
        _refuse(f"{_place(cell)} says {text!r}: {cell.type} is wanted")
    if cell.type == "boolean":
        if text.casefold() not in YES | NO:
            _refuse(f"{_place(cell)} says {text!r}: yes or no is wanted")
        return text.casefold() in YES
    return text


def _place(cell: Cell) -> str:
    return f"column {cell.column}" if cell.column is not None else f"template {cell.template}"


def _time(time: Time, row: Row) -> int | None:
    """Microseconds UTC; None where the cell is empty."""
    text = row.cells.get(time.column, "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text) if time.format is None else datetime.strptime(text, time.format)
        known = at if at.tzinfo is not None else at.replace(tzinfo=ZoneInfo(time.zone))
    except ValueError:
        _refuse(f"column {time.column} says {text!r}: a time {time.format or 'in ISO 8601'} is wanted")
    except ZoneInfoNotFoundError:
        _refuse(f"there is no time zone {time.zone!r}")
    since = known.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _claim(said: RelationTo, row: Row) -> Iterable[Claim]:
    reference = filled(said.to if said.to is not None else said.from_ or "", row.cells)
    if reference is None:
        return ()
    need = 0 if said.need is None else need_from(said.need)
    return (Claim(said.type, said.to is not None, reference, said.group, need, said.effect),)
