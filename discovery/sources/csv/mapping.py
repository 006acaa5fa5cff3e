"""What the columns of a CSV file mean, as a TOML file says it."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from discovery.errors import SourceMisconfigured

_PLACE = re.compile(r"\{([^{}]+)\}")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Part):
    """Where a value comes from: a column, a text with columns in it, or the same value in every row."""

    column: str | None = None
    template: str | None = Field(None, description="text with {columns} in braces; says nothing where one is empty")
    value: str | int | float | bool | None = None
    map: dict[str, str | int | float | bool] | None = Field(None, description="what the cell says → what it means")
    split: str | None = Field(None, description="the cell holds several values, parted by this")
    type: Literal["string", "integer", "number", "boolean"] = "string"
    empty: Literal["nothing", "null"] = Field("nothing", description="what an empty cell says: nothing, or `none`")

    @model_validator(mode="after")
    def _one_origin(self) -> "Cell":
        if sum(origin is not None for origin in (self.column, self.template, self.value)) != 1:
            raise ValueError("one of column, template and value is wanted")
        return self

    def columns(self) -> set[str]:
        """Every column that it reads."""
        return {self.column} if self.column is not None else set(_PLACE.findall(self.template or ""))


def _cell(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


AnyCell = Annotated[Cell, BeforeValidator(_cell)]


class Time(_Part):
    """When the source last had contact with the thing."""

    column: str
    format: str | None = Field(None, description="as strptime reads it; by default ISO 8601")
    zone: str = Field("UTC", description="time zone of times that name none")


class RelationTo(_Part):
    """A relation that a row asserts, where the columns in its reference are filled."""

    type: str
    to: str | None = None
    from_: str | None = Field(None, alias="from")
    group: str | None = None
    need: int | str | None = None
    effect: str | None = None

    @model_validator(mode="after")
    def _one_end(self) -> "RelationTo":
        if (self.to is None) == (self.from_ is None):
            raise ValueError("either to or from is wanted")
        return self


class Mapping(_Part):
    """Which column means what; see docs/sources/csv.md."""

    system: str = Field(description="the system the file comes from: record keys are unique in it")
    class_: AnyCell = Field(alias="class")
    record: AnyCell
    name: AnyCell | None = None
    within: str | None = None
    observed_at: Time | None = None
    identifiers: dict[str, AnyCell] = {}
    attributes: dict[str, AnyCell] = {}
    relations: tuple[RelationTo, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    whole: bool = Field(True, description="the file lists everything there is: what it no longer lists goes missing")

    @field_validator("class_", mode="before")
    @classmethod
    def _class(cls, value: object) -> object:
        return {"value": value} if isinstance(value, str) else value

    @field_validator("delimiter")
    @classmethod
    def _one_letter(cls, value: str) -> str:
        if len(value) != 1:
            raise ValueError("one character is wanted")
        return value

    def columns(self) -> set[str]:
        """Every column that it reads."""
        cells = [self.class_, self.record, *self.identifiers.values(), *self.attributes.values()]
        read = set().union(*(cell.columns() for cell in cells), self.name.columns() if self.name else ())
        for text in (self.within, *(end for said in self.relations for end in (said.to, said.from_))):
            read.update(_PLACE.findall(text or ""))
        return read | ({self.observed_at.column} if self.observed_at else set())


def read_mapping(path: str) -> Mapping:
    """The mapping in a TOML file. Raises SourceMisconfigured with what is wrong and where."""
    try:
        said: dict[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as wrong:
        raise SourceMisconfigured(f"the mapping {path} cannot be read: {wrong.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise SourceMisconfigured(
            f"the mapping {path} is no TOML file that says which column means what "
            f'(class = "server", record = "Asset tag", ...): {wrong}'
        ) from None
    try:
        return Mapping(**{"system": Path(path).stem, **said})
    except ValidationError as wrong:
        where = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'mapping'}: {one['msg']}" for one in wrong.errors())
        raise SourceMisconfigured(f"the mapping {path}: {where}") from None


def filled(template: str, row: dict[str, str]) -> str | None:
    """The text with the row's cells in place of the columns; None where one of them is empty."""
    if any(not row.get(column, "").strip() for column in _PLACE.findall(template)):
        return None
    return _PLACE.sub(lambda place: row[place[1]].strip(), template)
