"""Which days a day is compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib import catalogue
from obs_lib.records import ALL, Day
from obs_lib.stats.exchange_sums import ExchangeSums
from obs_lib.stats.exchange_sums import unpack as unpack_exchanges
from obs_lib.stats.latency_model import Cells, unpack


def window(day: Day, ready: Iterable[Day], window_days: int) -> tuple[Day, ...]:
    """Return the days of `ready` among the `window_days` days before `day`, oldest first.

    The window is one of calendar days: a missing day makes it smaller, it does not reach further back.

    >>> window(dt.date(2023, 6, 9), [dt.date(2023, 6, d) for d in (1, 2, 7, 8, 9)], 7)
    (datetime.date(2023, 6, 2), datetime.date(2023, 6, 7), datetime.date(2023, 6, 8))
    """
    first = day - dt.timedelta(days=window_days)
    return tuple(sorted({other for other in ready if first <= other < day}))


def level_days(
    known: Sequence[Day], drifted: Collection[Day], today: Day, window_days: int, min_days: int
) -> list[Day]:
    """Return the days that show the level in force before `today`, oldest first.

    known : days that are comparable, oldest first. drifted : those that stood away from the level of their time. They show
    it no more than an outage does, until they are nearly all there is: once fewer than `min_days` others are left in the
    `window_days` before some day, what they show is the new level, and what came before them is history.

    >>> days = [dt.date(2024, 3, d) for d in range(1, 13)]
    >>> [day.day for day in level_days(days, days[7:9], dt.date(2024, 3, 13), 7, 3)]
    [1, 2, 3, 4, 5, 6, 7, 10, 11, 12]
    >>> [day.day for day in level_days(days, days[7:], dt.date(2024, 3, 13), 7, 3)]
    [8, 9, 10, 11, 12]
    """
    if not any(day in drifted for day in known):
        return list(known)
    first = known[0]
    accepted: set[Day] = set()
    for day in (*known, today):
        recent = [one for one in known if day - dt.timedelta(days=window_days) <= one < day]
        away = [one for one in recent if one in drifted and one not in accepted]
        if len(recent) >= min_days and len(recent) - len(away) < min_days <= len(away):
            accepted.update(away)
            first = away[0]
    return [day for day in known if day >= first and (day not in drifted or day in accepted)]


class Measured(NamedTuple):
    """A metric of a day in a segment, as in the table `metrics`."""

    value: float
    std_error: float | None
    n: int
    effective_n: float
    """Independent interactions that would tell as much; `n` where the table does not say."""


_MEASURED = ("value", "std_error", "n", "effective_n")


def measured_in(rows: pd.DataFrame) -> list[Measured]:
    """What rows of `metrics` that have a value say, in their order."""
    value, error, n, told = (rows[name].to_numpy(np.float64, na_value=np.nan) for name in _MEASURED)
    errors = [None if missing else one for one, missing in zip(error.tolist(), np.isnan(error).tolist(), strict=True)]
    effective = np.where(np.isnan(told), n, told).tolist()
    return list(map(Measured, value.tolist(), errors, n.astype(np.int64).tolist(), effective))


@dataclass(frozen=True)
class DaySummary:
    """What the comparison reads of one day: its rows of `metrics` and `sketches` (columns as in tables.py)."""

    day: Day
    metrics: pd.DataFrame
    sketches: pd.DataFrame

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The day's segments of interactions, `all` first; `all` is there on a day without a single row too."""
        of_requests = self.metrics[~self.metrics["metric"].isin({metric.name for metric in catalogue.gpu()})]
        named = {*of_requests["segment"], *self.sketches["segment"]} - {ALL}
        return (ALL, *sorted(named))

    @cached_property
    def _places(self) -> dict[tuple[str, str], NDArray[np.intp]]:
        """The rows of each kind of sketch in each segment; taken when they are asked for, since payloads are large."""
        return dict(self.sketches.groupby(["kind", "segment"], sort=False).indices)  # type: ignore[arg-type]

    @cached_property
    def _metrics(self) -> dict[tuple[str, str], Measured]:
        # Columns as arrays: a night looks at 90 days, and frames of texts take several times as long.
        status, metric, segment = (self.metrics[name].to_numpy(object) for name in ("status", "metric", "segment"))
        known = ~np.isnan(self.metrics["value"].to_numpy(np.float64, na_value=np.nan))
        ok = np.flatnonzero((status == "OK") & known)
        keys = zip(metric[ok].tolist(), segment[ok].tolist(), strict=True)
        return dict(zip(keys, measured_in(self.metrics[list(_MEASURED)].iloc[ok]), strict=True))

    @cached_property
    def _cells(self) -> dict[tuple[str, str], Cells]:
        rows = self.sketches[self.sketches["kind"] == "latency_model"]
        named = zip(rows["key"], rows["segment"], rows["payload"], strict=True)
        return {(model, segment): unpack(model, bytes(payload)) for model, segment, payload in named}

    @cached_property
    def _exchanges(self) -> dict[str, tuple[str, ExchangeSums]]:
        rows = self.sketches[self.sketches["kind"] == "exchanges"]
        kept = zip(rows["segment"], rows["key"], rows["payload"], strict=True)
        return {str(segment): (str(encoder), unpack_exchanges(bytes(payload))) for segment, encoder, payload in kept}

    @property
    def metric_names(self) -> set[str]:
        """Return the names of the metrics that have a value in some segment."""
        return {name for name, _ in self._metrics}

    def sketch(self, kind: str, segment: str) -> pd.DataFrame:
        """Return the rows of one kind of sketch in one segment; none is an empty frame."""
        return self.sketches.iloc[self._places.get((kind, segment), [])]

    def cells(self, model: str, segment: str) -> Cells | None:
        """Return the cells of a latency model; None where the day has none."""
        return self._cells.get((model, segment))

    def exchanges(self, segment: str) -> tuple[str, ExchangeSums] | None:
        """Return the encoder and the sums of its vectors; None where prompts or answers have no vectors."""
        return self._exchanges.get(segment)

    def metric(self, name: str, segment: str) -> Measured | None:
        """Return what a metric is in a segment; None where it is NO_DATA or absent."""
        return self._metrics.get((name, segment))
