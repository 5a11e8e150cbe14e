"""The fold over days: which days are known, and how a step goes forward over those whose inputs changed.

Each step of the fold names its inputs for a day by a digest; `days` remembers the digest of the last time. A day is stale
when the two differ. Going forward from the oldest day, a step's result can make the next day stale, and a result that came
out as before stops the wave. So the fold takes its work from the lake as it stands, never from a list of events, and any
order and parallelism of the left half ends in the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from obs_lib.digests import digest_of
from obs_lib.errors import LakeDamaged
from obs_lib.lake.steps import StepRecord
from obs_lib.pipeline import closing
from obs_lib.pipeline.closing import is_closed
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState

LEFT_STEPS = ("ingest", "plan", "evaluate", "collect", "summarise")


@dataclass(frozen=True)
class History:
    """The state of every step of every day at one moment."""

    steps: Mapping[tuple[Day, str], StepRecord] = field(repr=False)

    @property
    def days(self) -> list[Day]:
        """Days that the fold goes over, oldest first: summarised ones, and ones that failed before their summary."""
        summarised = {day for (day, step), record in self.steps.items() if step == "summarise" and record.readable}
        failed = {day for (day, _), record in self.steps.items() if record.state is StepState.FAILED}
        return sorted(summarised | failed)

    def summary(self, day: Day) -> StepRecord | None:
        """The summary of a day; None when it has none that can be read."""
        record = self.steps.get((day, "summarise"))
        return record if record is not None and record.readable else None

    def digests(self, day: Day, step: str) -> dict[str, str]:
        """What a step wrote on a day, by table; empty when nothing can be read."""
        record = self.steps.get((day, step))
        return dict(record.digests) if record is not None and record.readable else {}

    def failures(self, day: Day) -> list[tuple[str, str]]:
        """(step, message) of the steps that failed on a day and have no good result in force."""
        records = [self.steps.get((day, step)) for step in LEFT_STEPS]
        return [(r.step, r.note) for r in records if r is not None and r.state is StepState.FAILED]

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
    inputs: Callable[[History, Day], object],
    redo: Callable[[History, Day, str], StepRecord],
    ready: Callable[[History, Day], bool] = lambda *_: True,
) -> list[Day]:
    """Redo `step` on every stale day, oldest first; returns the days redone.

    `inputs` gives anything JSON can hold that decides the day's result; `redo` commits the day and returns its record.
    `ready` says whether the step before has done the day as the lake stands now: a night may have written a day while the fold
    was under way, and that day waits for the fold that the night asks for.

    A day whose tables turn out to be damaged is marked as one that failed, and the fold begins again: the others go on without
    it, and take it in again when it has been made again.
    """
    past = history(ws)
    steps = dict(past.steps)
    done: list[Day] = []
    for day in past.days:
        now = History(steps)
        if now.closed(day) or not ready(now, day):
            continue
        wanted = digest_of(step, inputs(now, day))
        record = steps.get((day, step))
        if record is None or not record.readable or record.inputs != wanted:
            try:
                with ws.step(day, step):
                    steps[(day, step)] = redo(now, day, wanted)
            except LakeDamaged as error:
                if not ws.lake.lose(error):
                    raise
                return sorted({*done, *go_forward(ws, step, inputs, redo, ready)})
            done.append(day)
    return done


def is_current(past: History, day: Day, step: str, inputs: object) -> bool:
    """Whether a step has done a day with these inputs, or the day is closed, so that nothing does it again."""
    record = past.steps.get((day, step))
    return past.closed(day) or (record is not None and record.readable and record.inputs == digest_of(step, inputs))
