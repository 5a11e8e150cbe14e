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
from obs_lib.reporting.edition import Edition, Row
from obs_lib.reporting.evaluators_section import evaluator_notes, moved
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


def metrics_section(edition: Edition, options: ReportOptions) -> Iterator[Block]:
    """Heading, overview, charts, and one table a segment; segments with nothing to report are folded."""
    yield Heading(
        "Metrics",
        "metrics",
        lead="Each number with its 95% interval, the interactions behind it, its objective, and the last "
        f"{options.trend_days} days.",
    )
    yield from evaluator_notes(edition)
    segments = edition.shown_segments
    if any(_rows(edition, segment, edition.interaction_metrics, options) for segment in segments):
        yield from _of_interactions(edition, segments, options)
    else:
        yield Note("No metric has a value on this day or on the days before it.", Tone.ABSENT, "No data")
    yield from _gpu_tables(edition, options)


def _of_interactions(edition: Edition, segments: list[str], options: ReportOptions) -> Iterator[Block]:
    if len(segments) > 1 and not edition.without_data:
        yield _overview(edition, segments[: 2 * options.max_segments])
    chart = _chart(edition, options)
    if chart.panels:
        yield chart
    shown = noteworthy(edition, options.max_segments)
    for segment in shown:
        yield _segment_table(edition, segment, options)
    if len(shown) < len(segments):
        left_out = numbers.plural(len(segments) - len(shown), "more segment")
        yield Note(f"Tables of {left_out} are left out for length; `obs metrics` lists them.")


def noteworthy(edition: Edition, n: int) -> list[str]:
    """The whole and the segments with most to report, at most `n`, in their usual order."""

    def rank(segment: str) -> tuple[bool, int]:
        standings = [_standing(edition, metric, segment)[1] for metric in edition.interaction_metrics]
        return segment != ALL, -sum(("changed" in mark) * 2 + ("breach" in mark) for mark in standings)

    chosen = set(sorted(edition.shown_segments, key=rank)[:n])
    return [segment for segment in edition.shown_segments if segment in chosen]


@lru_cache(maxsize=256)
def segment_title(segment: str) -> str:
    """A segment as a reader sees it."""
    return "All interactions" if segment == ALL else line(segment, 80)


def objective_text(metric: Metric, limit: float | None) -> str:
    """'≤ 5%' for a limit where higher is worse, '≥' where lower is; empty for none."""
    if limit is None or metric.worse is None:
        return ""
    return f"{'≤' if metric.worse == 'higher' else '≥'} {numbers.bare(numbers.write(limit, metric.unit))}"


def _overview(edition: Edition, segments: list[str]) -> Table:
    """Segments against the metrics that have an objective and data."""
    judged = [m for m in (*edition.quality, *SYSTEM) if m.name in edition.objectives and m.worse is not None]
    judged = [m for m in judged if any(edition.value(m.name, segment) is not None for segment in segments)]
    columns = (Column("Segment", "head"), *(Column(m.title, "number") for m in judged))
    body = tuple(
        (Cell(segment_title(segment)), *(_overview_cell(edition, metric, segment) for metric in judged))
        for segment in segments
    )
    return Table("Where the objectives stand", columns, (RowGroup("", body),))


def _overview_cell(edition: Edition, metric: Metric, segment: str) -> Cell:
    value = edition.value(metric.name, segment)
    if value is None:
        return Cell("no data", tone=Tone.ABSENT)
    tone, mark = _standing(edition, metric, segment)
    return Cell(numbers.write(value, metric.unit), tone=tone, mark=mark)


def _standing(edition: Edition, metric: Metric, segment: str) -> tuple[Tone, str]:
    breach = is_breach(edition.value(metric.name, segment), edition.objectives.get(metric.name), metric.worse)
    compared = (edition.change(metric.name, segment), edition.at_equal_tokens(metric.name, segment))
    if any(row is not None and row["verdict"] == DriftVerdict.DRIFTED for row in compared):
        return (Tone.SERIOUS, "breach, changed") if breach else (Tone.NOTICE, "changed")
    return (Tone.WARNING, "breach") if breach else (Tone.PLAIN, "")


def _chart(edition: Edition, options: ReportOptions) -> Chart:
    """One panel for each metric with an objective, a line a segment; none before the second day with data."""
    segments = noteworthy(edition, _LINES)
    panels = []
    for metric in (*edition.quality, *SYSTEM):
        if metric.name not in edition.objectives:
            continue
        lines = [_series(edition, metric, segment, options) for segment in segments]
        known = [s for s in lines if any(value is not None for value in s.values)]
        if known and sum(value is not None for value in known[0].values) > 1:
            panels.append(_panel(edition, metric, tuple(lines), options))
    return Chart("Objectives over time", tuple(panels), tuple(segment_title(s) for s in segments))


def _series(edition: Edition, metric: Metric, segment: str, options: ReportOptions) -> Series:
    values = edition.trend(metric.name, segment, options.trend_days)
    if segment != ALL:
        return Series(segment_title(segment), values)
    low = edition.trend(metric.name, segment, options.trend_days, "low")
    return Series(segment_title(segment), values, low, edition.trend(metric.name, segment, options.trend_days, "high"))


