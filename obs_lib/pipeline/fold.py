"""The fold over days: which days are known, and how a step goes forward over those whose inputs changed.

Each step of the fold names its inputs for a day by a digest; `days` remembers the digest of the last time. A day is stale
when the two differ. Going forward from the oldest day, a step's result can make the next day stale, and a result that came
out as before stops the wave. So the fold takes its work from the lake as it stands, never from a list of events, and any
order and parallelism of the left half ends in the same place.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from obs_lib.digests import digest_of
from obs_lib.errors import LakeDamaged
from obs_lib.lake.steps import StepRecord
from obs_lib.pipeline import closing
from obs_lib.pipeline.closing import is_closed
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState

LEFT_STEPS = ("ingest", "plan", "evaluate", "collect", "summarise")

Inputs = Callable[["History", Day], object]
"""Anything JSON can hold that decides the result of a step on a day."""


@dataclass(frozen=True)
class History:
    """The state of every step of every day, as a walk over them finds it: a step that goes forward sees its own results."""

    steps: dict[tuple[Day, str], StepRecord] = field(repr=False)
    _wanted: dict[tuple[Day, str], str] = field(default_factory=dict, repr=False, compare=False)
    _named: dict[Day, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def days(self) -> list[Day]:
        """Days that the fold goes over, oldest first: summarised ones, and ones that failed before their summary."""
        summarised = {day for (day, step), record in self.steps.items() if step == "summarise" and record.readable}
        failed = {day for (day, _), record in self.steps.items() if record.state is StepState.FAILED}
        return sorted(summarised | failed)

    def before(self, day: Day) -> Day | None:
        """The last of these days before `day`; None where there is none.

        A day that never ran is skipped: open incidents stay open over it.
        """
        place = bisect_left(self.days, day)
        return self.days[place - 1] if place else None

    def put(self, record: StepRecord) -> None:
        """What a step has just made of a day, for the steps and days after it."""
        before = self.steps.get((record.day, record.step))
        self.steps[record.day, record.step] = record
        if StepState.FAILED in (record.state, before and before.state):
            self.__dict__.pop("days", None)  # which count days that failed

    def summary(self, day: Day) -> StepRecord | None:
        """The summary of a day; None when it has none that can be read."""
        record = self.steps.get((day, "summarise"))
        return record if record is not None and record.readable else None

    def named(self, day: Day) -> str:
        """What names the summary of a day, which no step of the fold makes."""
        if day not in self._named:
            self._named[day] = digest_of(self.digests(day, "summarise"))
        return self._named[day]

    def digests(self, day: Day, step: str) -> dict[str, str]:
        """What a step wrote on a day, by table; empty when nothing can be read."""
        record = self.steps.get((day, step))
        return dict(record.digests) if record is not None and record.readable else {}

    def failures(self, day: Day) -> list[tuple[str, str]]:
        """(step, message) of the steps that failed on a day and have no good result in force."""
        records = [self.steps.get((day, step)) for step in LEFT_STEPS]
        return [(r.step, r.note) for r in records if r is not None and r.state is StepState.FAILED]

    def wanted(self, day: Day, step: str, inputs: Inputs) -> str:
        """The digest of a step's inputs, made once: asked for a day when the days before are done, it is what it will stay."""
        key = (day, step)
        if key not in self._wanted:
            self._wanted[key] = digest_of(step, inputs(self, day))
        return self._wanted[key]

    @property
    def lost(self) -> list[StepRecord]:
        """Steps whose good result cannot be read any more, by day."""
        return [record for record in self.steps.values() if record.lost]

    def closed(self, day: Day) -> bool:
        """Whether maintenance has closed the day: it cannot be made again, and what was made of it stands."""
        return is_closed(self.steps.get((day, closing.STEP)), self.summary(day))


def history(ws: Workspace) -> History:
    """Read `days` once."""
    return History({(record.day, record.step): record for record in ws.lake.records()})


def go_forward(
    ws: Workspace,
    step: str,
    inputs: Inputs,
    redo: Callable[[History, Day, str], StepRecord],
    ready: Callable[[History, Day], bool] = lambda *_: True,
) -> list[Day]:
    """Redo `step` on every stale day, oldest first; returns the days redone.

    `redo` gets the digest of the inputs, commits the day and returns its record. `ready` says whether the step before has done
    the day as the lake stands now: a night may have written a day while the fold was under way, and that day waits for the
    fold that the night asks for.

    A day whose tables turn out to be damaged is marked as one that failed, and the fold begins again: the others go on without
    it, and take it in again when it has been made again.
    """
    past = history(ws)
    done: list[Day] = []
    for day in past.days:
        if past.closed(day) or not ready(past, day) or is_current(past, day, step, inputs):
            continue
        try:
            with ws.step(day, step):
                past.put(redo(past, day, past.wanted(day, step, inputs)))
        except LakeDamaged as error:
            if not ws.lake.lose(error):
                raise
            return sorted({*done, *go_forward(ws, step, inputs, redo, ready)})
        done.append(day)
    return done


def is_current(past: History, day: Day, step: str, inputs: Inputs) -> bool:
    """Whether a step has done a day with these inputs, or the day is closed, so that nothing does it again."""
    if past.closed(day):
        return True
    record = past.steps.get((day, step))
    return record is not None and record.readable and record.inputs == past.wanted(day, step, inputs)
