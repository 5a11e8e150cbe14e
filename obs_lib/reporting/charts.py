"""Geometry of the small charts: values to points in a box. The templates draw, this file only computes.

Hand-written on purpose. Altair with vl-convert was measured at 1.6 s of start-up and 9 kB for one 14-point line, with
colours fixed in the file; this takes no import and under 1 kB, and its colours follow the page (dark mode, print).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from obs_lib.reporting.blocks import Beside, Panel, Stretch, Trend
from obs_lib.reporting.numbers import bare, short_day

Values = Sequence[float | None]

SPARK_WIDTH, SPARK_HEIGHT, SPARK_PAD = 96.0, 24.0, 4.0
PANEL_WIDTH, PANEL_HEIGHT = 320.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 8.0, 20.0
BESIDE_WIDTH = 120.0
LANE_WIDTH, LANE_LEAST = 1000.0, 4.0


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low`..`high` to heights `bottom`..`top` (SVG counts downwards)."""

    low: float
    high: float
    top: float
    bottom: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.bottom - share * (self.bottom - self.top)


@dataclass(frozen=True, slots=True)
class Line:
    """An SVG path with gaps where values are missing, the band around it, and where it ends."""

    path: str
    band: str
    end: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Spark:
    """A sparkline: `end` is None where the last day has no data, and `missing` is then where it would be."""

    line: Line
    limit: str | None
    missing: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn panel. Ticks are (position, words, text-anchor)."""

    lines: tuple[Line, ...]
    band: str
    limit: str | None
    y_ticks: tuple[tuple[str, str], ...]
    x_ticks: tuple[tuple[str, str, str], ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A statistic beside chance: x of the mean, width of the range up to the 95% quantile, x of the statistic."""

    mean: str
    high: str
    value: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """A drawn stretch: left end and width of its bar, and the line that marks the critical path below it."""

    x: str
    width: str
    path: str


