"""What stands in the tables of a report: columns, groups of rows, cells, and the small figures in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from obs_lib.reporting.tone import Tone


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure in a cell: one value a day, oldest first. None is a day without data and shows as a gap.

    limit : the objective, in the values' unit; None for none.
    words : the same said in words, for readers who do not see the figure.
    """

    values: tuple[float | None, ...]
    words: str
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Beside:
    """A figure in a cell: a statistic beside the range that chance alone gives, on a scale from 0 to `top`."""

    value: float
    mean: float
    high: float
    top: float
    words: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A figure in a cell: when something ran within the whole that the column shows.

    start, length, total : in one unit, total > 0. kind : one of records.STAGES, which gives the colour.
    path : the parts (from, to) in which the whole waited for this and nothing else.
    """

    start: float
    length: float
    total: float
    kind: str
    path: tuple[tuple[float, float], ...]
    words: str


Figure: TypeAlias = Trend | Beside | Stretch


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `mark` is the word for `tone` ("breach"); `details` are lower lines, less important than `text`.

    level : how far it is set in, for what stands in what the row above shows; from 0. anchor : of the part of the page that
    says more; empty for none.
    """

    text: str
    details: tuple[str, ...] = ()
    tone: Tone = Tone.PLAIN
    mark: str = ""
    figure: Figure | None = None
    level: int = 0
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` says what its cells hold; the first column of a table is always the head of its row.

    lead : whether its cells stay beside the row's head where there is little room.
    """

    title: str
    kind: Literal["head", "text", "number", "figure"] = "text"
    lead: bool = False


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under a common title; the title is empty where the table needs no groups."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]
