"""Where the time of the day's requests went: the stages in numbers, and the slowest traces as waterfalls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from obs_lib.catalogue import BY_NAME
from obs_lib.records import STAGES, DriftVerdict
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup, Stretch, Trend
from obs_lib.reporting.inputs import ReportInputs, Row
from obs_lib.reporting.numbers import number
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line
from obs_lib.reporting.standing import is_breach
from obs_lib.reporting.tone import Tone

_MEASURED = (
    ("stage_duration_p50", "p50"),
    ("stage_duration_p95", "p95"),
    ("stage_share", "Share of time"),
    ("stage_error_rate", "Error rate"),
    ("stage_critical_share", "Share of critical path"),
)
_LEVELS = 6  # how far spans are set in: deeper ones would leave their names no room
_CLIPPED = 0.01  # ms by which a span is cut before it is worth a word: clocks tick in microseconds


def traces_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Nothing at all on a day without spans."""
    if not inputs.stages:
        return
    yield Heading(
        "Stages",
        "stages",
        lead="Each stage with its 95% intervals. Time is self time, without that of inner spans; the critical path is what "
        "the request waited for: shortening anything else makes no request faster.",
    )
    yield _stages(inputs, options)
    traces = inputs.traces[: options.max_traces]
    if traces:
        yield Heading(
            "Slowest traces",
            "slowest-traces",
            3,
            "Bars show when each span ran; the line below a bar marks its part of the critical path.",
        )
    for rank, trace in enumerate(traces):
        yield _waterfall(trace, options, folded=rank > 0)


def _stages(inputs: ReportInputs, options: ReportOptions) -> TableBlock:
    columns = (
        Column("Stage", "head"),
        *(Column(title, "number") for _, title in _MEASURED),
        Column("Spans", "number"),
        Column("Trend of p95", "figure"),
    )
    body = tuple(_stage(inputs, stage, options) for stage in inputs.stages)
    changed = sum("changed" in cell.mark for row in body for cell in row)
    return TableBlock(
        "Stages of a request",
        columns,
        (RowGroup("", body),),
        summary=numbers.plural(changed, "change") if changed else "",
        tone=Tone.SERIOUS if changed else Tone.PLAIN,
        note="Spans inside another span of the same stage count with it.",
    )


def _stage(inputs: ReportInputs, stage: str, options: ReportOptions) -> tuple[Cell, ...]:
    segment = f"stage={stage}"
    history = inputs.trend("stage_duration_p95", segment, options.trend_days)
    known = [value for value in history if value is not None]
    words = (
        f"p95 between {numbers.write(min(known), 'ms')} and {numbers.write(max(known), 'ms')}" if known else "no data"
    )
    n = inputs.measured.get((inputs.iso, "stage_error_rate", segment), {}).get("n")
    return (
        Cell(_title(stage)),
        *(_measured(inputs, name, segment) for name, _ in _MEASURED),
        Cell(numbers.count(n)),
        Cell("", figure=Trend(history, words, inputs.objectives.get("stage_duration_p95"))),
    )


def _measured(inputs: ReportInputs, name: str, segment: str) -> Cell:
    """A value with its interval, and with what it was before where it is called changed."""
    metric = BY_NAME[name]
    row: Row = inputs.measured.get((inputs.iso, name, segment), {})
    value = inputs.value(name, segment)
    if value is None:
        return Cell("no data", tone=Tone.ABSENT)
    interval = numbers.interval(row.get("low"), row.get("high"), metric.unit)
    details = (interval,) if interval else ()
    breach = is_breach(value, inputs.objectives.get(name), metric.direction)
    change = inputs.change(name, segment)
    if change is not None and change["verdict"] == DriftVerdict.DRIFTED:
        moved = numbers.change(change["effect"], metric.unit, change["baseline_value"])
        mark = "breach, changed" if breach else "changed"
        return Cell(numbers.write(value, metric.unit), (*details, moved), Tone.SERIOUS, mark)
    tone, mark = (Tone.WARNING, "breach") if breach else (Tone.PLAIN, "")
    return Cell(numbers.write(value, metric.unit), details, tone, mark)