def _panel(edition: Edition, metric: Metric, series: tuple[Series, ...], options: ReportOptions) -> Panel:
    limit = edition.objectives[metric.name]
    value = edition.value(metric.name, ALL)
    breach = is_breach(value, limit, metric.worse)
    latest = numbers.write(value, metric.unit) if value is not None else "no data"
    words = f"{metric.title}, {_in_words(series[0].values, metric.unit)}; objective {objective_text(metric, limit)}."
    return Panel(
        metric.title,
        edition.days(options.trend_days),
        series,
        numbers.writer(metric.unit),
        words,
        latest + (", breach" if breach else ""),
        Tone.WARNING if breach else Tone.PLAIN if value is not None else Tone.ABSENT,
        limit,
        1.0 if metric.unit in ("share", "probability") else None,
    )


def _segment_table(edition: Edition, segment: str, options: ReportOptions) -> Table:
    groups = [
        (title, _rows(edition, segment, metrics, options))
        for title, metrics in (("Quality", edition.quality), *SYSTEM_GROUPS)
    ]
    standings = [_standing(edition, metric, segment) for metric in edition.interaction_metrics]
    breaches = sum("breach" in mark for _, mark in standings)
    changes = sum("changed" in mark for _, mark in standings)
    said = [numbers.plural(breaches, "breach", "breaches")] if breaches else []
    said += [numbers.plural(changes, "change")] if changes else []
    measured = any(edition.value(metric.name, segment) is not None for metric in edition.interaction_metrics)
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
        note=" ".join(filter(None, (_never(edition, segment, options), _without_data(edition, segment, options)))),
    )


def _gpu_tables(edition: Edition, options: ReportOptions) -> Iterator[Block]:
    """All GPUs together, then each by itself, as many as segments get a table of their own."""
    shown = edition.gpu_segments[: options.max_segments + 1]
    for segment in shown:
        standings = [_standing(edition, metric, segment) for metric in GPU]
        breaches = sum("breach" in mark for _, mark in standings)
        tone = Tone.PLAIN
        for seen, _ in standings:
            tone = worse_of(tone, seen)
        yield Table(
            "All GPUs" if segment == ALL else segment_title(segment),
            _COLUMNS,
            (RowGroup("", _rows(edition, segment, GPU, options)),),
            summary=numbers.plural(breaches, "breach", "breaches") if breaches else "nothing to report",
            tone=tone,
            folded=segment != ALL,
        )
    if left_out := len(edition.gpu_segments) - len(shown):
        yield Note(f"{numbers.plural(left_out, 'more GPU')} left out for length; `obs metrics` lists them.")


def _rows(
    edition: Edition, segment: str, metrics: tuple[Metric, ...], options: ReportOptions
) -> tuple[tuple[Cell, ...], ...]:
    """A row for each metric that has a value in the days shown; the others are named below the table."""
    return tuple(
        _row(edition, metric, segment, options)
        for metric in metrics
        if (known := _known(edition, metric, segment, options)) and (any(known) or metric.name not in _PARTS)
    )


def _known(edition: Edition, metric: Metric, segment: str, options: ReportOptions) -> list[float]:
    return [value for value in edition.trend(metric.name, segment, options.trend_days) if value is not None]


def _row(edition: Edition, metric: Metric, segment: str, options: ReportOptions) -> tuple[Cell, ...]:
    row: Row = edition.measured.get((edition.iso, metric.name, segment), {})
    value = edition.value(metric.name, segment)
    limit = edition.objectives.get(metric.name)
    breach = is_breach(value, limit, metric.worse)
    left_out = [
        f"{numbers.count(row[key])} {word}"
        for key, word in (("n_skipped", "skipped"), ("n_failed", "failed"))
        if row.get(key)
    ]
    history = edition.trend(metric.name, segment, options.trend_days)
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
        if moved(edition, metric.score)
        else _change_cell(edition.change(metric.name, segment), edition.at_equal_tokens(metric.name, segment), metric),
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


def _never(edition: Edition, segment: str, options: ReportOptions) -> str:
    """Kinds of errors and finish reasons that did not occur in the days shown."""
    parts = [metric for metric in SYSTEM if metric.name in _PARTS]
    found = [(metric.title, _known(edition, metric, segment, options)) for metric in parts]
    titles = [title for title, known in found if known and not any(known)]
    return f"Never: {', '.join(titles)}." if titles else ""


def _without_data(edition: Edition, segment: str, options: ReportOptions) -> str:
    """Metrics that never had a value in the days shown, grouped by the reason."""
    reasons: dict[str, list[str]] = {}
    for metric in edition.interaction_metrics:
        if metric not in ERROR_KIND_RATES and not _known(edition, metric, segment, options):
            row = edition.measured.get((edition.iso, metric.name, segment), {})
            reasons.setdefault(line(row.get("note") or "not measured", 120), []).append(metric.title)
    if not reasons:
        return ""
    return "No data: " + "; ".join(f"{', '.join(titles)} ({reason})" for reason, titles in reasons.items()) + "."
