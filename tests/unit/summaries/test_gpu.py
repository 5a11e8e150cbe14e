from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

from obs_lib import catalogue
from obs_lib.lake.rows import rows_of
from obs_lib.lake.tables import GPU_SAMPLES, METRICS
from obs_lib.records import MetricStatus, MetricValue
from obs_lib.summaries.demand import Demand
from obs_lib.summaries.gpu import gpu_metrics
from obs_lib.summaries.gpu_metrics import GPU, Samples
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.summarise import summarise_day

Maker = Callable[..., pd.DataFrame]
DAY = dt.date(2023, 6, 2)
START = pd.Timestamp("2023-06-02T00:00:00Z")
NORMAL = {"sm_source": "gpm", "throttle": "[]"}


MEASURES = {member.metric.name: member.measure for member in GPU.members}


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as the lake gives them back."""
    columns = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in GPU_SAMPLES.types.items()}
    return pa.table(columns).to_pandas()


def sample(hour: float, gpu: int = 0, **given: Any) -> dict[str, Any]:
    fixed = {"at": START + pd.Timedelta(hours=hour), "host": "n1", "gpu": f"GPU-{gpu}", "index": gpu}
    return fixed | NORMAL | given


def asked(hours: dict[int, int], latency: Callable[[int], float] = lambda hour: 100.0) -> list[dict[str, Any]]:
    """Requests by hour, each of 100 output tokens."""
    return [
        {
            "timestamp": START + pd.Timedelta(hours=hour, minutes=n % 60),
            "output_tokens": 100,
            "total_latency_ms": latency(hour),
        }
        for hour, count in hours.items()
        for n in range(count)
    ]


def measure(
    samples: list[dict[str, Any]], rows: pd.DataFrame, segment: str = "all", **options: Any
) -> dict[str, MetricValue]:
    values = gpu_metrics(DAY, frame(samples), rows, SummaryOptions(**options))
    return {value.metric: value for value in values if value.segment == segment}


def test_every_gpu_metric_of_the_catalogue_is_measured(interactions: Maker) -> None:
    assert list(measure([sample(0)], interactions({}))) == [metric.name for metric in catalogue.gpu()]


def test_a_day_without_samples_has_no_row(interactions: Maker) -> None:
    assert gpu_metrics(DAY, frame([]), interactions({}), SummaryOptions()) == []


def test_what_no_sample_says_is_no_data_with_the_reason(interactions: Maker) -> None:
    found = measure([sample(1, throttle=None, sm_source=None)], interactions())
    assert {value.status for value in found.values()} == {MetricStatus.NO_DATA}
    assert {value.n for value in found.values()} == {0}
    assert found["gpu_power"].note == "no power draw in the samples"
    assert found["gpu_utilization"].note == "no SM utilization in the samples"


def test_utilization_is_judged_in_hours_with_demand_only(interactions: Maker) -> None:
    samples = [
        sample(hour + n / 100, sm_utilization=0.1 if hour < 20 else 0.9) for hour in range(24) for n in range(50)
    ]
    found = measure(samples, interactions(*asked({20: 50, 21: 50, 22: 50, 3: 2})))
    assert found["gpu_utilization"].value == pytest.approx(0.9)
    assert found["gpu_utilization"].n == 150
    assert found["gpu_utilization"].note == "3 hours with demand, measured by gpm"
    assert measure(samples, interactions())["gpu_utilization"].note == "no hour had demand"
    night = [one for one in samples if one["at"].hour < 20]
    assert (
        measure(night, interactions(*asked({20: 50})))["gpu_utilization"].note == "no sample in the hours with demand"
    )


def test_saturated_hours_are_counted_by_their_mean(interactions: Maker) -> None:
    levels = {10: 0.99, 11: 0.96, 12: 0.5, 13: 0.94}
    samples = [sample(hour + n / 10, sm_utilization=level) for hour, level in levels.items() for n in range(5)]
    found = measure(samples, interactions(*asked(dict.fromkeys(levels, 20))))["gpu_saturated"]
    assert (found.value, found.note) == (0.5, "2 of 4 hours with demand")
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.5 < found.high


def drawn(hours: list[int], level: Any, latency: Any = None) -> Samples:
    """What a metric reads of a day whose samples, in hours with demand, have these levels."""
    rows = pd.DataFrame({"hour": hours, "sm_utilization": level, "sm_source": "gpm"})
    busy = np.ones(24, dtype=bool)
    return Samples(rows, Demand(np.ones(24, dtype=np.int64), np.ones(24), busy), latency)


def test_intervals_are_over_hours_and_not_over_samples() -> None:
    """Days are drawn whose hours have levels of their own: the interval holds the truth as often as it says."""
    rng = np.random.default_rng(5)
    hours = np.repeat(np.arange(8, 20), 60)
    held = widths = 0.0
    for _ in range(400):
        level = np.repeat(rng.normal(0.6, 0.1, 12), 60) + rng.normal(0, 0.01, len(hours))
        found = MEASURES["gpu_utilization"](drawn(list(hours), level)).estimate
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.6 <= found.high
        widths += found.high - found.low
    assert 0.92 <= held / 400 <= 0.98
    assert 0.11 < widths / 400 < 0.14  # over samples it would be a seventh of that, and hold on one day in five


def test_shares_end_at_one(interactions: Maker) -> None:
    levels = [0.5, 1.0, 1.0]
    samples = [sample(hour, sm_utilization=level, memory_used=8, memory_total=8) for hour, level in enumerate(levels)]
    found = measure(samples, interactions(*asked(dict.fromkeys(range(3), 20))))
    assert found["gpu_utilization"].high == 1.0
    assert (found["gpu_memory_used"].value, found["gpu_memory_used"].high) == (1.0, 1.0)


def test_memory_and_power_are_means_over_samples(interactions: Maker) -> None:
    samples = [
        sample(1.0, memory_used=10, memory_total=80, power_w=100.0),
        sample(1.5, memory_used=30, memory_total=80, power_w=300.0),
        sample(2.0, memory_used=50, memory_total=0, power_w=350.0),
    ]
    found = measure(samples, interactions())
    assert (found["gpu_memory_used"].value, found["gpu_memory_used"].n_skipped) == (0.25, 1)
    assert found["gpu_power"].value == 250.0


def test_throttled_hours_are_those_of_heat_and_power(interactions: Maker) -> None:
    hot, idle = '["sw_power_cap","hw_thermal"]', '["gpu_idle","applications_clocks"]'
    samples = [
        sample(hour + n / 10, gpu, throttle=hot if (hour, gpu) == (4, 1) or (hour == 5 and n == 0) else idle)
        for hour in range(12)
        for n in range(10)
        for gpu in (0, 1)
    ]
    found = measure(samples, interactions())["gpu_throttled_hours"]
    assert found.value == pytest.approx(1.2)
    assert found.note == "of 24 hours sampled: hw_thermal, sw_power_cap"
    assert measure(samples, interactions(), "gpu=n1/1")["gpu_throttled_hours"].value == pytest.approx(1.1)


def test_the_temperatures_percentile_lies_in_its_interval(interactions: Maker) -> None:
    rng = np.random.default_rng(1)
    heat = rng.normal(60, 5, size=(24, 60)) + rng.normal(0, 3, size=(24, 1))
    samples = [sample(hour + n / 60, temperature_c=heat[hour, n]) for hour in range(24) for n in range(60)]
    found = measure(samples, interactions())["gpu_temperature_p95"]
    assert found.value == pytest.approx(np.quantile(heat, 0.95))
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high
    assert measure(samples[:5], interactions())["gpu_temperature_p95"].low is None  # one hour: nothing to tell it from


def test_ecc_errors_are_the_rise_within_the_day_through_driver_reloads(interactions: Maker) -> None:
    counts = [7, 7, 9, 0, 1, None, 1, 4]
    samples = [sample(n, ecc_uncorrected=count) for n, count in enumerate(counts)]
    samples += [sample(n, 1, ecc_uncorrected=100) for n in range(8)]
    found = measure(samples[::-1], interactions())  # in any order
    assert found["gpu_ecc_uncorrected"].value == 2 + 0 + 1 + 0 + 3
    assert measure(samples, interactions(), "gpu=n1/1")["gpu_ecc_uncorrected"].value == 0


def test_utilization_that_rises_with_load_is_found_beside_latency(interactions: Maker) -> None:
    rng = np.random.default_rng(3)
    load = {hour: 10 + 3 * hour for hour in range(24)}
    level = {hour: 0.2 + 0.03 * hour + rng.normal(0, 0.01) for hour in load}
    delay = {hour: 300 + 900 * level[hour] ** 2 + rng.normal(0, 10) for hour in load}
    samples = [sample(hour + n / 20, sm_utilization=float(level[hour])) for hour in load for n in range(20)]
    found = measure(samples, interactions(*asked(load, lambda hour: delay[hour])))["gpu_latency_correlation"]
    expected = spearmanr(list(level.values()), list(delay.values())).statistic
    assert found.value == pytest.approx(expected)
    assert found.low is not None
    assert found.high is not None
    assert 0.8 < found.low < found.value < found.high <= 1
    assert (found.n, found.note) == (24, "24 hours")
    steady = measure(samples, interactions(*asked(load)))["gpu_latency_correlation"]
    assert (steady.value, steady.note) == (None, "utilization or latency was the same in every hour")
    few = measure(samples, interactions(*asked(dict.fromkeys(range(7), 9))))["gpu_latency_correlation"]
    assert few.note == "7 hours have utilization and latency (needs 8)"


def test_the_correlations_interval_holds_as_often_as_it_says() -> None:
    """Where nothing is correlated: 95% of the intervals hold 0."""
    rng = np.random.default_rng(11)
    held = 0
    for _ in range(400):
        found = MEASURES["gpu_latency_correlation"](drawn(list(range(24)), rng.random(24), rng.random(24))).estimate
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_each_gpu_has_its_numbers_up_to_a_limit_and_all_counts_every_one(interactions: Maker) -> None:
    samples = [sample(1, gpu, power_w=100.0 * gpu, index=gpu if gpu < 4 else None) for gpu in range(1, 5)]
    values = gpu_metrics(DAY, frame(samples), interactions(), SummaryOptions())
    assert list(dict.fromkeys(value.segment for value in values)) == [
        "all",
        *(f"gpu=n1/{n}" for n in (1, 2, 3)),
        "gpu=n1/GPU-4",
    ]
    limited = measure(samples, interactions(), max_gpus=2)
    assert limited["gpu_power"].value == 250.0
    kept = {value.segment for value in gpu_metrics(DAY, frame(samples), interactions(), SummaryOptions(max_gpus=2))}
    assert kept == {"all", "gpu=n1/1", "gpu=n1/2"}


def test_the_same_samples_give_the_same_table_whatever_their_order(interactions: Maker, scores: Maker) -> None:
    rng = np.random.default_rng(2)
    samples = frame([sample(n / 9, n % 3, sm_utilization=rng.random(), power_w=rng.random()) for n in range(200)])
    rows = interactions(*asked(dict.fromkeys(range(24), 10)))
    tables = [
        rows_of(METRICS, DAY, summarise_day(DAY, rows, scores(), {}, SummaryOptions(), (), gpu_samples=one)[0]).table()
        for one in (samples, samples.iloc[rng.permutation(len(samples))])
    ]
    assert tables[0].equals(tables[1])
    assert {"gpu=n1/0", "gpu=n1/1", "gpu=n1/2", "all"} == set(tables[0]["segment"].to_pylist())
