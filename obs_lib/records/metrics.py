"""What a number of a day is, and what it is on one day."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, overload

from obs_lib.records.logs import Day

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MetricStatus(StrEnum):
    """NO_DATA: no interaction had what the metric needs, so there is no value. Never a zero."""

    OK = "OK"
    NO_DATA = "NO_DATA"


CUT = 0.5
"""Where a share of scores is cut."""
_EXTENSIVE_UNITS = frozenset({"count", "tokens", "USD", "tokens/s"})
_ABSOLUTE_UNITS = frozenset({"share", "probability", "score"})
_SEVERE_AMOUNT, _SEVERE_PART = 0.15, 0.5
LEAST_AMOUNT, LEAST_PART = 0.05, 0.2
"""The smallest change that counts where neither the metric nor the settings say it: see `Metric.relative`."""


@dataclass(frozen=True, slots=True)
class Metric:
    """The definition of one number of a day: all that any stage asks about it."""

    name: str
    """As in tables and settings: words joined by `_`. What people's labels say of a metric is written `<metric>:<what>`."""
    title: str
    """As readers see it."""
    unit: str
    """ms, s, h, tokens/s, share, probability, tokens, USD, count, score, correlation, W or °C."""
    direction: Literal["higher_is_better", "lower_is_better"] | None
    """Which way is better; None where neither is, so that it has no objective and is not compared."""
    objective: float | None
    """The default limit, in `unit`, on whose good side the value should stay; None for none."""
    formula: str
    """The definition in words or symbols, with its source."""
    short_title: str = field(default="", kw_only=True)
    """The same at the head of a narrow column, beside the metrics of its group; by default the title."""
    evaluator: str | None = None
    """The score that it sums up; None for a system metric."""
    aggregation: Literal["mean", "share_above", "share_below"] | None = None
    """How a column of scores becomes the metric. Shares are cut at CUT. None for a system metric."""
    family: str = field(default="", kw_only=True)
    """What its changes say: those of one family say much the same and count once. By default the score, `latency` where
    the unit is ms, else the metric's own name."""
    extensive: bool | None = field(default=None, kw_only=True)
    """Whether it follows the traffic rather than the model, as totals do, so that it is not compared. By default so in
    count, tokens, USD and tokens/s; never None once made."""
    part_of: str | None = field(default=None, kw_only=True)
    """The metric that it is a part of: the whole is compared, its parts say why. None for no part."""
    smallest_effect: float | None = field(default=None, kw_only=True)
    """The smallest change that counts, in `unit`, 0 or more; None for that of the unit: `drift.min_share`, or
    `drift.min_relative` of the baseline (see `relative`)."""
    hidden_at_zero: bool = field(default=False, kw_only=True)
    """Whether a report only names it where it was 0 on all days shown, as the kinds of what is rare are."""
    severe_effect: float | None = field(default=None, kw_only=True)
    """The size from which its change is P1 without company, as `smallest_effect` is meant; None for that of the unit: 0.15
    of a share, probability or score, else half of the baseline; 0 for never."""
    complaint: str = field(default="", kw_only=True)
    """What a tired reader is told when it got worse, such as "Requests fail"; by default its title and which way."""
    quantile: float | None = field(default=None, kw_only=True)
    """Which quantile of its values it is, in (0, 1); None where it is none."""
    explained_by: Literal["ttft", "decode", "total"] | None = field(default=None, kw_only=True)
    """The latency model by which the length of prompts and answers explains it (`stats.latency_model`); None where none
    does."""

    def __post_init__(self) -> None:
        """Fill in what was not said, so that everybody reads the same."""
        if not self.short_title:
            object.__setattr__(self, "short_title", self.title)
        if not self.family:
            object.__setattr__(self, "family", self.evaluator or ("latency" if self.unit == "ms" else self.name))
        if self.extensive is None:
            object.__setattr__(self, "extensive", self.unit in _EXTENSIVE_UNITS)
        if self.severe_effect is None:
            object.__setattr__(self, "severe_effect", _SEVERE_PART if self.relative else _SEVERE_AMOUNT)
        if not self.complaint:
            way = "fell" if self.direction == "higher_is_better" else "rose"
            object.__setattr__(self, "complaint", f"{self.title} {way}")

    @property
    def is_share(self) -> bool:
        """Whether it is the share of scores on one side of the cut."""
        return self.aggregation in ("share_above", "share_below")

    @overload
    def counts(self, scores: float) -> bool: ...

    @overload
    def counts(self, scores: NDArray[np.float64]) -> NDArray[np.bool_]: ...

    def counts(self, scores: float | NDArray[np.float64]) -> bool | NDArray[np.bool_]:
        """Whether a score, or each of an array, lies on the side that is counted: above the cut, unless of `share_below`."""
        return scores < CUT if self.aggregation == "share_below" else scores > CUT

    def averaged(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """What it is the mean of: of a share 1 for each score that counts, else 0, and otherwise the scores; NaN stays."""
        import numpy as np  # not for those who ask only what a metric is called

        return np.where(np.isnan(scores), np.nan, self.counts(scores)) if self.is_share else scores

    @property
    def relative(self) -> bool:
        """Whether the smallest change that counts is by default a part of the baseline, and not an amount in `unit`."""
        return self.unit not in _ABSOLUTE_UNITS

    def least_change(self, of: float) -> float:
        """The smallest change of a value that counts by default, in `unit`. of : the value."""
        return self.smallest_effect or (LEAST_PART * abs(of) if self.relative else LEAST_AMOUNT)


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One number of a day in one segment."""

    day: Day
    metric: str
    segment: str
    """ALL, or `tag=value`."""
    status: MetricStatus
    value: float | None
    """In the metric's unit; None exactly when status is NO_DATA."""
    low: float | None
    """Lower end of the 95% interval; None without a value, and of a total, which has no sampling error."""
    high: float | None
    """Upper end of the 95% interval; None when `low` is."""
    std_error: float | None
    """Standard error of the value in its unit, which the comparison uses; None where unknown."""
    effective_n: float | None
    """Of a share, how many independent interactions would tell as much: fewer where answers come in clusters (of a user) or are
    a sample; None of any other."""
    n: int
    """Interactions (of sessions those, of tools calls or spans, of GPUs samples, of stages spans or traces) that entered."""
    n_skipped: int = 0
    """Those that could not, for want of what the metric reads."""
    n_failed: int = 0
    """Those whose score failed."""
    note: str = ""
    """One short sentence for the reader (why there is no data, which rule applied); empty for none."""
