"""The data dictionary of the lake, for docs/lake.md: the tables' declarations and what dictionary.yml says of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import yaml

from obs_lib.lake.table import Column, Table
from obs_lib.lake.tables import TABLES
from obs_lib.log_text import LOG_JSON, PLAIN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lake.md"
BEGIN, END = "<!-- tables: made by `make docs` -->", "<!-- end of tables -->"
_TYPES = {
    pa.string(): "text",
    pa.float64(): "double",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.binary(): "bytes",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is said of one table. row : what a row is. columns : by name, what each holds."""

    row: str
    columns: Mapping[str, str]


def entries() -> dict[Table, Entry]:
    """What is said of each table, in their order. SystemExit where a table or column is missing, or is none."""
    told = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text(encoding="utf-8"))
    said = {name: set(one["columns"]) for name, one in told.items()}
    there = {table.name: set(table.names) for table in TABLES}
    if said != there:
        different = [name for name in {*said, *there} if said.get(name) != there.get(name)]
        raise SystemExit(
            f"tools/lake_docs/dictionary.yml does not say what obs_lib/lake/tables.py has: {sorted(different)}"
        )
    return {table: Entry(told[table.name]["row"], told[table.name]["columns"]) for table in TABLES}


def tables() -> str:
    """Every table as a Markdown section between the two marks."""
    return "\n".join([BEGIN, *(_section(table, entry) for table, entry in entries().items()), END])


def updated(text: str) -> str:
    """The page's text with today's tables in it."""
    before, rest = text.split(BEGIN)
    return before + tables() + rest.split(END)[1]


def type_name(column: Column) -> str:
    """The column's type in SQL's words; JSON where a text of a log holds JSON."""
    if column.declared is LOG_JSON:
        return "JSON text"
    return "timestamp (UTC)" if pa.types.is_timestamp(column.type) else _TYPES[column.type]


def _section(table: Table, entry: Entry) -> str:
    written = f"replaced by the step `{table.step}`" if table.step else "appended to"
    lines = [
        f"### {table.name}",
        "",
        f"A row is {entry.row}. Key within a day: {', '.join(f'`{name}`' for name in table.key)}; {written}.",
        "",
        "| column | type | what it holds |",
        "|---|---|---|",
    ]
    for column in table.columns:
        mark = " *" if column.holds is not PLAIN else ""
        lines.append(f"| `{column.name}`{mark} | {type_name(column)} | {entry.columns[column.name]} |")
    return "\n".join([*lines, ""])
