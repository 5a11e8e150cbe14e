"""Print rows of a table: JSON records for machines, a table for people."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.table import Table
from rich.text import Text

from obs_lib.cli.console import output
from obs_lib.pipeline.day_list import LakeDay
from obs_lib.pipeline.file_preview import FilePreview
from obs_lib.pipeline.preview import Preview
from obs_lib.reporting.safe import json_visible, visible

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def print_frame(frame: pd.DataFrame, as_json: bool) -> None:
    """Print a frame on stdout. JSON never holds NaN: what is missing is null; JSON columns are not quoted twice."""
    rows = [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]
    if as_json:
        print_json(rows)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in frame.columns:
        table.add_column(str(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_short(value)) for value in row.values()))  # Text: log content is never markup
    output().print(table)


def print_json(value: object, default: Callable[[Any], Any] | None = None) -> None:
    """Print what JSON can hold on stdout, readable in every script, with unseen characters escaped as JSON does."""
    print(json_visible(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False, default=default)))


def print_rows(rows: Sequence[DataclassInstance]) -> None:
    """Print dataclasses of one kind as a table for people; nothing for none."""
    if rows:
        print_frame(pd.DataFrame([asdict(row) for row in rows]), as_json=False)


def print_preview(preview: Preview, as_json: bool) -> None:
    """Print what reading a day gives: tables for people, of which empty ones are left out, or one JSON object."""
    if as_json:
        print_json(asdict(preview))
        return
    changes = f" ({', '.join(preview.changes)})" if preview.changes else ""
    rows = ", ".join(f"{name} {n:,}" for name, n in preview.rows.items() if n) or "none"
    rejected = sum(group.count for group in preview.rejects)
    print(f"{preview.day}: the lake's rows of this day: {preview.lake}{changes}")
    print(f"rows: {rows}")
    print(
        f"rejected: {rejected:,}; repetitions of a request: {preview.duplicates:,}; left out as erased: {preview.erased:,}\n"
    )
    print_rows(preview.sources)
    if preview.rejects:
        print("\nRejected")
        print_rows(preview.rejects)
    if preview.repairs:
        print("\nMended")
        print_rows([Mended(rule, n) for rule, n in preview.repairs.items()])
    if preview.half_read:
        print("\nTokens without texts: what was seen and not read")
        print_rows(preview.half_read)
    if preview.passed_over:
        print("\nPassed over: no interaction, and no fault")
        print_rows(preview.passed_over)
    if preview.unread_files:
        print(f"\nNot read: {', '.join(preview.unread_files)}")


def print_file_preview(told: FilePreview, as_json: bool) -> None:
    """Print what a file gives: tables for people, of which empty ones are left out, or one JSON object."""
    if as_json:
        print(json.dumps(asdict(told), indent=2, ensure_ascii=False, allow_nan=False))
        return
    guess = "" if told.certain else " (a guess: no format knows the entries for its own)"
    print(f"format: {told.format}, {told.reads}{guess}")
    rows = ", ".join(f"{name} {n:,}" for name, n in told.rows.items()) or "none"
    print(f"entries: {told.entries:,}; rows: {rows}; rejected: {sum(group.count for group in told.rejects):,}")
    print(f"days: {', '.join(f'{day} ({n:,})' for day, n in told.days.items()) or 'none'}\n")
    print_rows(told.fields)
    if told.fields:
        print(f"\nIn no interaction: {', '.join(told.missing) or 'nothing'}")
        if told.no_place:
            print(f"This format has no place for: {', '.join(told.no_place)}")
    for title, group in (
        ("Rejected", told.rejects),
        ("Mended", [Mended(rule, n) for rule, n in told.repairs.items()]),
        ("Tokens without texts: what was seen and not read", told.half_read),
        ("Passed over: no interaction, and no fault", told.passed_over),
        ("Not read: no field has these names (docs/logs.md lists those that have one)", told.unread),
    ):
        if group:
            print(f"\n{title}")
            print_rows(group)


def print_days(days: Sequence[LakeDay], as_json: bool) -> None:
    """Print the days of a lake; the state of every step in JSON only."""
    if as_json:
        print_json([asdict(day) | {"day": str(day.day)} for day in days])
        return
    rows = [{name: value for name, value in asdict(day).items() if name != "steps"} for day in days]
    if rows:
        print_frame(pd.DataFrame(rows, dtype=object), as_json=False)


@dataclass(frozen=True)
class Mended:
    """Interactions that a rule repaired."""

    rule: str
    interactions: int


def _plain(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value.item() if hasattr(value, "item") else value


def _short(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return visible(", ".join(value)) or "none"
    if isinstance(value, list):
        return f"{len(value)} fact(s)"
    if isinstance(value, dict):
        return visible(json.dumps(value, ensure_ascii=False))
    return visible(str(value))


def sent_text(counts: Mapping[str, int]) -> str:
    """What became of messages, as the end of a sentence; nothing where nothing was to be told."""
    said = [f"{counts[name]} message(s) {name}" for name in ("sent", "failed", "unknown") if counts.get(name)]
    if counts.get("unrouted"):
        said.append(f"{counts['unrouted']} incident(s) that no route takes, so that nobody is told")
    if counts.get("undelivered"):
        said.append(f"{counts['undelivered']} urgent incident(s) not delivered: `obs alerts notify` tries again")
    return "".join(f", {text}" for text in said)