def spark(trend: Trend) -> Spark:
    """Fit a trend into the box of a sparkline; the objective is drawn only where the values come near it."""
    known = [value for value in trend.values if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high == low:
        low, high = low - 0.5, high + 0.5
    scale = Scale(low, high, SPARK_PAD, SPARK_HEIGHT - SPARK_PAD)
    xs = _spread(len(trend.values), SPARK_PAD, SPARK_WIDTH - SPARK_PAD)
    limit = _at(scale(trend.limit)) if trend.limit is not None and low <= trend.limit <= high else None
    return Spark(_line(xs, trend.values, scale), limit, _at(xs[-1]) if xs else "0")


def plot(panel: Panel) -> Plot:
    """Fit a panel's lines, band and objective into its box, with round numbers on the axis."""
    everything = (
        [list(s.values) for s in panel.series]
        + [list(s.low) for s in panel.series]
        + [list(s.high) for s in panel.series]
    )
    if panel.band is not None:
        everything += [list(panel.band[1]), list(panel.band[2])]
    known = [value for values in everything for value in values if value is not None]
    known += [panel.limit] if panel.limit is not None else []
    ticks = _ticks(min(known, default=0.0), max(known, default=1.0), panel.ceiling)
    scale = Scale(ticks[0], ticks[-1], TOP, PANEL_HEIGHT - BOTTOM)
    xs = _spread(len(panel.days), LEFT + 6, PANEL_WIDTH - RIGHT)
    main = panel.series[0].values if panel.series else ()
    return Plot(
        lines=tuple(_line(xs, s.values, scale, s.low, s.high) for s in panel.series),
        band=_band(xs, panel.band[1], panel.band[2], scale) if panel.band is not None else "",
        limit=_at(scale(panel.limit)) if panel.limit is not None else None,
        y_ticks=tuple((_at(scale(tick)), bare(panel.write(tick))) for tick in ticks),
        x_ticks=_day_ticks(panel, xs),
        gaps=tuple(_at(x) for x, value in zip(xs, main, strict=True) if value is None),
    )


def bar(beside: Beside) -> Bar:
    """Fit a statistic and the range of chance onto one horizontal scale."""
    per_unit = (BESIDE_WIDTH - 10) / beside.top if beside.top > 0 else 0.0
    x = [min(max(value, 0.0) * per_unit, BESIDE_WIDTH - 10) + 5 for value in (beside.mean, beside.high, beside.value)]
    return Bar(_at(x[0]), _at(x[1]), _at(x[2]), beside.value > beside.high)


def lane(stretch: Stretch) -> Lane:
    """Fit a stretch into a lane as wide as the whole; the shortest is still seen."""
    per_unit = LANE_WIDTH / stretch.total if stretch.total > 0 else 0.0

    def placed(start: float, length: float) -> tuple[float, float]:
        width = min(max(length * per_unit, LANE_LEAST), LANE_WIDTH)
        return min(max(start * per_unit, 0.0), LANE_WIDTH - width), width

    x, width = placed(stretch.start, stretch.length)
    pieces = [placed(first, last - first) for first, last in stretch.path]
    return Lane(_at(x), _at(width), "".join(f"M{_at(left)} 13h{_at(wide)}v3h-{_at(wide)}z" for left, wide in pieces))


def _line(xs: Sequence[float], values: Values, scale: Scale, low: Values = (), high: Values = ()) -> Line:
    pieces, pen_down, end = [], False, None
    for x, value in zip(xs, values, strict=True):
        if value is None:
            pen_down, end = False, None
            continue
        y = scale(value)
        # The zero-length step makes a day between two gaps visible as a dot (round line caps).
        pieces.append(f"{'L' if pen_down else 'M'}{_at(x)} {_at(y)}" + ("" if pen_down else "h0"))
        pen_down, end = True, (_at(x), _at(y))
    return Line("".join(pieces), _band(xs, low, high, scale) if low and high else "", end)


def _band(xs: Sequence[float], low: Values, high: Values, scale: Scale) -> str:
    """Closed outlines, one for each run of days in which both ends are known; a single day becomes a narrow strip."""
    runs: list[list[tuple[float, float, float]]] = [[]]
    for x, bottom, top in zip(xs, low, high, strict=True):
        if bottom is None or top is None:
            runs.append([])
        else:
            runs[-1].append((x, scale(bottom), scale(top)))
    outlines = []
    for run in runs:
        if len(run) == 1:
            x, bottom, top = run[0]
            run = [(x - 2, bottom, top), (x + 2, bottom, top)]
        if run:
            there = [f"{_at(x)} {_at(top)}" for x, _, top in run]
            back = [f"{_at(x)} {_at(bottom)}" for x, bottom, _ in reversed(run)]
            outlines.append("M" + "L".join(there + back) + "Z")
    return "".join(outlines)


def _ticks(low: float, high: float, ceiling: float | None = None) -> list[float]:
    """Two to five round numbers that enclose low..high; from zero where data come near it; never above `ceiling`."""
    if low >= 0 and low < 0.5 * high:
        low = 0.0
    if high <= low:
        low, high = low - abs(low) * 0.1 - 0.01, high + abs(high) * 0.1 + 0.01
    rough = (high - low) / 3
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]
    if ceiling is None or ticks[-1] <= ceiling or high > ceiling:
        return ticks
    return [*(tick for tick in ticks if tick < ceiling - step / 2), ceiling]


def _day_ticks(panel: Panel, xs: Sequence[float]) -> tuple[tuple[str, str, str], ...]:
    """First, middle and last day."""
    last = len(xs) - 1
    if last < 0:
        return ()
    chosen = {0: "start", last: "end"} | ({last // 2: "middle"} if last >= 6 else {})
    return tuple((_at(xs[i]), short_day(panel.days[i].isoformat()), anchor) for i, anchor in sorted(chosen.items()))


def _spread(n: int, first: float, last: float) -> list[float]:
    """Positions, `n` of them, from first to last; a single one stands last, where the newest day always is."""
    return [last] if n == 1 else [first + (last - first) * i / (n - 1) for i in range(n)]


def _at(position: float) -> str:
    """A coordinate to a tenth of a pixel, as short as it goes. The same text on every machine."""
    return f"{position:.1f}".removesuffix(".0").replace("-0", "0" if position > -0.05 else "-0")
