"""The numbers of the day: an overview of what has an objective, charts over days, and a table for each segment."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from obs_lib.catalogue.gpu import GPU
from obs_lib.catalogue.system import ERROR_KIND_RATES, FINISH, SYSTEM, SYSTEM_GROUPS
from obs_lib.records import ALL, DriftVerdict, Metric
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import (
    Block,
    Cell,
    Chart,
    Column,
    Heading,
    Note,
    Panel,
    RowGroup,
    Series,
    Table,
    Tone,
    Trend,
)
from obs_lib.reporting.evaluators_section import evaluator_notes, moved
from obs_lib.reporting.inputs import ReportInputs, Row
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line
from obs_lib.reporting.verdict import is_breach, worse_of

_COLUMNS = (
    Column("Metric", "head"),
    Column("Value", "number", lead=True),
    Column("95% interval", "number"),
    Column("n", "number"),
    Column("Objective", "number"),
    Column("Against the baseline", "number"),
    Column("Trend", "figure"),
)
_PARTS = frozenset(metric.name for metric in (*ERROR_KIND_RATES, *FINISH))  # not shown where they never occurred
_LINES = 4  # lines in one chart: more can not be told apart without colour


def metrics_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Heading, overview, charts, and one table a segment; segments with nothing to report are folded."""
    yield Heading(
        "Metrics",
        "metrics",
        lead="Each number with its 95% interval, the interactions behind it, its objective, and the last "
        f"{options.trend_days} days.",
    )
    yield from evaluator_notes(inputs)
    segments = inputs.shown_segments
    if any(_rows(inputs, segment, inputs.interaction_metrics, options) for segment in segments):
        yield from _of_interactions(inputs, segments, options)
    else:
        yield Note("No metric has a value on this day or on the days before it.", Tone.ABSENT, "No data")
    yield from _gpu_tables(inputs, options)


def _of_interactions(inputs: ReportInputs, segments: list[str], options: ReportOptions) -> Iterator[Block]:
    if len(segments) > 1 and not inputs.without_data:
        yield _overview(inputs, segments[: 2 * options.max_segments])
    chart = _chart(inputs, options)
    if chart.panels:
        yield chart
    shown = noteworthy(inputs, options.max_segments)
    for segment in shown:
        yield _segment_table(inputs, segment, options)
    if len(shown) < len(segments):
        left_out = numbers.plural(len(segments) - len(shown), "more segment")
        yield Note(f"Tables of {left_out} are left out for length; `obs metrics` lists them.")


def noteworthy(inputs: ReportInputs, n: int) -> list[str]:
    """The whole and the segments with most to report, at most `n`, in their usual order."""

    def rank(segment: str) -> tuple[bool, int]:
        standings = [_standing(inputs, metric, segment)[1] for metric in inputs.interaction_metrics]
        return segment != ALL, -sum(("changed" in mark) * 2 + ("breach" in mark) for mark in standings)

    chosen = set(sorted(inputs.shown_segments, key=rank)[:n])
    return [segment for segment in inputs.shown_segments if segment in chosen]


@lru_cache(maxsize=256)
def segment_title(segment: str) -> str:
    """A segment as a reader sees it."""
    return "All interactions" if segment == ALL else line(segment, 80)


def objective_text(metric: Metric, limit: float | None) -> str:
    """'≤ 5%' for a limit where higher is worse, '≥' where lower is; empty for none."""
    if limit is None or metric.direction is None:
        return ""
    return f"{'≤' if metric.direction == 'lower_is_better' else '≥'} {numbers.bare(numbers.write(limit, metric.unit))}"


def _overview(inputs: ReportInputs, segments: list[str]) -> Table:
    """Segments against the metrics that have an objective and data."""
    judged = [m for m in (*inputs.quality, *SYSTEM) if m.name in inputs.objectives and m.direction is not None]
    judged = [m for m in judged if any(inputs.value(m.name, segment) is not None for segment in segments)]
    columns = (Column("Segment", "head"), *(Column(m.title, "number") for m in judged))
    body = tuple(
        (Cell(segment_title(segment)), *(_overview_cell(inputs, metric, segment) for metric in judged))
        for segment in segments
    )
    return Table("Where the objectives stand", columns, (RowGroup("", body),))


def _overview_cell(inputs: ReportInputs, metric: Metric, segment: str) -> Cell:
    value = inputs.value(metric.name, segment)
    if value is None:
        return Cell("no data", tone=Tone.ABSENT)
    tone, mark = _standing(inputs, metric, segment)
    return Cell(numbers.write(value, metric.unit), tone=tone, mark=mark)


