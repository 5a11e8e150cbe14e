"""Distances from the baseline over days, in front of what chance alone gives."""

from __future__ import annotations

from collections.abc import Sequence

from obs_lib.records import ALL, DriftVerdict
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Chart, Panel, Series
from obs_lib.reporting.drift_words import TITLES, VERDICTS, distance_title
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.numbers import number
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import segment_title
from obs_lib.reporting.table_rows import TableRow
from obs_lib.reporting.tone import Tone

_SHORT = {
    "semantic_drift": "Semantic drift",
    "token_kl": "Token KL",
    "answer_drift": "Answer drift",
    "topic_drift": "Topic drift",
}
_PANELS = 3  # segments with a chart of their own for each distance: a row of them on a wide screen


def distance_chart(inputs: ReportInputs, options: ReportOptions) -> Chart:
    """Statistic over days in front of the band of chance; only where at least two days were compared."""
    days = inputs.days(options.trend_days)
    panels = []
    for name in TITLES:
        for segment in _charted(inputs):
            history = [inputs.distances.get((day.isoformat(), name, segment)) for day in days]
            values = tuple(number(row["statistic"]) if row else None for row in history)
            if sum(value is not None for value in values) > 1:
                panels.append(_panel(inputs, name, segment, history, values))
    return Chart(
        "Distance from the baseline over time",
        tuple(panels),
        (),
        "Shaded: the range up to which chance alone reaches on 95 of 100 days.",
    )


def _charted(inputs: ReportInputs) -> list[str]:
    """The whole and the segments that drifted today come first; shown in their usual order."""

    def rank(segment: str) -> tuple[bool, bool]:
        today = [inputs.distances.get((inputs.iso, name, segment)) for name in TITLES]
        return segment != ALL, not any(row is not None and row["verdict"] == DriftVerdict.DRIFTED for row in today)

    chosen = set(sorted(inputs.shown_segments, key=rank)[:_PANELS])
    return [segment for segment in inputs.shown_segments if segment in chosen]


def _panel(
    inputs: ReportInputs, name: str, segment: str, history: Sequence[TableRow | None], values: tuple[float | None, ...]
) -> Panel:
    highs = tuple(number(row["null_high"]) if row else None for row in history)
    lows = tuple(0.0 if high is not None else None for high in highs)
    last = history[-1]
    unit = next(row["unit"] for row in history if row)
    word, tone = VERDICTS[last["verdict"]] if last else ("not compared", Tone.ABSENT)
    latest = f"{numbers.write(values[-1], unit)}, {word}" if values[-1] is not None else word
    short = _SHORT.get(name, distance_title(name))
    words = f"{distance_title(name)}, {segment_title(segment)}: {latest} on {numbers.long_day(inputs.iso)}."
    return Panel(
        f"{short}: {segment_title(segment)}",
        inputs.days(len(values)),
        (Series(short, values),),
        numbers.writer(unit),
        words,
        latest,
        tone,
        band=("chance alone, 95%", lows, highs),
    )
