"""Detectors of change for streams of labels, beside what nights find with and without labels, on one stream of real answers.

    OBS_REAL_DATA=FOLDER python -m tests.benchmarks.bench_supervised [--quarters 20] [--changes 20] [--unlabelled 4]
        [--page docs/statistics.md]

A service is asked whether numbers are prime, a hundred times a night, and is told by arithmetic which answers were right. After
thirty nights another version of its model answers. Prints the table of docs/statistics.md in Markdown; with --page that page
gets it. --unlabelled : of the quarters, those in which answers are compared without labels too, which takes longer. River's
detectors stand as they come.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from river import drift

from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.decision import drift_rows
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions
from obs_lib.records import ALL
from obs_lib.stats.intervals import share
from tests.benchmarks.page import written
from tests.real_answers import FIRST, Day, Pool, compared, pools

WARM_UP, WITHIN, QUARTER, ANSWERS, QUIET = 30, 14, 90, 100, 2
TASK = "prime_full"
SWAPS = {
    "GPT-4 0314 to 0613": ("gpt-4-0314", "gpt-4-0613"),
    "GPT-3.5 0301 to 0613": ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0613"),
}
OPTIONS = DriftOptions()


@dataclass(frozen=True)
class Night:
    """wrong : whether each labelled answer was, in the order in which they came. day : all answers, without labels."""

    index: int
    wrong: np.ndarray
    day: Callable[[], Day]


class Watch(Protocol):
    """Looks at one night after the other, and says whether something changed."""

    def __call__(self, night: Night) -> bool: ...


class Stream(Protocol):
    """A detector of river."""

    drift_detected: bool

    def update(self, x: int) -> object: ...


@dataclass
class ByLabel:
    """A detector that sees label after label."""

    detector: Stream

    def __call__(self, night: Night) -> bool:
        alarms = []
        for wrong in night.wrong:
            self.detector.update(int(wrong))
            alarms.append(self.detector.drift_detected)
        return any(alarms)


@dataclass
class ByNight:
    """The night's comparison of the labelled accuracy, which has the whole budget of false alarms for itself."""

    past: list[DaySummary] = field(default_factory=list)
    away: dict[tuple[str, str], set[dt.date]] = field(default_factory=dict)

    def __call__(self, night: Night) -> bool:
        found = share(~night.wrong)
        row = ("accuracy", ALL, "OK", found.value, found.std_error, len(night.wrong), found.effective_n)
        metrics = pd.DataFrame([row], columns=["metric", "segment", "status", "value", "std_error", "n", "effective_n"])
        sketches = pd.DataFrame(columns=["kind", "segment", "key", "n", "payload"])
        today = DaySummary(FIRST + dt.timedelta(night.index), metrics, sketches)
        rows = drift_rows(measure(today, self.past[-OPTIONS.history_days :], OPTIONS, self.away), OPTIONS)
        self.past.append(today)
        drifted = bool((rows["verdict"] == "DRIFTED").any())
        if drifted:
            self.away.setdefault(("change:accuracy", ALL), set()).add(today.day)
        return drifted


@dataclass
class Unlabelled:
    """Answers to alike prompts, and words, against those of the last week."""

    past: list[Day] = field(default_factory=list)

    def __call__(self, night: Night) -> bool:
        today, window = night.day(), self.past[-OPTIONS.window_days :]
        self.past.append(today)
        if len(window) < OPTIONS.window_days:
            return False
        rows = drift_rows(compared(today, window), OPTIONS)
        return bool((rows["verdict"] == "DRIFTED").any())


WATCHES: Mapping[str, Callable[[], Watch]] = {
    "ADWIN": lambda: ByLabel(drift.ADWIN()),
    "DDM": lambda: ByLabel(drift.binary.DDM()),
    "Page-Hinkley": lambda: ByLabel(drift.PageHinkley()),
    "the night's comparison": ByNight,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quarters", type=int, default=20)
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--unlabelled", type=int, default=4)
    parser.add_argument("--vectors", type=Path, default=Path("vectors.npz"))
    parser.add_argument("--page", type=Path)
    asked = parser.parse_args()
    known = pools(Path(os.environ["OBS_REAL_DATA"]), asked.vectors)
    written(_table(known, asked.quarters, asked.changes, asked.unlabelled), asked.page, "labels")


def _table(known: Mapping[str, Pool], quarters: int, changes: int, unlabelled: int) -> Iterator[str]:
    heads = [f"{name}: found, median night" for name in SWAPS]
    yield f"| | labels a night | told in a quiet quarter | {' | '.join(heads)} |"
    yield "|---|---|---|---|---|"
    for labels in (100, 25):
        for name, watch in WATCHES.items():
            yield _row(known, name, watch, labels, quarters, changes)
    name = "answers and words, without labels"
    yield _row(known, name, Unlabelled, 0, unlabelled, min(changes, 2 * unlabelled))


def _row(
    known: Mapping[str, Pool], name: str, watch: Callable[[], Watch], labels: int, quarters: int, changes: int
) -> str:
    before = SWAPS["GPT-4 0314 to 0613"][0]
    told = [_told(watch(), nights(known[before], known[before], labels, seed, QUARTER)) for seed in range(quarters)]
    cells = [f"{np.mean(told):.2f} ({quarters})"]
    for first, second in SWAPS.values():
        found = [_delay(watch(), nights(known[first], known[second], labels, seed)) for seed in range(changes)]
        delays = [delay for delay in found if delay is not None]
        median = f", {np.median(delays):g}" if delays else ""
        cells.append(f"{len(delays)} of {changes}{median}")
    return f"| {name} | {labels or 'none'} | {' | '.join(cells)} |"


def nights(before: Pool, after: Pool, labels: int, seed: int, n: int = WARM_UP + WITHIN) -> Iterator[Night]:
    """Nights of answers drawn with replacement, from `after` once WARM_UP of them are over; the first of them are labelled."""
    rng = np.random.default_rng([7, seed])
    for index in range(n):
        pool = before if index < WARM_UP else after
        rows = rng.choice(np.flatnonzero(pool.topics == TASK), ANSWERS)
        wrong = np.array([not right(pool.questions[row], pool.texts[row]) for row in rows[:labels]], dtype=bool)
        seeds = np.random.default_rng([8, seed, index])
        yield Night(
            index, wrong, lambda pool=pool, seeds=seeds, index=index, rows=rows: pool.day_of(seeds, index, rows)
        )


def right(question: str, answer: str) -> bool:
    """Whether the last verdict of an answer is true; one without a verdict is wrong."""
    number = int(re.findall(r"\d+", question)[0])
    prime = number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))
    return re.findall(r"\[(Yes|No)\]", answer)[-1:] == ["Yes" if prime else "No"]


def _told(watch: Watch, stream: Iterator[Night]) -> int:
    """Alarms that do not follow another within QUIET nights."""
    nights = [night.index for night in stream if watch(night)]
    return sum(at == 0 or night - nights[at - 1] > QUIET for at, night in enumerate(nights))


def _delay(watch: Watch, stream: Iterator[Night]) -> int | None:
    """Nights from the change to the first alarm after it, from 1; None where there is none."""
    found = [night.index for night in stream if watch(night)]
    return next((night - WARM_UP + 1 for night in found if night >= WARM_UP), None)


if __name__ == "__main__":
    main()
