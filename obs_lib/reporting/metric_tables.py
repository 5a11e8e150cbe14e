"""The metrics of one segment, or of one GPU, as a table: each number with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib import catalogue
from obs_lib.records import ALL, DriftVerdict, Metric
from obs_lib.reporting import numbers
from obs_lib.reporting.anchors import segment_anchor
from obs_lib.reporting.blocks import Block, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup, Trend
from obs_lib.reporting.evaluators_section import moved
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.metric_charts import trend_words
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, segment_title
from obs_lib.reporting.standing import is_breach, objective_text, standing
from obs_lib.reporting.table_rows import TableRow
from obs_lib.reporting.tone import Tone, worse_of

_COLUMNS = (
    Column("Metric", "head"),
    Column("Value", "number", lead=True),
    Column("95% interval", "number"),
    Column("n", "number"),
    Column("Objective", "number"),
    Column("Against the baseline", "number"),
    Column("Trend", "figure"),
)


def segment_table(inputs: ReportInputs, segment: str, options: ReportOptions) -> TableBlock:
    groups = [
        (title, metric_rows(inputs, segment, metrics, options))
        for title, metrics in (
            ("Quality", inputs.quality),
            *((group.title, group.metrics) for group in inputs.request_groups),
        )
    ]
    standings = [standing(inputs, metric, segment) for metric in inputs.interaction_metrics]
    breaches = sum("breach" in mark for _, mark in standings)
    changes = sum("changed" in mark for _, mark in standings)
    counts = [numbers.plural(breaches, "breach", "breaches")] if breaches else []
    counts += [numbers.plural(changes, "change")] if changes else []
    measured = any(inputs.value(metric.name, segment) is not None for metric in inputs.interaction_metrics)
    tone = Tone.PLAIN if measured else Tone.ABSENT
    for seen, _ in standings:
        tone = worse_of(tone, seen)
    return TableBlock(
        segment_title(segment),
        _COLUMNS,
        tuple(RowGroup(title, body) for title, body in groups if body),
        summary=", ".join(counts) or ("nothing to report" if measured else "no data"),
        tone=tone,
        folded=segment != ALL,
        anchor=segment_anchor(segment),
        note=" ".join(filter(None, (_never(inputs, segment, options), _without_data(inputs, segment, options)))),
    )


def gpu_tables(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """All GPUs together, then each by itself, as many as segments get a table of their own."""
    shown = inputs.gpu_segments[: options.max_segments + 1]
    for segment in shown:
        standings = [standing(inputs, metric, segment) for metric in catalogue.gpu()]
        breaches = sum("breach" in mark for _, mark in standings)
        tone = Tone.PLAIN
        for seen, _ in standings:
            tone = worse_of(tone, seen)
        yield TableBlock(
            "All GPUs" if segment == ALL else segment_title(segment),
            _COLUMNS,
            (RowGroup("", metric_rows(inputs, segment, catalogue.gpu(), options)),),
            summary=numbers.plural(breaches, "breach", "breaches") if breaches else "nothing to report",
            tone=tone,
            folded=segment != ALL,
        )
    if left_out := len(inputs.gpu_segments) - len(shown):
        yield Note(f"{numbers.plural(left_out, 'more GPU')} left out for length; `obs metrics` lists them.")


def metric_rows(
    inputs: ReportInputs, segment: str, metrics: tuple[Metric, ...], options: ReportOptions
) -> tuple[tuple[Cell, ...], ...]:
    """A row for each metric that has a value in the days shown; the others are named below the table."""
    return tuple(
        _row(inputs, metric, segment, options)
        for metric in metrics
        if (known := _known(inputs, metric, segment, options)) and (any(known) or not metric.hidden_at_zero)
    )


def measured_cell(inputs: ReportInputs, metric: Metric, segment: str) -> Cell:
    """A value of today with its interval, and with what it was before where it is called changed."""
    name = metric.name
    row, value = inputs.today(name, segment), inputs.value(name, segment)
    if row is None or value is None:
        return Cell("no data", tone=Tone.ABSENT)
    interval = numbers.interval(row["low"], row["high"], metric.unit)
    details = (interval,) if interval else ()
    breach = is_breach(value, inputs.objectives.get(name), metric.direction)
    change = inputs.change(name, segment)
    if change is not None and change["verdict"] == DriftVerdict.DRIFTED:
        moved = numbers.change(change["effect"], metric.unit, change["baseline_value"])
        mark = "breach, changed" if breach else "changed"
        return Cell(numbers.write(value, metric.unit), (*details, moved), Tone.SERIOUS, mark)
    tone, mark = (Tone.WARNING, "breach") if breach else (Tone.PLAIN, "")
    return Cell(numbers.write(value, metric.unit), details, tone, mark)


def _known(inputs: ReportInputs, metric: Metric, segment: str, options: ReportOptions) -> list[float]:
    return [value for value in inputs.trend(metric.name, segment, options.trend_days) if value is not None]


def _row(inputs: ReportInputs, metric: Metric, segment: str, options: ReportOptions) -> tuple[Cell, ...]:
    row, limit = inputs.today(metric.name, segment), inputs.objectives.get(metric.name)
    history = inputs.trend(metric.name, segment, options.trend_days)
    note = line(row["note"], 120) if row else ""
    return (
        Cell(metric.title, (note,) if note else ()),
        _value_cell(inputs.value(metric.name, segment), metric, limit),
        Cell(numbers.interval(row["low"], row["high"], metric.unit) if row else ""),
        Cell(numbers.count(row["n"]), _left_out(row)) if row else Cell(""),
        Cell(objective_text(metric, limit)),
        Cell("not comparable", ("the evaluator moved",), Tone.ABSENT)
        if moved(inputs, metric.evaluator)
        else _change_cell(inputs.change(metric.name, segment), inputs.token_adjusted(metric.name, segment), metric),
        Cell("", figure=Trend(history, trend_words(history, metric.unit), limit)),
    )


def _value_cell(value: float | None, metric: Metric, limit: float | None) -> Cell:
    if value is None:
        return Cell("no data", tone=Tone.ABSENT)
    breach = (Tone.WARNING, "breach") if is_breach(value, limit, metric.direction) else (Tone.PLAIN, "")
    return Cell(numbers.write(value, metric.unit), (), *breach)


def _left_out(row: TableRow) -> tuple[str, ...]:
    counts = ((row["n_skipped"], "skipped"), (row["n_failed"], "failed"))
    return tuple(f"{numbers.count(n)} {word}" for n, word in counts if n)


def _change_cell(row: TableRow | None, adjusted: TableRow | None, metric: Metric) -> Cell:
    if row is None:
        return Cell("")
    if row["verdict"] == DriftVerdict.TOO_FEW:
        return Cell("too early", tone=Tone.ABSENT)
    text = numbers.change(row["effect"], metric.unit, row["baseline_value"])
    changed = row["verdict"] == DriftVerdict.DRIFTED
    details = [f"from {numbers.write(row['baseline_value'], metric.unit)}" + (f", p {_p(row)}" if changed else "")]
    if row["nights"] is not None and row["nights"] > 1:
        details.append(numbers.over_nights(row["nights"]).strip())
    slower = adjusted is not None and adjusted["verdict"] == DriftVerdict.DRIFTED
    if adjusted is not None and (slower or changed or row["verdict"] == DriftVerdict.EXPLAINED):
        left = numbers.change(adjusted["effect"], metric.unit, adjusted["baseline_value"])
        details.append(f"at equal tokens {left}")
    if changed or slower:
        return Cell(text, tuple(details), Tone.SERIOUS, "changed" if changed else "changed at equal tokens")
    if row["verdict"] == DriftVerdict.EXPLAINED:
        return Cell(text, tuple(details), Tone.NOTICE, "explained by tokens")
    if row["verdict"] == DriftVerdict.UNSURE:
        return Cell(text, tuple(details), Tone.NOTICE, "above chance, not sure")
    if (detectable := numbers.number(row["detectable"])) is not None:
        details.append(f"{numbers.change(detectable, metric.unit, row['baseline_value']).lstrip('+')} would show")
    return Cell(text, tuple(details))


def _p(row: TableRow) -> str:
    text = numbers.p_value(row["p_adjusted"] if row["p_adjusted"] is not None else row["p_value"])
    return text if text.startswith("<") else f"= {text}"


def _never(inputs: ReportInputs, segment: str, options: ReportOptions) -> str:
    """Kinds of errors and finish reasons that did not occur in the days shown."""
    kinds = [metric for metric in catalogue.system() if metric.hidden_at_zero]
    known = [(metric.title, _known(inputs, metric, segment, options)) for metric in kinds]
    titles = [title for title, values in known if values and not any(values)]
    return f"Never: {', '.join(titles)}." if titles else ""


def _without_data(inputs: ReportInputs, segment: str, options: ReportOptions) -> str:
    """Metrics that never had a value in the days shown, grouped by the reason."""
    reasons: dict[str, list[str]] = {}
    for metric in inputs.interaction_metrics:
        if metric.part_of is None and not _known(inputs, metric, segment, options):
            row = inputs.today(metric.name, segment)
            reasons.setdefault(line((row and row["note"]) or "not measured", 120), []).append(metric.title)
    if not reasons:
        return ""
    return "No data: " + "; ".join(f"{', '.join(titles)} ({reason})" for reason, titles in reasons.items()) + "."
