"""Geometry of the figures that stand in cells of tables. The templates draw, this file only computes."""

from __future__ import annotations

from dataclasses import dataclass

from obs_lib.reporting.cells import Beside, Stretch, Trend
from obs_lib.reporting.geometry import Line, Scale, coordinate, path_of, spread

SPARK_WIDTH, SPARK_HEIGHT, SPARK_PAD = 96.0, 24.0, 4.0
BESIDE_WIDTH = 120.0
LANE_WIDTH, LANE_LEAST = 1000.0, 4.0


@dataclass(frozen=True, slots=True)
class Spark:
    """A sparkline: `end` is None where the last day has no data, and `missing` is then where it would be."""

    line: Line
    limit: str | None
    missing: str


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
    xs = spread(len(trend.values), SPARK_PAD, SPARK_WIDTH - SPARK_PAD)
    limit = coordinate(scale(trend.limit)) if trend.limit is not None and low <= trend.limit <= high else None
    return Spark(path_of(xs, trend.values, scale), limit, coordinate(xs[-1]) if xs else "0")


def bar(beside: Beside) -> Bar:
    """Fit a statistic and the range of chance onto one horizontal scale."""
    per_unit = (BESIDE_WIDTH - 10) / beside.top if beside.top > 0 else 0.0
    x = [min(max(value, 0.0) * per_unit, BESIDE_WIDTH - 10) + 5 for value in (beside.mean, beside.high, beside.value)]
    return Bar(coordinate(x[0]), coordinate(x[1]), coordinate(x[2]), beside.value > beside.high)


def lane(stretch: Stretch) -> Lane:
    """Fit a stretch into a lane as wide as the whole; the shortest is still seen."""
    per_unit = LANE_WIDTH / stretch.total if stretch.total > 0 else 0.0

    def placed(start: float, length: float) -> tuple[float, float]:
        width = min(max(length * per_unit, LANE_LEAST), LANE_WIDTH)
        return min(max(start * per_unit, 0.0), LANE_WIDTH - width), width

    x, width = placed(stretch.start, stretch.length)
    pieces = [placed(first, last - first) for first, last in stretch.path]
    return Lane(
        coordinate(x),
        coordinate(width),
        "".join(f"M{coordinate(left)} 13h{coordinate(wide)}v3h-{coordinate(wide)}z" for left, wide in pieces),
    )
