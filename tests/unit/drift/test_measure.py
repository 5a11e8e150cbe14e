from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.decision import decide
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions
from obs_lib.records import Distance

Make = Callable[..., DaySummary]
OPTIONS = DriftOptions()


def ordinary(summary: Make, index: int, refusals: float = 0.1, words: tuple[int, int] = (600, 400)) -> DaySummary:
    rng = np.random.default_rng(index)
    metrics = {
        "requests": (100.0, None, 100),
        "refusal_rate": (refusals, float(np.sqrt(refusals * (1 - refusals) / 100)), 100),
    }
    vectors = {f"p{n}": row for n, row in enumerate(np.eye(12, 16) + 0.01 * rng.normal(size=(12, 16)))}
    return summary(index, metrics, dict(zip("ab", words, strict=True)), vectors)


def test_every_distance_is_there_and_a_bad_day_stands_out(summary: Make) -> None:
    window = [ordinary(summary, n, words=(600 + n, 400)) for n in range(4)]
    found = decide(measure(ordinary(summary, 4, refusals=0.6, words=(100, 900)), window, OPTIONS), OPTIONS)
    verdicts = {one.distance.name: one.verdict.value for one in found}
    assert verdicts == {"token_kl": "DRIFTED", "semantic_drift": "STABLE", "change:refusal_rate": "DRIFTED"}
    quiet = decide(measure(ordinary(summary, 5), window, OPTIONS), OPTIONS)
    assert {one.verdict.value for one in quiet} == {"STABLE"}


def test_a_short_history_says_so(summary: Make) -> None:
    found = measure(ordinary(summary, 2), [ordinary(summary, n) for n in range(2)], OPTIONS)
    assert [one.note for one in found] == ["2 baseline days with enough data (needs 3)"] * 3
    assert all(one.statistic is None and one.p_value is None for one in found)


def test_a_day_without_rows_is_measured_as_far_as_it_goes(summary: Make) -> None:
    found = measure(summary(4), [ordinary(summary, n) for n in range(4)], OPTIONS)
    notes = {one.name: one.note for one in found}
    assert notes["change:refusal_rate"] == "no data today"
    assert notes["semantic_drift"] == "0 prompts were asked today and on two baseline days (needs 10)"
    assert "too few answers" in notes["token_kl"]


def test_small_days_and_new_segments_are_too_few(summary: Make) -> None:
    window = [ordinary(summary, n) for n in range(4)]
    few = summary(4, {"refusal_rate": (0.9, 0.1, 3)}, {"a": 5}, segment="route=new")
    notes = {(one.name, one.segment): one.note for one in measure(few, window, OPTIONS)}
    assert notes["change:refusal_rate", "route=new"] == "3 interactions today (needs 20)"
    assert {segment for _, segment in notes} == {"all", "route=new"}


def test_fields_that_the_logs_do_not_have_give_no_distance(summary: Make) -> None:
    window = [ordinary(summary, n) for n in range(4)]
    assert not any("ttft" in one.name for one in measure(ordinary(summary, 4), window, OPTIONS))


def test_days_that_drifted_are_no_baseline_until_too_few_others_are_left(summary: Make) -> None:
    level = [0.1, 0.11, 0.09, 0.1, 0.6, 0.62, 0.61]
    window = [ordinary(summary, n, refusals=level[n]) for n in range(7)]
    today = ordinary(summary, 7, refusals=0.6)
    name = "change:refusal_rate"
    bad = {(name, "all"): {day.day for day in window[4:]}}

    def measured(given: object) -> Distance:
        return next(d for d in measure(today, window, DriftOptions(), given) if d.name == name)  # type: ignore[arg-type]

    assert measured(None).nights == 4  # what was missed before is found all the same
    assert measured(None).p_value < 0.001
    assert measured(bad).baseline_days == tuple(day.day for day in window[:4])
    assert measured(bad).p_value < 0.001
    most = {(name, "all"): {day.day for day in window[2:]}}
    assert measured(most).baseline_days[0] == window[2].day  # two steady days are no level: the new one is
    assert measured(most).p_value > 0.01


