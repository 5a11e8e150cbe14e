"""Distances from the baseline, each beside what chance alone gives, and the metrics that changed, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from obs_lib.catalogue.distances import changed_metric
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import TableBlock
from obs_lib.reporting.cells import Beside, Cell, Column, RowGroup
from obs_lib.reporting.drift_words import VERDICTS, changed_title, distance_title
from obs_lib.reporting.numbers import number
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, segment_title
from obs_lib.reporting.table_rows import TableRow
from obs_lib.reporting.tone import Tone

_COLUMNS = (
    Column("Segment", "head"),
    Column("Distance", "number", lead=True),
    Column("Chance alone: mean", "number"),
    Column("Chance alone: 95%", "number"),
    Column("Beside chance", "figure"),
    Column("p, adjusted", "number"),
    Column("Verdict", "text"),
    Column("n today / baseline", "number"),
)


def distance_table(name: str, compared: Sequence[TableRow]) -> TableBlock:
    known = [v for row in compared for v in (number(row["statistic"]), number(row["null_high"])) if v is not None]
    top = 1.08 * max(known, default=1.0) or 1.0
    first = compared[0]
    limit = number(first["threshold"])
    note = (
        "Counts as drift when p is small and the distance exceeds chance by at least "
        f"{numbers.bare(numbers.write(limit, first['unit']))}."
        if limit
        else ""
    )
    unit = "" if first["unit"] in ("score", "probability") else f", in {line(first['unit'], 40)}"
    return TableBlock(
        distance_title(name) + unit,
        _COLUMNS,
        (RowGroup("", tuple(_distance_row(row, top) for row in compared)),),
        note=note,
    )


def _distance_row(row: TableRow, top: float) -> tuple[Cell, ...]:
    word, tone = VERDICTS[row["verdict"]]
    unit = row["unit"]
    note = line(row["note"] or "", 140)
    value, mean, high = number(row["statistic"]), number(row["null_mean"]), number(row["null_high"])
    figure = None
    if value is not None and high is not None:
        words = f"{numbers.write(value, unit)}; chance alone stays under {numbers.write(high, unit)} on 95 of 100 days"
        figure = Beside(value, mean or 0.0, high, top, words)
    return (
        Cell(segment_title(row["segment"])),
        Cell(
            numbers.write(value, unit) if value is not None else "no data",
            tone=Tone.PLAIN if value is not None else Tone.ABSENT,
        ),
        Cell(numbers.write(mean, unit)),
        Cell(numbers.write(high, unit)),
        Cell("", figure=figure),
        Cell(numbers.p_value(row["p_adjusted"] if row["p_adjusted"] is not None else row["p_value"])),
        Cell("", (note,) if note else (), tone, word),
        Cell(f"{numbers.count(row['n_current'])} / {numbers.count(row['n_baseline'])}"),
    )


def moved_table(moved: Sequence[TableRow], options: ReportOptions) -> TableBlock:
    columns = (
        Column("Metric", "head"),
        Column("Change", "number", lead=True),
        Column("Segment", "text"),
        Column("Baseline", "number"),
        Column("Today", "number"),
        Column("p, adjusted", "number"),
    )
    body = []
    for row in moved[: options.max_rows]:
        unit = metric.unit if (metric := changed_metric(row["name"])) else row["unit"]
        body.append(
            (
                Cell(changed_title(row)),
                Cell(numbers.change(row["effect"], unit, row["baseline_value"]), tone=Tone.SERIOUS, mark="changed"),
                Cell(segment_title(row["segment"])),
                Cell(numbers.write(row["baseline_value"], unit)),
                Cell(numbers.write(_today(row), unit)),
                Cell(numbers.p_value(row["p_adjusted"])),
            )
        )
    hidden = len(moved) - len(body)
    return TableBlock(
        "Metrics that changed",
        columns,
        (RowGroup("", tuple(body)),),
        note=f"{hidden} more are left out." if hidden else "",
    )


def _today(row: TableRow) -> float | None:
    base, effect = number(row["baseline_value"]), number(row["effect"])
    return None if base is None or effect is None else base + effect
