"""Blocks to plain text, for terminals and mails.

Text from logs cannot pretend to be the report: every line of it is indented behind a bar, and no control code survives.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator
from typing import assert_never

from obs_lib.reporting.blocks import (
    Block,
    Chart,
    Document,
    Example,
    Examples,
    Facts,
    Fold,
    Heading,
    Links,
    Note,
    Slot,
    TableBlock,
    opened,
)
from obs_lib.reporting.cells import Cell
from obs_lib.reporting.numbers import days
from obs_lib.reporting.safe import visible
from obs_lib.reporting.tone import Tone

WIDTH = 100
_COLUMN = 44  # widest a column of a table gets before its text is folded


def render(document: Document) -> str:
    """The whole report as text of at most about `WIDTH` columns, ending in a newline."""
    parts = [_verdict(document)] + ["\n".join(_block(block)) for block in opened(document.blocks)]
    lines = "\n\n".join(part for part in parts if part).split("\n")
    return "\n".join(visible(one).rstrip() for one in lines) + "\n"


def _verdict(document: Document) -> str:
    day = days(document.first, document.day)
    head = f"{document.title}, {day} (UTC)"
    verdict = document.verdict
    points = [f"  - {point}" for point in verdict.points]
    return "\n".join([head, "=" * len(head), "", f"[{verdict.label}] {verdict.sentence}", *points])


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield _one(block.text)
            yield ("=" if block.level == 2 else "-") * _width(block.text)
            yield from _wrapped(block.lead) if block.lead else ()
        case Facts():
            yield from _facts(block)
        case Chart():
            yield _one(block.title)
            for panel in block.panels:
                yield from _wrapped(panel.words, "  ")
        case TableBlock():
            yield from _table(block)
        case Examples():
            yield _one(block.title)
            for at, example in enumerate(block.items, 1):
                yield from _example(at, example)
        case Note():
            yield from _wrapped(f"[{block.mark}] {block.text}" if block.mark else block.text)
        case Links() | Slot() | Fold():  # folds are opened before
            return
        case _:
            assert_never(block)


def _facts(facts: Facts) -> Iterator[str]:
    margin = max((_width(item.label) for item in facts.items), default=0)
    for item in facts.items:
        detail = f"  ({_one(item.detail)})" if item.detail else ""
        yield f"{_padded(_one(item.label), margin)}  {_one(item.value)}{detail}"


def _table(table: TableBlock) -> Iterator[str]:
    yield _one(table.caption) + (f" ({_one(table.summary)})" if table.summary else "")
    kept = [at for at, column in enumerate(table.columns) if column.kind != "figure"]
    body = [[_cell(row[at]) for at in kept] for group in table.groups for row in group.rows]
    if not body:
        return
    heads = [table.columns[at].title for at in kept]
    needed = [min(_COLUMN, max(_width(one) for one in [heads[i], *(row[i] for row in body)])) for i in range(len(kept))]
    # What cannot stand side by side stands one below the other, as on a phone.
    if sum(needed) + 2 * len(needed) > WIDTH + 20:
        yield from _stacked(heads, body)
    else:
        right = [table.columns[at].kind == "number" for at in kept]
        yield "  ".join(_padded(head, width, flush) for head, width, flush in zip(heads, needed, right, strict=True))
        yield "  ".join("-" * width for width in needed)
        for row in body:
            yield from _row(row, needed, right)
    yield from _details(table)
    if table.note:
        yield from _wrapped(table.note)


def _row(row: list[str], widths: list[int], right: list[bool]) -> Iterator[str]:
    folded = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    for at in range(max(len(lines) for lines in folded)):
        cells = [lines[at] if at < len(lines) else "" for lines in folded]
        yield "  ".join(_padded(cell, width, flush) for cell, width, flush in zip(cells, widths, right, strict=True))


def _stacked(heads: list[str], body: list[list[str]]) -> Iterator[str]:
    for row in body:
        yield f"  {row[0]}"
        cells = "; ".join(f"{head}: {cell}" for head, cell in zip(heads[1:], row[1:], strict=True) if cell)
        yield from _wrapped(cells, "      ")


def _details(table: TableBlock) -> Iterator[str]:
    """Evidence: the lower lines of row heads. Other cells' details would only repeat columns."""
    for group in table.groups:
        for row in group.rows:
            if row[0].details:
                yield f"  {_one(row[0].text)}"
                for detail in row[0].details:
                    yield from _wrapped(detail, "    | ")


def _example(at: int, example: Example) -> Iterator[str]:
    yield f"  {at}. {_one(example.value)}  {_one(example.title)}"
    for label, words in (("prompt", example.prompt), ("answer", example.response), *example.earlier):
        yield f"     {_one(label)}:"
        for text in words.split("\n"):
            yield from _wrapped(text, "     | ")
    for label, words in example.facts:
        yield from _wrapped(f"{label}: {_one(words)}", "     - ", "       ")


def _cell(cell: Cell) -> str:
    word = f"({cell.mark})" if cell.mark and cell.text else cell.mark
    return "› " * cell.level + _one(" ".join(filter(None, (cell.text, word)))) or (
        "" if cell.tone is not Tone.ABSENT else "none"
    )


def _wrapped(words: str, indent: str = "", after: str | None = None) -> list[str]:
    folded = textwrap.wrap(
        visible(words),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent if after is None else after,
        break_on_hyphens=False,
    )
    return folded or [indent.rstrip()]


def _one(words: str) -> str:
    """On one line."""
    return " ".join(visible(words).split())


def _width(words: str) -> int:
    """Columns in a terminal: wide East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in _one(words)
    )


def _padded(words: str, width: int, right: bool = False) -> str:
    space = " " * max(0, width - _width(words))
    return space + words if right else words + space
