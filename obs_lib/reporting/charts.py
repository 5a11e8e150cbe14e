"""Geometry of the small charts over days. The templates draw, this file only computes.

Hand-written on purpose. Altair with vl-convert was measured at 1.6 s of start-up and 9 kB for one 14-point line, with
colours fixed in the file; this takes no import and under 1 kB, and its colours follow the page (dark mode, print).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from obs_lib.reporting.blocks import Panel
from obs_lib.reporting.geometry import Line, Scale, band_of, coordinate, path_of, spread
from obs_lib.reporting.numbers import bare, short_day

PANEL_WIDTH, PANEL_HEIGHT = 320.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 8.0, 8.0, 20.0


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn panel. Ticks are (position, words, text-anchor)."""

    lines: tuple[Line, ...]
    band: str
    limit: str | None
    y_ticks: tuple[tuple[str, str], ...]
    x_ticks: tuple[tuple[str, str, str], ...]
    gaps: tuple[str, ...]


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
    xs = spread(len(panel.days), LEFT + 6, PANEL_WIDTH - RIGHT)
    main = panel.series[0].values if panel.series else ()
    return Plot(
        lines=tuple(path_of(xs, s.values, scale, s.low, s.high) for s in panel.series),
        band=band_of(xs, panel.band[1], panel.band[2], scale) if panel.band is not None else "",
        limit=coordinate(scale(panel.limit)) if panel.limit is not None else None,
        y_ticks=tuple((coordinate(scale(tick)), bare(panel.write(tick))) for tick in ticks),
        x_ticks=_day_ticks(panel, xs),
        gaps=tuple(coordinate(x) for x, value in zip(xs, main, strict=True) if value is None),
    )


_LEAST_STEP = 1e-12  # of an axis; ticks are rounded to as much


def _ticks(low: float, high: float, ceiling: float | None = None) -> list[float]:
    """Two to five round numbers that enclose low..high; from zero where data come near it; never above `ceiling`."""
    if low >= 0 and low < 0.5 * high:
        low = 0.0
    if high <= low:
        low, high = low - abs(low) * 0.1 - 0.01, high + abs(high) * 0.1 + 0.01
    rough = max((high - low) / 3, _LEAST_STEP)
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
    return tuple(
        (coordinate(xs[i]), short_day(panel.days[i].isoformat()), anchor) for i, anchor in sorted(chosen.items())
    )
