"""What a report says, without how it looks.

Document
  +-- Verdict               the night in one sentence
  +-- Block ...             Heading | Facts | Chart | TableBlock | Examples | Note | Links | Slot | Fold

Renderers (`html`, `text`) match over Block exhaustively. Strings in blocks are plain text: nothing here is markup, and
a renderer escapes all of it. A tone never stands alone: the word that says the same stands beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from obs_lib.reporting.cells import Column, RowGroup
from obs_lib.reporting.tone import Tone


@dataclass(frozen=True, slots=True)
class Heading:
    """Level 2 opens a section and enters the table of contents; level 3 divides one. `anchor` is [a-z0-9-]+."""

    text: str
    anchor: str
    level: Literal[2, 3] = 2
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled value. `detail` is a lesser second line."""

    label: str
    value: str
    detail: str = ""
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Facts:
    """Labelled values. Figures are few and large ("headline"), lists are many and small ("list")."""

    items: tuple[Fact, ...]
    style: Literal["headline", "list"] = "list"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a panel: a value a day, None for a gap. low and high, where known, have the same length."""

    name: str
    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One small chart over days.

    band : what chance alone gives, as (name, low a day, high a day); None for no band.
    limit : the objective; None for none. ceiling : the largest value that can be; None for no such.
    words : what the panel shows, said in one sentence.
    write : turns a value into text with its unit.
    """

    title: str
    days: tuple[dt.date, ...]
    series: tuple[Series, ...]
    write: Callable[[float], str]
    words: str
    latest: str = ""
    tone: Tone = Tone.PLAIN
    limit: float | None = None
    ceiling: float | None = None
    band: tuple[str, tuple[float | None, ...], tuple[float | None, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Small charts of one kind, side by side, with one legend (the names of the series, in order)."""

    title: str
    panels: tuple[Panel, ...]
    legend: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class TableBlock:
    """`folded` tables show their caption and summary only, until the reader opens them. `note` stands below.

    A "waterfall" gives most of its width to its figures, which share one scale. `anchor` as of a Heading; empty for none.
    """

    caption: str
    columns: tuple[Column, ...]
    groups: tuple[RowGroup, ...]
    summary: str = ""
    tone: Tone = Tone.PLAIN
    folded: bool = False
    note: str = ""
    style: Literal["plain", "waterfall"] = "plain"
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One interaction worth reading. `facts` are (label, value) pairs: why it stands here. `earlier` are (title, text) pairs of
    what was asked and answered before, to be read beside it.
    """

    title: str
    value: str
    prompt: str
    response: str
    facts: tuple[tuple[str, str], ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples of one evaluator or incident, worst first. `anchor` as of a TableBlock."""

    title: str
    lead: str
    items: tuple[Example, ...]
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the reader, where there is nothing to tabulate or something to mind."""

    text: str
    tone: Tone = Tone.PLAIN
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another part of the page, by its anchor."""

    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Links:
    """Ways to other parts of the page, after a word that says which. Only pages have them; nothing where there are none."""

    title: str
    items: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Slot:
    """An empty place in a page that whoever serves it may fill (handling.py); not in a text."""

    anchor: str


@dataclass(frozen=True, slots=True)
class Fold:
    """What stands under a heading, behind its lead until the reader opens it or follows a link to it. `mark` is the word for
    `tone`.
    """

    heading: Heading
    blocks: tuple[Block, ...]
    tone: Tone
    mark: str


Block: TypeAlias = Heading | Facts | Chart | TableBlock | Examples | Note | Links | Slot | Fold


def opened(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks in reading order, those in folds behind their headings."""
    for block in blocks:
        if isinstance(block, Fold):
            yield block.heading
            yield from opened(block.blocks)
        else:
            yield block


@dataclass(frozen=True, slots=True)
class Verdict:
    """The night in one sentence, with ways to what shows it; `points` follow as short lines. `label` is the word for `tone`
    ("P1", "No data").
    """

    sentence: str
    tone: Tone
    label: str
    points: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A report of one day (UTC), or of several: then `first` is the first of them and `day` the last."""

    title: str
    day: dt.date
    verdict: Verdict
    blocks: tuple[Block, ...]
    first: dt.date | None = None