def _standing(inputs: ReportInputs, metric: Metric, segment: str) -> tuple[Tone, str]:
    breach = is_breach(inputs.value(metric.name, segment), inputs.objectives.get(metric.name), metric.direction)
    compared = (inputs.change(metric.name, segment), inputs.token_adjusted(metric.name, segment))
    if any(row is not None and row["verdict"] == DriftVerdict.DRIFTED for row in compared):
        return (Tone.SERIOUS, "breach, changed") if breach else (Tone.NOTICE, "changed")
    return (Tone.WARNING, "breach") if breach else (Tone.PLAIN, "")


def _chart(inputs: ReportInputs, options: ReportOptions) -> Chart:
    """One panel for each metric with an objective, a line a segment; none before the second day with data."""
    segments = noteworthy(inputs, _LINES)
    panels = []
    for metric in (*inputs.quality, *SYSTEM):
        if metric.name not in inputs.objectives:
            continue
        lines = [_series(inputs, metric, segment, options) for segment in segments]
        known = [s for s in lines if any(value is not None for value in s.values)]
        if known and sum(value is not None for value in known[0].values) > 1:
            panels.append(_panel(inputs, metric, tuple(lines), options))
    return Chart("Objectives over time", tuple(panels), tuple(segment_title(s) for s in segments))


def _series(inputs: ReportInputs, metric: Metric, segment: str, options: ReportOptions) -> Series:
    values = inputs.trend(metric.name, segment, options.trend_days)
    if segment != ALL:
        return Series(segment_title(segment), values)
    low = inputs.trend(metric.name, segment, options.trend_days, "low")
    return Series(segment_title(segment), values, low, inputs.trend(metric.name, segment, options.trend_days, "high"))


def _panel(inputs: ReportInputs, metric: Metric, series: tuple[Series, ...], options: ReportOptions) -> Panel:
    limit = inputs.objectives[metric.name]
    value = inputs.value(metric.name, ALL)
    breach = is_breach(value, limit, metric.direction)
    latest = numbers.write(value, metric.unit) if value is not None else "no data"
    words = f"{metric.title}, {_in_words(series[0].values, metric.unit)}; objective {objective_text(metric, limit)}."
    return Panel(
        metric.title,
        inputs.days(options.trend_days),
        series,
        numbers.writer(metric.unit),
        words,
        latest + (", breach" if breach else ""),
        Tone.WARNING if breach else Tone.PLAIN if value is not None else Tone.ABSENT,
        limit,
        1.0 if metric.unit in ("share", "probability") else None,
    )


def _segment_table(inputs: ReportInputs, segment: str, options: ReportOptions) -> Table:
    groups = [
        (title, _rows(inputs, segment, metrics, options))
        for title, metrics in (("Quality", inputs.quality), *SYSTEM_GROUPS)
    ]
    standings = [_standing(inputs, metric, segment) for metric in inputs.interaction_metrics]
    breaches = sum("breach" in mark for _, mark in standings)
    changes = sum("changed" in mark for _, mark in standings)
    said = [numbers.plural(breaches, "breach", "breaches")] if breaches else []
    said += [numbers.plural(changes, "change")] if changes else []
    measured = any(inputs.value(metric.name, segment) is not None for metric in inputs.interaction_metrics)
    tone = Tone.PLAIN if measured else Tone.ABSENT
    for seen, _ in standings:
        tone = worse_of(tone, seen)
    return Table(
        segment_title(segment),
        _COLUMNS,
        tuple(RowGroup(title, body) for title, body in groups if body),
        summary=", ".join(said) or ("nothing to report" if measured else "no data"),
        tone=tone,
        folded=segment != ALL,
        note=" ".join(filter(None, (_never(inputs, segment, options), _without_data(inputs, segment, options)))),
    )