def _waterfall(trace: Row, options: ReportOptions, folded: bool) -> TableBlock:
    """The longest spans of one trace, each below what it stands in."""
    duration = number(trace.get("duration_ms")) or 0.0
    spans = [span for span in trace.get("spans") or () if isinstance(span, Mapping)]
    shown = _longest(spans, options.max_rows)
    left_out = numbers.whole(trace.get("left_out")) + len(spans) - len(shown)
    path: dict[int, list[tuple[float, float]]] = {}
    for at, first, last in trace.get("path") or ():
        path.setdefault(at, []).append((first, last))
    columns = (
        Column("Span", "head"),
        Column("Duration", "number", lead=True),
        Column("Start", "number"),
        Column("Critical path", "number"),
        Column("Stage", "text"),
        Column(f"0 to {numbers.write(duration, 'ms')}", "figure"),
    )
    body = tuple(_span(spans[at], _level(spans, at), tuple(path.get(at, ())), duration) for at in shown)
    about = [line(trace.get("segment"), 80), numbers.plural(len(spans) + numbers.whole(trace.get("left_out")), "span")]
    return TableBlock(
        f"{numbers.write(duration, 'ms')}, trace {line(trace.get('trace_id'), 60)}",
        columns,
        (RowGroup("", body),),
        summary=", ".join(filter(None, about)),
        folded=folded,
        note=f"{numbers.plural(left_out, 'shorter span')} left out for length." if left_out else "",
        style="waterfall",
    )


def _span(span: Row, level: int, path: tuple[tuple[float, float], ...], total: float) -> tuple[Cell, ...]:
    start, length = number(span.get("start_ms")) or 0.0, number(span.get("duration_ms")) or 0.0
    own = number(span.get("critical_ms")) or 0.0
    critical = (numbers.write(own, "ms") if own else "inner spans only") if span.get("critical") else ""
    stage = str(span.get("stage"))
    stage = stage if stage in STAGES else "other"
    error = line(span.get("error"), 200)
    words = (
        f"from {numbers.write(start, 'ms')} to {numbers.write(start + length, 'ms')} of {numbers.write(total, 'ms')}"
    )
    words += f", on the critical path: {critical}" if critical else ", not on the critical path"
    return (
        Cell(line(span.get("name"), 80) or "(no name)", (error,) if error else (), level=level),
        Cell(numbers.write(length, "ms"), _clipped(number(span.get("logged_ms")), length)),
        Cell(numbers.write(start, "ms")),
        Cell(critical),
        Cell(_title(stage), tone=Tone.SERIOUS, mark="failed") if span.get("error") is not None else Cell(_title(stage)),
        Cell("", figure=Stretch(start, length, total, stage, path, words)),
    )


def _clipped(logged: float | None, drawn: float) -> tuple[str, ...]:
    if logged is None:
        return ("no duration logged",)
    return (f"logged {numbers.write(logged, 'ms')}, cut to its parent",) if abs(logged - drawn) > _CLIPPED else ()


def _longest(spans: list[Row], most: int) -> list[int]:
    """Positions of the longest spans in their order; of equally long ones the first, which holds the others."""
    ranked = sorted(range(len(spans)), key=lambda at: (-(number(spans[at].get("duration_ms")) or 0.0), at))
    return sorted(ranked[:most])


def _level(spans: list[Row], at: int) -> int:
    """How many spans this one stands in; parents come before it."""
    level = 0
    while level < _LEVELS:
        above = spans[at].get("parent")
        if not isinstance(above, int) or not 0 <= above < at:
            break
        at, level = above, level + 1
    return level


def _title(stage: str) -> str:
    return stage.replace("_", " ").capitalize()
