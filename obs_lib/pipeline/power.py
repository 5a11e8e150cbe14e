"""What changes of a metric the nights of this service can show, and how many answers smaller ones need."""

from __future__ import annotations

from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.change import priors
from obs_lib.drift.decision import cuts
from obs_lib.drift.measure import gather
from obs_lib.drift.power import LabelPower, Power
from obs_lib.errors import DayNotReady
from obs_lib.pipeline.calibrate import labelled_rates
from obs_lib.pipeline.compare import evaluators_changed, history_days, what_is_compared
from obs_lib.pipeline.fold import History, history
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, StepState


def power(ws: Workspace, metric: str, segment: str = ALL) -> tuple[Day, Power]:
    """Return the last day with data and the power of a metric's comparison on it. DayNotReady where it is not compared."""
    past = history(ws)
    day = _last_day(ws, past)
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


def label_power(ws: Workspace, metric: str) -> tuple[Day, LabelPower]:
    """Return the last day with data and the power of the labels in its window. DayNotReady where there is no corrected rate."""
    past = history(ws)
    day = _last_day(ws, past)
    found = next((one.window for one in labelled_rates(ws, past, day) if one.metric == metric), None)
    if found is None or found.corrected is None or not found.corrected.std_error:
        raise DayNotReady(
            f"{metric} has no corrected rate",
            rule="a rate that people's labels correct (`labels`)",
            found=found.why if found and found.why else "no label of it in the window",
            where=str(day),
            fix="`obs labels sample` draws answers to label",
        )
    return day, LabelPower(found.n, found.corrected.std_error)


def _last_day(ws: Workspace, past: History) -> Day:
    ready = [day for day in past.days if (record := past.summary(day)) and record.state is StepState.READY]
    if not ready:
        raise DayNotReady("no day has a summary yet", where=ws.lake.root, fix="`obs run DAY` for some days")
    return ready[-1]
