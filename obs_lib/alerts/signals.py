"""What of a day is not as it was: one signal for each drifted distance and segment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from obs_lib.alerts.severity import strength
from obs_lib.catalogue.distances import TOKEN_ADJUSTED, changed_metric, family, is_change, subject
from obs_lib.records import DriftVerdict, Signal

# Percentiles at equal tokens weigh by this name: what tokens do not explain is the server itself. A mean is left out,
# since one request that hangs can move it.
EQUAL_TOKENS = "token-adjusted latency"


def change_signals(drift: pd.DataFrame) -> Iterator[Signal]:
    """Yield what drifted for the worse; a distance that is no change of a metric always is. drift : the day's rows."""
    for row in drift[drift["verdict"] == DriftVerdict.DRIFTED.value].to_dict("records"):
        name, effect = str(row["name"]), number(row["effect"])
        if effect is not None and _adverse(name, effect):
            yield _signal(name, effect, {str(key): value for key, value in row.items()})


def number(value: Any) -> float | None:
    """Return a cell of a frame as a float; None for null, NaN and infinity.

    >>> number(float("nan")) is None, number(3)
    (True, 3.0)
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        return None
    return result if math.isfinite(result) else None


def _signal(name: str, effect: float, row: Mapping[str, Any]) -> Signal:
    signal = Signal(
        subject(name),
        unit=str(row["unit"]),
        segment=str(row["segment"]),
        family=family(name),
        strength=strength(effect, number(row["threshold"])),
        effect=effect,
        p_adjusted=number(row["p_adjusted"]),
    )
    baseline = number(row["baseline_value"])
    if not is_change(name) or baseline is None:
        null_mean, null_high = number(row["null_mean"]), number(row["null_high"])
        return replace(signal, value=number(row["statistic"]), null_mean=null_mean, null_high=null_high)
    nights = int(number(row.get("nights")) or 1)
    signal = replace(signal, value=baseline + effect, baseline=baseline, nights=nights if nights > 1 else None)
    if not name.startswith(TOKEN_ADJUSTED):
        return signal
    metric = changed_metric(name)
    basis = EQUAL_TOKENS if metric is not None and metric.quantile is not None else None
    return replace(signal, note="with prompts and answers as long as in the baseline", basis=basis)


def _adverse(name: str, effect: float) -> bool:
    if not is_change(name):
        return True
    metric = changed_metric(name)
    if metric is None or metric.direction is None:
        return False
    return effect > 0 if metric.direction == "lower_is_better" else effect < 0
