"""How far the day stands from its baseline, each distance beside what chance alone gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from obs_lib.catalogue import metric_of
from obs_lib.records import ALL, DriftVerdict
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import (
    Beside,
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
)
from obs_lib.reporting.inputs import ReportInputs, Row, parsed
from obs_lib.reporting.metrics_section import segment_title
from obs_lib.reporting.numbers import number
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line

TITLES = {
    "semantic_drift": "Semantic drift of answers to the same prompts",
    "token_kl": "KL divergence of output tokens",
}
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
_VERDICTS = {
    DriftVerdict.DRIFTED: ("drifted", Tone.SERIOUS),
    DriftVerdict.STABLE: ("stable", Tone.GOOD),
    DriftVerdict.TOO_FEW: ("too early", Tone.ABSENT),
}
_CHANGES = ("change:", "token_adjusted:")
_PANELS = 3  # segments with a chart of their own for each distance: a row of them on a wide screen


def drift_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Distances by segment, their history, and the metrics that the decision calls changed."""
    yield Heading(
        "Drift",
        "drift",
        lead="A distance between two days is never zero. It means something only beside the distance that "
        "chance alone gives when nothing has changed.",
    )
    today = {(name, segment): row for (day, name, segment), row in inputs.distances.items() if day == inputs.iso}
    if not today:
        yield Note("There was nothing to compare on this day.", Tone.ABSENT, "No comparison")
        return
    yield _basis(today.values())
    chart = _chart(inputs, options)
    if chart.panels:
        yield chart
    segments = inputs.shown_segments[: 2 * options.max_segments]
    for name in dict.fromkeys(name for name, _ in today if not name.startswith(_CHANGES)):
        found = [today[(name, segment)] for segment in segments if (name, segment) in today]
        if found:
            yield _distance_table(name, found)
    changes = [row for (name, _), row in today.items() if name.startswith(_CHANGES)]
    moved = [row for row in changes if row["verdict"] == DriftVerdict.DRIFTED]
    if moved:
        yield _moved_table(
            sorted(moved, key=lambda r: (number(r["p_adjusted"]) or 0.0, r["name"], r["segment"])), options
        )
    else:
        tested = sum(row["verdict"] != DriftVerdict.TOO_FEW for row in changes)
        if tested:
            yield Note(f"None of {numbers.plural(tested, 'metric comparison')} found a change.", Tone.GOOD, "Stable")
    if explained := [row for row in changes if row["verdict"] == DriftVerdict.EXPLAINED]:
        yield _explained(explained)


def baseline_days(row: Row) -> list[str]:
    """The days in a row's `baseline_days`, whether listed as names, as pairs with digests, or as a mapping."""
    found = parsed(row["baseline_days"]) or []
    if not isinstance(found, list | dict):
        return []
    return sorted(
        str(one[0]) if isinstance(one, list) and one else str(one.get("day")) if isinstance(one, dict) else str(one)
        for one in found
    )


def _basis(today: Iterable[Row]) -> Note:
    found = list(today)
    days = max((baseline_days(row) for row in found), key=len, default=[])
    early = [row for row in found if row["verdict"] == DriftVerdict.TOO_FEW]
    if days:
        text = f"The baseline is {numbers.plural(len(days), 'day')}"
        text += f", {numbers.long_day(days[0])} to {numbers.long_day(days[-1])}." if _dated(days) else "."
    else:
        text = "There is no day to serve as a baseline."
    if len(early) == len(found):
        why = next((line(row["note"], 160) for row in early if row["note"]), "")
        return Note(
            f"Too early for a comparison. {text}{' ' + _sentence(why) if why else ''}", Tone.NOTICE, "Too early"
        )
    text += (
        " p-values are adjusted over all metrics and segments of the day together, so that a quiet night stays quiet."
    )
    return Note(text)


