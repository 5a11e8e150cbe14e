"""Answers of a certain layout: Markdown tables, patterns and lengths."""

from __future__ import annotations

import re
from typing import NamedTuple

import regex

from obs_lib.evaluators.formats.problem import NotCompliant

_LONGEST_PATTERN = 1000
_CELL_END = re.compile(r"(?<!\\)\|")
_DELIMITER = re.compile(r"\s*:?-+:?\s*")
_BOUNDS = re.compile(r"(max|min)_(words|chars):(\d{1,9})|(words|chars):(\d{1,9})-(\d{1,9})")


class Bounds(NamedTuple):
    """How many words (separated by space, as `wc -w` counts) or characters; None for no bound on that side."""

    unit: str
    least: int | None
    most: int | None


def check_table(text: str) -> None:
    """One table of GitHub Flavored Markdown (0.29, section 4.10) and nothing else, every row as wide as the header."""
    lines = [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) < 2:
        raise NotCompliant("not a Markdown table: a header and a delimiter row are needed", line=1)
    (first, header), (second, delimiter) = lines[:2]
    width = len(_cells(header))
    if "|" not in header:
        raise NotCompliant("text outside the Markdown table", line=first)
    if second != first + 1 or not all(_DELIMITER.fullmatch(cell) for cell in _cells(delimiter)):
        raise NotCompliant("not a Markdown table: no delimiter row (|---|) under the header", line=first + 1)
    if len(_cells(delimiter)) != width:
        raise NotCompliant(f"{len(_cells(delimiter))} cells where the header has {width}", line=second)
    last = second
    for number, row in lines[2:]:
        if "|" not in row or number != last + 1:
            raise NotCompliant("text outside the Markdown table", line=number)
        if len(_cells(row)) != width:
            raise NotCompliant(f"{len(_cells(row))} cells where the header has {width}", line=number)
        last = number


def check_pattern(text: str, pattern: str, timeout_s: float) -> None:
    """The pattern matches at the start of the answer, space around it aside. TimeoutError beyond the limit."""
    if not pattern or len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a pattern must have 1 to {_LONGEST_PATTERN} characters; found {len(pattern)}")
    compiled = regex.compile(pattern, cache_pattern=False)
    if compiled.match(text.strip(), timeout=timeout_s) is None:
        raise NotCompliant("the pattern does not match at the start")


def read_bounds(expected: str) -> Bounds | None:
    """`max_words:100`, `min_chars:5`, `words:50-100` and the like; None for anything else.

    >>> read_bounds("max_words:100"), read_bounds("chars:5-9"), read_bounds("words:many"), read_bounds("chars:9-5")
    (Bounds(unit='words', least=None, most=100), Bounds(unit='chars', least=5, most=9), None, None)
    """
    bounds = _BOUNDS.fullmatch(expected)
    if bounds is None:
        return None
    side, unit, number, both, low, high = bounds.groups()
    if both:
        return Bounds(both, int(low), int(high)) if int(low) <= int(high) else None
    return Bounds(unit, None, int(number)) if side == "max" else Bounds(unit, int(number), None)


def check_length(text: str, bounds: Bounds) -> None:
    """The answer, space around it aside, is within the bounds."""
    bare = text.strip()
    n = len(bare.split()) if bounds.unit == "words" else len(bare)
    name = "words" if bounds.unit == "words" else "characters"
    if bounds.least is not None and n < bounds.least:
        raise NotCompliant(f"{n:,} {name} where at least {bounds.least:,} were asked for")
    if bounds.most is not None and n > bounds.most:
        raise NotCompliant(f"{n:,} {name} where at most {bounds.most:,} were asked for")


def _cells(row: str) -> list[str]:
    """The cells of a row; a bar at either end belongs to no cell, a bar behind a backslash is text."""
    inner = row.removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return _CELL_END.split(inner)