def _gpu_tables(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """All GPUs together, then each by itself, as many as segments get a table of their own."""
    shown = inputs.gpu_segments[: options.max_segments + 1]
    for segment in shown:
        standings = [_standing(inputs, metric, segment) for metric in GPU]
        breaches = sum("breach" in mark for _, mark in standings)
        tone = Tone.PLAIN
        for seen, _ in standings:
            tone = worse_of(tone, seen)
        yield Table(
            "All GPUs" if segment == ALL else segment_title(segment),
            _COLUMNS,
            (RowGroup("", _rows(inputs, segment, GPU, options)),),
            summary=numbers.plural(breaches, "breach", "breaches") if breaches else "nothing to report",
            tone=tone,
            folded=segment != ALL,
        )
    if left_out := len(inputs.gpu_segments) - len(shown):
        yield Note(f"{numbers.plural(left_out, 'more GPU')} left out for length; `obs metrics` lists them.")


def _rows(
    inputs: ReportInputs, segment: str, metrics: tuple[Metric, ...], options: ReportOptions
) -> tuple[tuple[Cell, ...], ...]:
    """A row for each metric that has a value in the days shown; the others are named below the table."""
    return tuple(
        _row(inputs, metric, segment, options)
        for metric in metrics
        if (known := _known(inputs, metric, segment, options)) and (any(known) or metric.name not in _PARTS)
    )


def _known(inputs: ReportInputs, metric: Metric, segment: str, options: ReportOptions) -> list[float]:
    return [value for value in inputs.trend(metric.name, segment, options.trend_days) if value is not None]


def _row(inputs: ReportInputs, metric: Metric, segment: str, options: ReportOptions) -> tuple[Cell, ...]:
    row: Row = inputs.measured.get((inputs.iso, metric.name, segment), {})
    value = inputs.value(metric.name, segment)
    limit = inputs.objectives.get(metric.name)
    breach = is_breach(value, limit, metric.direction)
    left_out = [
        f"{numbers.count(row[key])} {word}"
        for key, word in (("n_skipped", "skipped"), ("n_failed", "failed"))
        if row.get(key)
    ]
    history = inputs.trend(metric.name, segment, options.trend_days)
    note = line(row.get("note") or "", 120)
    return (
        Cell(metric.title, (note,) if note else ()),
        Cell(numbers.write(value, metric.unit), tone=Tone.WARNING, mark="breach")
        if breach
        else Cell(
            numbers.write(value, metric.unit) if value is not None else "no data",
            tone=Tone.PLAIN if value is not None else Tone.ABSENT,
        ),
        Cell(numbers.interval(row.get("low"), row.get("high"), metric.unit)),
        Cell(numbers.count(row["n"]) if row else "", tuple(left_out)),
        Cell(objective_text(metric, limit)),
        Cell("not comparable", ("the evaluator moved",), Tone.ABSENT)
        if moved(inputs, metric.evaluator)
        else _change_cell(inputs.change(metric.name, segment), inputs.token_adjusted(metric.name, segment), metric),
        Cell("", figure=Trend(history, _in_words(history, metric.unit), limit)),
    )


def _change_cell(row: Row | None, adjusted: Row | None, metric: Metric) -> Cell:
    if row is None:
        return Cell("")
    if row["verdict"] == DriftVerdict.TOO_FEW:
        return Cell("too early", tone=Tone.ABSENT)
    text = numbers.change(row["effect"], metric.unit, row["baseline_value"])
    changed = row["verdict"] == DriftVerdict.DRIFTED
    details = [f"from {numbers.write(row['baseline_value'], metric.unit)}" + (f", p {_p(row)}" if changed else "")]
    slower = adjusted is not None and adjusted["verdict"] == DriftVerdict.DRIFTED
    if adjusted is not None and (slower or changed or row["verdict"] == DriftVerdict.EXPLAINED):
        left = numbers.change(adjusted["effect"], metric.unit, adjusted["baseline_value"])
        details.append(f"at equal tokens {left}")
    if changed or slower:
        return Cell(text, tuple(details), Tone.SERIOUS, "changed" if changed else "changed at equal tokens")
    if row["verdict"] == DriftVerdict.EXPLAINED:
        return Cell(text, tuple(details), Tone.NOTICE, "explained by tokens")
    return Cell(text, tuple(details))


def _p(row: Row) -> str:
    text = numbers.p_value(row["p_adjusted"] if row["p_adjusted"] is not None else row["p_value"])
    return text if text.startswith("<") else f"= {text}"


def _in_words(values: tuple[float | None, ...], unit: str) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "no data"
    gaps = len(values) - len(known)
    low, high = numbers.write(min(known), unit), numbers.write(max(known), unit)
    text = f"{numbers.plural(len(values), 'day')} between {low} and {high}"
    return text + (f", {numbers.plural(gaps, 'day')} without data" if gaps else "")


def _never(inputs: ReportInputs, segment: str, options: ReportOptions) -> str:
    """Kinds of errors and finish reasons that did not occur in the days shown."""
    parts = [metric for metric in SYSTEM if metric.name in _PARTS]
    found = [(metric.title, _known(inputs, metric, segment, options)) for metric in parts]
    titles = [title for title, known in found if known and not any(known)]
    return f"Never: {', '.join(titles)}." if titles else ""


def _without_data(inputs: ReportInputs, segment: str, options: ReportOptions) -> str:
    """Metrics that never had a value in the days shown, grouped by the reason."""
    reasons: dict[str, list[str]] = {}
    for metric in inputs.interaction_metrics:
        if metric not in ERROR_KIND_RATES and not _known(inputs, metric, segment, options):
            row = inputs.measured.get((inputs.iso, metric.name, segment), {})
            reasons.setdefault(line(row.get("note") or "not measured", 120), []).append(metric.title)
    if not reasons:
        return ""
    return "No data: " + "; ".join(f"{', '.join(titles)} ({reason})" for reason, titles in reasons.items()) + "."