def _distance_table(name: str, found: Sequence[Row]) -> Table:
    known = [v for row in found for v in (number(row["statistic"]), number(row["null_high"])) if v is not None]
    top = 1.08 * max(known, default=1.0) or 1.0
    first = found[0]
    limit = number(first["threshold"])
    note = (
        "Counts as drift when p is small and the distance exceeds chance by at least "
        f"{numbers.bare(numbers.write(limit, first['unit']))}."
        if limit
        else ""
    )
    unit = "" if first["unit"] in ("score", "probability") else f", in {line(first['unit'], 40)}"
    return Table(
        _title(name) + unit, _COLUMNS, (RowGroup("", tuple(_distance_row(row, top) for row in found)),), note=note
    )


def _distance_row(row: Row, top: float) -> tuple[Cell, ...]:
    word, tone = _VERDICTS.get(row["verdict"], (line(row["verdict"], 20), Tone.PLAIN))
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


def _moved_table(moved: Sequence[Row], options: ReportOptions) -> Table:
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
        name = _metric(row)
        unit = metric.unit if (metric := metric_of(name)) else row["unit"]
        body.append(
            (
                Cell(_changed_title(row)),
                Cell(numbers.change(row["effect"], unit, row["baseline_value"]), tone=Tone.SERIOUS, mark="changed"),
                Cell(segment_title(row["segment"])),
                Cell(numbers.write(row["baseline_value"], unit)),
                Cell(numbers.write(_today(row), unit)),
                Cell(numbers.p_value(row["p_adjusted"])),
            )
        )
    hidden = len(moved) - len(body)
    return Table(
        "Metrics that changed",
        columns,
        (RowGroup("", tuple(body)),),
        note=f"{hidden} more are left out." if hidden else "",
    )


def _explained(found: Sequence[Row]) -> Note:
    """Changes that longer or shorter prompts and answers explain: nobody is told of them elsewhere."""
    where: dict[str, list[str]] = {}
    for row in sorted(found, key=lambda row: (row["segment"] != ALL, row["segment"], row["name"])):
        where.setdefault(segment_title(row["segment"]), []).append(_changed_title(row))
    told = "; ".join(f"{segment}: {', '.join(titles)}" for segment, titles in where.items())
    return Note(
        f"At equal tokens these are as before, so the length of prompts and answers explains their change. {told}.",
        Tone.NOTICE,
        "Explained by tokens",
    )


def _metric(row: Row) -> str:
    name: str = row["name"]
    for prefix in _CHANGES:
        name = name.removeprefix(prefix)
    return name


def _changed_title(row: Row) -> str:
    name = _metric(row)
    title = metric.title if (metric := metric_of(name)) else line(name, 60)
    return f"{title}, at equal tokens" if row["name"].startswith("token_adjusted:") else title


def _today(row: Row) -> float | None:
    base, effect = number(row["baseline_value"]), number(row["effect"])
    return None if base is None or effect is None else base + effect


def _chart(inputs: ReportInputs, options: ReportOptions) -> Chart:
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
    inputs: ReportInputs, name: str, segment: str, history: Sequence[Row | None], values: tuple[float | None, ...]
) -> Panel:
    highs = tuple(number(row["null_high"]) if row else None for row in history)
    lows = tuple(0.0 if high is not None else None for high in highs)
    last = history[-1]
    unit = next(row["unit"] for row in history if row)
    word, tone = _VERDICTS.get(last["verdict"], ("", Tone.PLAIN)) if last else ("not compared", Tone.ABSENT)
    latest = f"{numbers.write(values[-1], unit)}, {word}" if values[-1] is not None else word
    short = "Semantic drift" if name == "semantic_drift" else "Token KL"
    words = f"{_title(name)}, {segment_title(segment)}: {latest} on {numbers.long_day(inputs.iso)}."
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


def _title(name: str) -> str:
    return TITLES.get(name, line(name.replace("_", " "), 60).capitalize())


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _dated(days: Sequence[str]) -> bool:
    return all(
        len(day) == 10 and day[4] == day[7] == "-" and day.replace("-", "").isdigit() for day in (days[0], days[-1])
    )
