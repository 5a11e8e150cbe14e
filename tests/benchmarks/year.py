"""A year of nights with all that happens in one, and what a night takes at its end beside its beginning.

    python -m tests.benchmarks.year [--nights 365] [--per-route 30] [--write]

Runs the nights one after another (tests/year.py says what happens in them), each in a process of its own, and prints a line
a night and the table of docs/speed.md; `--write` puts it there. What is compared are the medians of 21 nights, in which every
incident of the samples comes once: from the 22nd on, when the baseline is full, and the last ones.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.year import CYCLE, Taken, Year

PAGE = Path(__file__).resolve().parents[2] / "docs" / "speed.md"
_BEGIN, _END = "<!-- year: made by `make year` -->", "<!-- year: end -->"
ROWS = ("interactions", "spans", "scores", "embeddings", "sketches", "quarantine", "unread", "labels", "gpu_samples")
_NUMBERS = ("metrics", "drift", "evaluator_changes", "anchors", "alerts", "reports")
_STATES = ("days", "days_settled", "operations", "erasures")


def median(of: Callable[[Taken], float | None], nights: Sequence[Taken]) -> float:
    """The median over the nights on which there is a value."""
    return statistics.median(value for night in nights if (value := of(night)) is not None)


def table(nights: Sequence[Taken]) -> str:
    """What the nights took, in Markdown."""
    early, late = nights[CYCLE : 2 * CYCLE], nights[-CYCLE:]
    rows = [
        ("a night, s of the processor", lambda one: one.processor, 2),
        ("a night, s on the clock", lambda one: one.seconds, 2),
        ("index of days and the last page, s of the processor", lambda one: one.index, 2),
        ("maintenance once a week, s of the processor", lambda one: one.maintenance, 2),
        ("memory at most, MB", lambda one: one.memory / 1e6, 0),
        ("disk: rows of logs and scores, MB", summed("size", ROWS, 1e6), 1),
        ("disk: numbers, drift, alerts, reports, MB", summed("size", _NUMBERS, 1e6), 1),
        ("disk: states of days, operations, MB", summed("size", _STATES, 1e6), 1),
        ("files: rows of logs and scores", summed("files", ROWS, 1), 0),
        ("files: numbers, drift, alerts, reports", summed("files", _NUMBERS, 1), 0),
        ("files: states of days, operations", summed("files", _STATES, 1), 0),
    ]
    first, last = f"nights {early[0].night} to {early[-1].night}", f"nights {late[0].night} to {late[-1].night}"
    lines = [f"| median of 21 nights | {first} | {last} | ratio |", "|---|---|---|---|"]
    for name, of, digits in rows:
        before, after = median(of, early), median(of, late)
        lines.append(f"| {name} | {before:,.{digits}f} | {after:,.{digits}f} | {after / before:.2f} |")
    return "\n".join(lines)


def summed(what: str, tables: Sequence[str], unit: float = 1) -> Callable[[Taken], float]:
    """Files (`files`) or bytes (`size`) of some tables together, in `unit`."""
    return lambda one: sum(getattr(one, what).get(name, 0) for name in tables) / unit


def main() -> None:
    """Run the nights, print what they took, and write the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--per-route", type=int, default=30)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.nights < 3 * CYCLE:
        parser.error(f"at least {3 * CYCLE} nights, so that the last {CYCLE} are others than the first")
    with tempfile.TemporaryDirectory() as name:
        nights = played(Year(Path(name) / "year", asked.per_route), asked.nights)
    made = table(nights)
    sys.stdout.write(f"\n{made}\n")
    if asked.write:
        PAGE.write_text(_updated(PAGE.read_text(encoding="utf-8"), made, len(nights), asked.per_route))


def played(year: Year, most: int) -> list[Taken]:
    """The nights, a line each. Ctrl-C ends them early, where there are enough."""
    nights: list[Taken] = []
    try:
        while len(nights) < most:
            nights.append(taken := year.night())
            after = [f"{what} {value:.2f}" for what in ("maintenance", "erasure") if (value := getattr(taken, what))]
            sys.stdout.write(
                f"{taken.night}: {taken.seconds:.2f} s, processor {taken.processor:.2f}, index {taken.index:.2f}, "
                f"{taken.memory / 1e6:.0f} MB, {sum(taken.files.values())} files, "
                f"{sum(taken.size.values()) / 1e6:.1f} MB on disk {' '.join(after)}\n"
            )
            sys.stdout.flush()
    except KeyboardInterrupt:
        if len(nights) < 3 * CYCLE:
            raise
    return nights


def _updated(page: str, made: str, nights: int, per_route: int) -> str:
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    told = (
        f"{nights} nights of {2 * per_route} interactions, {os.cpu_count()} cores, Python {platform.python_version()}."
    )
    return f"{before}{_BEGIN}\n{made}\n\n{told}\n{_END}{after}"


if __name__ == "__main__":
    main()
