"""What changes of a metric the nights of this service can show, and how many answers smaller ones need."""

from __future__ import annotations

from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.change import priors
from obs_lib.drift.decision import cuts
from obs_lib.drift.measure import gather
from obs_lib.drift.power import Power
from obs_lib.errors import DayNotReady
from obs_lib.pipeline.compare import evaluators_changed, history_days, what_is_compared
from obs_lib.pipeline.fold import history
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, StepState


def power(ws: Workspace, metric: str, segment: str = ALL) -> tuple[Day, Power]:
    """Return the last day with data and the power of a metric's comparison on it. DayNotReady where it is not compared."""
    past = history(ws)
    ready = [day for day in past.days if (record := past.summary(day)) and record.state is StepState.READY]
    if not ready:
        raise DayNotReady("no day has a summary yet", where=ws.lake.root, fix="`obs run DAY` for some days")
    day = ready[-1]
    changes = evaluators_changed(ws, day, history_days(ws, past, day))
    distances, comparisons = gather(*what_is_compared(ws, past, day, changes))
    found = next((one for one in comparisons if (one.name, one.segment) == (CHANGE + metric, segment)), None)
    if found is None:
        notes = [one.note for one in distances if (one.name, one.segment) == (CHANGE + metric, segment)]
        raise DayNotReady(
            f"{metric} is not compared in {segment}",
            rule="a metric with a better side, and enough days that have it",
            found=notes[0] if notes else "no such metric there",
            where=str(day),
        )
    names = [one.name for one in comparisons] + [one.name for one in distances if one.p_value is not None]
    family = next(iter(cuts([found.name], 1.0)))
    return day, Power(found, priors(comparisons)[found.series.scale], cuts(names, ws.settings.drift.level)[family])
