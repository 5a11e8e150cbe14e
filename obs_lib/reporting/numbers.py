"""How numbers are written: by unit, with no more figures than the data can carry."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable

FIGURES = 3
"""Significant figures of a measured value. A day scores at most some 20,000 interactions, so a share's 95% interval is
seldom narrower than 1% of its value: a fourth figure would be noise, and two would hide changes that tests can see."""

MINUS, RANGE, NONE = "\u2212", "\u2013", "\u2013"
_NOUGHTS = re.compile(r"(\.\d*?)0+(?=$|[ %])")  # trailing noughts behind a decimal point
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: object) -> float | None:
    """A finite float, or None for None, NaN, infinities and what is no number."""
    if value is None or isinstance(value, str | bytes):
        return None
    try:
        result = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def whole(value: object) -> int:
    """A count; 0 for what is no number."""
    return int(number(value) or 0)


def significant(value: float, figures: int = FIGURES) -> str:
    """`value` to significant figures, thousands separated, never in scientific notation above 1e-6.

    >>> significant(1234.5), significant(0.012345), significant(-2)
    ('1,234', '0.0123', '−2.00')
    """
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    magnitude = math.floor(math.log10(abs(round(value, figures - 1 - magnitude)) or abs(value)))  # 9.996 is 10.0
    if magnitude < -6:
        return f"{value:.{figures - 1}e}".replace("-", MINUS)
    return f"{value:,.{max(0, figures - 1 - magnitude)}f}".replace("-", MINUS)


def count(value: object) -> str:
    """A whole number with thousands separated.

    >>> count(1234567)
    '1,234,567'
    """
    known = number(value)
    return NONE if known is None else f"{round(known):,}".replace("-", MINUS)


def write(value: object, unit: str) -> str:
    """A value with its unit; a dash where there is none.

    >>> write(0.0312, "share"), write(12_345.0, "ms"), write(634.6, "ms"), write(1234567, "tokens")
    ('3.12%', '12.3 s', '635 ms', '1,234,567')
    """
    known = number(value)
    return NONE if known is None else _WRITERS.get(unit, _decimals)(known)


def writer(unit: str) -> Callable[[float], str]:
    """`write` for one unit."""
    return lambda value: write(value, unit)


def interval(low: object, high: object, unit: str) -> str:
    """Both ends of an interval, the unit once where that reads well; empty where an end is unknown.

    >>> interval(0.291, 0.33, "share")
    '29.1–33.0%'
    """
    if number(low) is None or number(high) is None:
        return ""
    first, last = write(low, unit), write(high, unit)
    for suffix in ("%", " ms", " s", " tok/s", " h", " W", " °C"):
        if first.endswith(suffix) and last.endswith(suffix):
            first = first.removesuffix(suffix)
            break
    return f"{first}{RANGE}{last}"


def change(effect: object, unit: str, base: object = None) -> str:
    """A signed difference. Shares differ by percentage points; amounts also say how much that is of `base`.

    >>> change(0.192, "share"), change(120.0, "ms", 600.0)
    ('+19.2 pts', '+120 ms (+20%)')
    """
    known = number(effect)
    if known is None:
        return NONE
    written = f"{_points(abs(known))} pts" if unit == "share" else _difference(abs(known), unit)
    moved = any(digit in written for digit in "123456789")  # a difference that rounds to nothing has no direction
    sign = ("+" if known > 0 else MINUS) if moved else "±"
    text = sign + written
    before = number(base)
    if before and unit in _AMOUNTS:
        text += f" ({sign}{abs(known / before):.0%})"
    return text


def bare(words: str) -> str:
    """A written value without the noughts that only measured values need: for limits and axes.

    >>> bare("5.00%"), bare("500 ms"), bare("$0.50"), bare("> 99.9%")
    ('5%', '500 ms', '$0.5', '> 99.9%')
    """
    return _NOUGHTS.sub(lambda match: match.group(1).removesuffix("."), words)


def p_value(value: object) -> str:
    """A probability under chance alone, two figures, never smaller than a permutation test can tell.

    >>> p_value(0.0321), p_value(0.00001), p_value(1.0)
    ('0.032', '< 0.001', '1.00')
    """
    known = number(value)
    if known is None:
        return NONE
    return "< 0.001" if known < 0.001 else significant(known, 2) if known < 0.1 else f"{known:.2f}"


def short_day(iso: str) -> str:
    """'2023-06-05' as '5 Jun', in English wherever it runs."""
    return f"{int(iso[8:10])} {_MONTHS[int(iso[5:7]) - 1]}"


def long_day(iso: str) -> str:
    """'2023-06-05' as '5 June 2023' would be; with the short month."""
    return f"{short_day(iso)} {iso[:4]}"


def days(first: dt.date | None, last: dt.date) -> str:
    """The last day, behind the first one where that is another.

    >>> days(None, dt.date(2023, 6, 5)), days(dt.date(2023, 6, 1), dt.date(2023, 6, 5))
    ('5 Jun 2023', '1 Jun 2023 to 5 Jun 2023')
    """
    end = long_day(last.isoformat())
    return end if first in (None, last) else f"{long_day(str(first))} to {end}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """`n` with its noun.

    >>> plural(1, "incident"), plural(2, "day")
    ('1 incident', '2 days')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def over_nights(nights: int | None) -> str:
    """How many nights a number is the mean of, to be put behind it; empty for one.

    >>> over_nights(1), over_nights(4)
    ('', ' over the last 4 nights')
    """
    return f" over the last {nights} nights" if nights and nights > 1 else ""


def _share(value: float) -> str:
    percent = 100 * value
    if 0 < percent < 0.005:
        return "< 0.01%"
    if 99.95 <= percent < 100:
        return "> 99.9%"  # rounding must not say that all of them were
    if percent in (0, 100):
        return f"{percent:.0f}%"
    return f"{percent:.1f}%" if percent >= 9.995 else f"{percent:.2f}%"


def _points(value: float) -> str:
    points = 100 * value
    return f"{points:.1f}" if points >= 0.95 or points == 0 else f"{points:.2f}"


def _difference(value: float, unit: str) -> str:
    # Decimals as in the column of the values themselves; more would tell noise from noise.
    return write(value, unit) if unit in _AMOUNTS else f"{value:.3f}"


def _milliseconds(value: float) -> str:
    return f"{significant(value / 1000)} s" if abs(value) >= 999.5 else f"{significant(value)} ms"


def _decimals(value: float) -> str:
    # Probabilities and distances are read against each other in one column: above 0.1 they share their decimals.
    text = f"{value:.3f}" if abs(value) >= 0.1 or value == 0 else significant(value)
    return text.replace("-", MINUS)


def _dollars(value: float) -> str:
    return f"${value:,.2f}" if abs(value) >= 1 or value == 0 else f"${significant(value)}"


_AMOUNTS = frozenset({"ms", "s", "tokens/s", "tokens", "USD", "count", "h", "W", "°C"})
_WRITERS: dict[str, Callable[[float], str]] = {
    "share": _share,
    "ms": _milliseconds,
    "s": lambda v: f"{significant(v)} s",
    "tokens/s": lambda v: f"{significant(v)} tok/s",
    "tokens": count,
    "count": count,
    "USD": _dollars,
    "h": lambda v: f"{significant(v)} h",
    "W": lambda v: f"{significant(v)} W",
    "°C": lambda v: f"{significant(v)} °C",
    "nats": _decimals,
}
