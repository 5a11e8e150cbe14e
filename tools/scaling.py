"""Simulate the task graph of a night at size, and write the table of docs/scaling.md.

    python tools/scaling.py [--write] [--encode 12.2] [--read 1400] [--sum 5700]

A night is ingest, plan, evaluate a shard each, collect and summarise in each watch, then the fold; tasks wait for a free core,
in the order in which they may begin. Rates are interactions a second and core; by default those of docs/scaling.md.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scaling.md"
BEGIN, END = "<!-- plans: made by `make docs` -->", "<!-- end of plans -->"


@dataclass(frozen=True, slots=True)
class Rates:
    """What a plan is reckoned with. Interactions a second and core; seconds.

    encode : first reading of an interaction by the encoder and every evaluator. read : ingest. sum : plan, collect and
    summarise together. start : of a task, with its imports. load : of the models, once a task. fold : compare, alert and
    render of one night.
    """

    encode: float = 12.2
    read: float = 1400.0
    sum: float = 5700.0
    start: float = 3.0
    load: float = 8.0
    fold: float = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How a day is spread. logged : interactions of the day. scored : of them, by sample or all. watches : equal slices of the
    traffic, each with a settings file of its own. shards : tasks of `evaluate` a watch. slots : tasks with models that run at
    once, a core each; hands : tasks without.
    """

    name: str
    logged: int
    scored: int
    watches: int
    shards: int
    slots: int
    hands: int


PLANS = (
    Plan("one machine, a sample", 1_000_000, 20_000, 1, 8, 8, 4),
    Plan("one machine, all scored", 100_000, 100_000, 1, 8, 8, 4),
    Plan("100 million, a sample of 20,000 a slice", 100_000_000, 2_000_000, 100, 8, 64, 32),
    Plan("100 million, a tenth scored", 100_000_000, 10_000_000, 100, 16, 256, 64),
    Plan("100 million, all scored", 100_000_000, 100_000_000, 100, 64, 1600, 64),
)


@dataclass(frozen=True, slots=True)
class Night:
    """What a plan comes to, in seconds. wall : from the first task to the last report. models, others : core seconds."""

    wall: float
    models: float
    others: float


def simulate(plan: Plan, rates: Rates) -> Night:
    """The nights of all watches at once, with two kinds of slots."""
    logged, scored = plan.logged / plan.watches, plan.scored / plan.watches
    before = _Step(1, rates.start + logged / rates.read, "hands")
    planned = _Step(1, rates.start + logged / rates.sum / 2, "hands")
    shard = _Step(plan.shards, rates.start + rates.load + scored / plan.shards / rates.encode, "slots")
    after = _Step(1, 2 * rates.start + logged / rates.sum / 2, "hands")
    fold = _Step(1, 3 * rates.start + rates.fold, "hands")
    steps = (before, planned, shard, after, fold)
    spent = {kind: plan.watches * sum(one.tasks * one.seconds for one in steps if one.kind == kind) for kind in KINDS}
    return Night(_wall(plan, steps), spent["slots"], spent["hands"])


KINDS = ("slots", "hands")


@dataclass(frozen=True, slots=True)
class _Step:
    """Equal tasks of one watch, that may run beside each other; the next step waits for all."""

    tasks: int
    seconds: float
    kind: str


def _wall(plan: Plan, steps: Sequence[_Step]) -> float:
    """When the last task ends. Of tasks that wait, the one that could begin first is taken."""
    free = {"slots": [0.0] * plan.slots, "hands": [0.0] * plan.hands}
    waiting = [(0.0, watch, 0) for watch in range(plan.watches)]
    last = 0.0
    while waiting:
        ready, watch, number = heapq.heappop(waiting)
        step = steps[number]
        end = ready
        for _ in range(step.tasks):
            done = max(ready, heapq.heappop(free[step.kind])) + step.seconds
            heapq.heappush(free[step.kind], done)
            end = max(end, done)
        last = max(last, end)
        if number + 1 < len(steps):
            heapq.heappush(waiting, (end, watch, number + 1))
    return last


def table(rates: Rates) -> str:
    """The plans as a Markdown table between the two marks."""
    lines = []
    for plan in PLANS:
        night = simulate(plan, rates)
        spread = f"{plan.watches} x {plan.shards} | {plan.slots:,} + {plan.hands}"
        spent = f"{_hours(night.wall)} | {_hours(night.models)} + {_hours(night.others)}"
        busy = night.models / (plan.slots * night.wall)
        lines.append(f"| {plan.name} | {plan.logged:,} | {plan.scored:,} | {spread} | {spent} | {busy:.0%} |")
    head = "| plan | logged | scored | watches x shards | cores: models + others | wall | core time | models busy |"
    return "\n".join([BEGIN, head, "|---|---|---|---|---|---|---|---|", *lines, END])


def updated(text: str, rates: Rates) -> str:
    """The page's text with the table of these rates in it."""
    before, rest = text.split(BEGIN)
    return before + table(rates) + rest.split(END)[1]


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:,.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def main() -> None:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into docs/scaling.md")
    measured = Rates()
    for name in ("encode", "read", "sum", "start", "load", "fold"):
        parser.add_argument(f"--{name}", type=float, default=getattr(measured, name))
    given = vars(parser.parse_args())
    write = given.pop("write")
    if write:
        PAGE.write_text(updated(PAGE.read_text(encoding="utf-8"), Rates(**given)), encoding="utf-8")
        sys.stderr.write(f"{PAGE.name}: {len(PLANS)} plans\n")
    else:
        print(table(Rates(**given)))


if __name__ == "__main__":
    main()
