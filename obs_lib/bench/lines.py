"""Lines of any JSON Lines file as interactions: fields of the native log format, or only `text`, which is the answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from obs_lib.errors import SourceError
from obs_lib.records import CASE_COLUMNS
from obs_lib.sources import values
from obs_lib.sources.content import entries_of
from obs_lib.sources.entries import Entry, Rejected
from obs_lib.sources.formats.parse import embedded
from obs_lib.sources.validate import parse_object
from obs_lib.sources.values import well_formed

LONGEST_LINE = 16_000_000
"""Bytes of a line that are read; a longer one is rejected, and never held as a whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file.

    number : its line, from 1. id : as the line gives it, `id` or else `request_id`; None where it has none.
    columns : CASE_COLUMNS as the table `interactions` holds them; all None where `problem` says why there are none.
    fields : everything that the line says. size : bytes of the line.
    """

    number: int
    id: str | int | float | None
    columns: dict[str, str | None]
    fields: dict[str, Any] = field(repr=False)
    size: int = 0
    problem: str | None = None


def read_lines(path: Path) -> Iterator[Line]:
    """Every line that is not blank, in order, with bounded memory; one that cannot be read is a row with its problem.

    SourceError when the file is not there, may not be read, is damaged or ends early.
    """
    try:
        with path.open("rb") as stream:
            for entry in entries_of(stream, path.name, None, LONGEST_LINE):
                yield _row(entry)
    except (OSError, EOFError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:200]
        raise SourceError("the file cannot be read", found=problem, where=path) from error


def portions(rows: Iterable[Line], most_rows: int, most_bytes: int) -> Iterator[list[Line]]:
    """The rows in lists of `most_rows` at most, shorter where their lines have more than `most_bytes` together."""
    held: list[Line] = []
    size = 0
    for row in rows:
        if held and (len(held) == most_rows or size + row.size > most_bytes):
            yield held
            held, size = [], 0
        held.append(row)
        size += row.size
    if held:
        yield held


def columns_of(fields: Mapping[str, Any]) -> dict[str, str | None]:
    """What evaluators read of an interaction with these fields; `Rejected` with the first rule that they break."""
    prompt, _ = values.prompt(fields.get("prompt"))
    response = fields.get("response")
    columns = {
        "prompt": prompt,
        "response": values.text("response", fields.get("text") if response is None else response),
        "contexts": values.listed("contexts", _contexts(fields.get("contexts")), values.context),
        "expected_format": values.text("expected_format", fields.get("expected_format")),
        "error": values.text("error", fields.get("error")),
        "reference": values.references(fields.get("reference")),
    }
    return {name: None if columns[name] is None else well_formed(str(columns[name])) for name in CASE_COLUMNS}


def _row(entry: Entry) -> Line:
    fields: dict[str, Any] = {}
    try:
        fields = parse_object(entry)
        columns, problem = columns_of(fields), None
    except Rejected as reason:
        columns, problem = dict.fromkeys(CASE_COLUMNS), f"line {entry.number}: {reason}"
    return Line(entry.number, _name(fields), columns, fields, len(entry.raw), problem)


def _name(fields: Mapping[str, Any]) -> str | int | float | None:
    name = next((fields[key] for key in ("id", "request_id") if fields.get(key) is not None), None)
    return well_formed(name) if isinstance(name, str) else name if isinstance(name, int | float) else None


def _contexts(given: Any) -> Any:
    """A list of objects: a text in it, or in its place, is a context without an id."""
    listed = embedded(given)
    if isinstance(listed, str):
        listed = [listed]
    return (
        [{"text": item} if isinstance(item, str) else item for item in listed] if isinstance(listed, list) else listed
    )