def staged(summary: Make, index: int, retrieval: float = 60.0, failing: float = 0.01) -> DaySummary:
    """An ordinary day with the metrics of one stage besides."""
    day, wave = ordinary(summary, index), 1 + 0.01 * (index % 3)
    stage = summary(
        index,
        {
            "stage_duration_p50": (retrieval * wave, 1.0, 300),
            "stage_duration_p95": (3 * retrieval * wave, 6.0, 300),
            "stage_error_rate": (failing, float(np.sqrt(failing * (1 - failing) / 300)), 300),
            "stage_share": (0.2, 0.01, 300),
            "stage_critical_share": (0.2, 0.01, 300),
        },
        segment="stage=retrieval",
    )
    return DaySummary(day.day, pd.concat([day.metrics, stage.metrics], ignore_index=True), day.sketches)


def test_a_stage_is_judged_by_its_durations_and_errors_alone(summary: Make) -> None:
    window = [staged(summary, n) for n in range(5)]
    found = decide(measure(staged(summary, 5), window, OPTIONS), OPTIONS)
    of_stage = {one.distance.name: one.verdict.value for one in found if one.distance.segment == "stage=retrieval"}
    names = ("stage_duration_p50", "stage_duration_p95", "stage_error_rate")
    assert of_stage == {f"change:{name}": "STABLE" for name in names}
    assert not [one for one in found if "stage" in one.distance.name and one.distance.segment == "all"]


def test_a_slower_and_a_failing_stage_stand_out(summary: Make) -> None:
    window = [staged(summary, n) for n in range(5)]
    found = decide(measure(staged(summary, 5, retrieval=120.0, failing=0.2), window, OPTIONS), OPTIONS)
    drifted = {one.distance.name for one in found if one.verdict.value == "DRIFTED"}
    assert drifted == {"change:stage_duration_p50", "change:stage_duration_p95", "change:stage_error_rate"}


def test_days_without_traces_leave_no_trace_in_the_comparison(summary: Make) -> None:
    traced, bare = [staged(summary, n) for n in range(4)], ordinary(summary, 5)
    assert not [one for one in measure(bare, traced, OPTIONS) if "stage" in one.name + one.segment]
    first = measure(staged(summary, 5), [ordinary(summary, n) for n in range(4)], OPTIONS)
    assert {one.note for one in first if one.segment != "all"} == {"0 baseline days with enough data (needs 3)"}


def test_a_tag_of_a_stages_name_is_a_segment_like_any_other(summary: Make) -> None:
    days = [
        summary(n, {"requests": (100.0, None, 100)}, {"a": 600 + n, "b": 400}, segment="stage=tool") for n in range(5)
    ]
    assert "token_kl" in {one.name for one in measure(days[4], days[:4], OPTIONS) if one.segment == "stage=tool"}


def test_numbers_of_gpus_are_not_compared_and_change_nothing_else(summary: Make) -> None:
    def with_gpus(index: int, level: float) -> DaySummary:
        day = ordinary(summary, index)
        numbers = {"gpu_utilization": (level, 0.01, 9_000), "gpu_power": (700 * level, 1.0, 9_000)}
        of_gpu = summary(index, numbers, segment="gpu=n1/0").metrics
        of_all = summary(index, numbers).metrics
        return DaySummary(day.day, pd.concat([day.metrics, of_all, of_gpu]), day.sketches)

    window = [with_gpus(n, 0.9) for n in range(4)]
    today = with_gpus(4, 0.1)
    assert today.segments == ("all",)
    assert measure(today, window, OPTIONS) == measure(
        ordinary(summary, 4), [ordinary(summary, n) for n in range(4)], OPTIONS
    )
