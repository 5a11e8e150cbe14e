"""Values to points in a box, and points to SVG paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Values = Sequence[float | None]


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


def path_of(xs: Sequence[float], values: Values, scale: Scale, low: Values = (), high: Values = ()) -> Line:
    """A line through the values, one a position, with its band where both ends are given."""
    pieces, pen_down, end = [], False, None
    for x, value in zip(xs, values, strict=True):
        if value is None:
            pen_down, end = False, None
            continue
        y = scale(value)
        # The zero-length step makes a day between two gaps visible as a dot (round line caps).
        pieces.append(f"{'L' if pen_down else 'M'}{coordinate(x)} {coordinate(y)}" + ("" if pen_down else "h0"))
        pen_down, end = True, (coordinate(x), coordinate(y))
    return Line("".join(pieces), band_of(xs, low, high, scale) if low and high else "", end)


def band_of(xs: Sequence[float], low: Values, high: Values, scale: Scale) -> str:
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
            there = [f"{coordinate(x)} {coordinate(top)}" for x, _, top in run]
            back = [f"{coordinate(x)} {coordinate(bottom)}" for x, bottom, _ in reversed(run)]
            outlines.append("M" + "L".join(there + back) + "Z")
    return "".join(outlines)


def spread(n: int, first: float, last: float) -> list[float]:
    """Positions, `n` of them, from first to last; a single one stands last, where the newest day always is."""
    return [last] if n == 1 else [first + (last - first) * i / (n - 1) for i in range(n)]


def coordinate(position: float) -> str:
    """To a tenth of a pixel, as short as it goes. The same text on every machine."""
    return f"{position:.1f}".removesuffix(".0").replace("-0", "0" if position > -0.05 else "-0")
