"""What a table of the lake declares: its columns, and what masking, erasure and retention must know of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa

from obs_lib.log_text import LOG_JSON, LOG_TEXT, PLAIN, Holds

DAY = "day"


Whose = Literal["user", "request", "trace", "any"]
Group = Literal["rows", "gpu", "summaries", "operations"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Where nothing is declared of a text or of bytes, it counts as the text of a log: masking fails closed.

    declared : what stands in it; None where nobody has said.
    identifies : whose id it is; "any" where an id of any kind may stand in the middle of a name. None for others.
    """

    name: str
    type: pa.DataType
    declared: Holds | None = None
    identifies: Whose | None = None

    @property
    def holds(self) -> Holds:
        """What stands in it, or must be taken to."""
        if self.declared is not None:
            return self.declared
        return PLAIN if _is_number(self.type) else LOG_TEXT

    @property
    def quotes_logs(self) -> bool:
        """Whether texts of logs may stand in it."""
        return self.holds in (LOG_TEXT, LOG_JSON)


@dataclass(frozen=True, eq=False)  # each is the only one of its kind, and a key of many mappings
class Table:
    """One table. `day` (date as ISO text, UTC) is its first column and its partition.

    key : the columns that identify a row within a day; rows are sorted by them before a digest is taken.
    step : the step that replaces this table's day; None for append-only tables.
    columns : all but `day`.
    retention : with which group of `retention` its days are dropped; None for what is never dropped.
    row_group : rows of a file that are read together; None for what the writer thinks best. Who reads a few of the rows by the
        first column of the key passes over the other groups.
    """

    name: str
    key: tuple[str, ...]
    step: str | None
    columns: tuple[Column, ...]
    retention: Group | None
    row_group: int | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns' names, without `day`."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def types(self) -> dict[str, pa.DataType]:
        """The columns' types by name, without `day`."""
        return {column.name: column.type for column in self.columns}

    @cached_property
    def schema(self) -> pa.Schema:
        """Every column, `day` first."""
        return pa.schema([(DAY, pa.string()), *self.types.items()])

    def holds(self, name: str) -> Holds:
        """What stands in the column of that name; a column that the table does not declare holds the text of a log."""
        if name == DAY:
            return PLAIN
        return next((column.holds for column in self.columns if column.name == name), LOG_TEXT)

    @cached_property
    def ids(self) -> dict[str, Whose]:
        """The columns that say whose a row is, with the kind of their ids."""
        return {column.name: column.identifies for column in self.columns if column.identifies not in (None, "any")}

    @cached_property
    def mentions(self) -> tuple[str, ...]:
        """The columns in which an id can stand in the middle of a text."""
        return tuple(column.name for column in self.columns if column.quotes_logs or column.identifies == "any")


def naming_last(tables: Iterable[Table]) -> tuple[Table, ...]:
    """The tables, those last that say whose the others' rows are: what is killed half-way can still be finished."""
    return tuple(sorted(tables, key=lambda table: "user" in table.ids.values()))


def _is_number(kind: pa.DataType) -> bool:
    tests = (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating, pa.types.is_temporal)
    return any(test(kind) for test in tests)
