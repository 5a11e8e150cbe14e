"""What every distance promises, whatever it measures."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import zlib
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from obs_lib.catalogue import all_metrics
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import changes, comparison
from obs_lib.drift.decision import decide, drift_rows
from obs_lib.drift.measure import measure
from obs_lib.drift.options import DriftOptions
from obs_lib.records import Distance, DriftVerdict
from obs_lib.stats.exchange_sums import BLOCKS, exchange_sums, pack
from obs_lib.stats.word_sums import pack_words
from tests.unit.drift.conftest import in_blocks

OPTIONS = DriftOptions(min_prompts=5, resamples=199)
NAMES = ["token_kl", "semantic_drift", "answer_drift", "topic_drift", "change:refusal_rate"]


def day(index: int, shift: float = 0.0, seed: int = 0) -> DaySummary:
    """An ordinary day of 200 answers; `shift` in [0, 1] moves words, meaning and refusals alike."""
    rng = np.random.default_rng([seed, index])
    words = rng.multinomial(4000, (1 - shift) * np.full(50, 1 / 50) + shift * np.repeat([0.0, 0.04], 25))
    counts = {f"w{n}": int(count) for n, count in enumerate(words) if count}
    vectors = np.eye(8, 16) + 0.1 * rng.normal(size=(8, 16)) + shift * np.eye(8, 16, 8)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    rate = rng.binomial(200, 0.1 + 0.7 * shift) / 200
    metrics = [("requests", "all", "OK", 200.0, None, 200, None), ("refusal_rate", "all", "OK", rate, 0.02, 200, 200.0)]
    sketches = [("tokens", "all", "counts", 4000, zlib.compress(json.dumps(counts).encode()))]
    sketches.append(("words", "all", "blocks", 4000, pack_words(in_blocks(counts, index))))
    sketches += [("answers", "all", f"p{n}", 1, row.astype("<f4").tobytes()) for n, row in enumerate(vectors)]
    sketches.append(("exchanges", "all", "encoder", 200, exchanges(rng, shift)))
    return DaySummary(
        dt.date(2024, 3, 1) + dt.timedelta(days=index),
        pd.DataFrame(metrics, columns=["metric", "segment", "status", "value", "std_error", "n", "effective_n"]),
        pd.DataFrame(sketches, columns=["kind", "segment", "key", "n", "payload"]),
    )


def exchanges(rng: np.random.Generator, shift: float) -> bytes:
    """200 prompts of 4 kinds, and their answers; `shift` moves what is asked, a little, and what is answered."""
    kinds = rng.choice(4, 200, p=[0.25 + 0.6 * shift, *3 * [0.25 - 0.2 * shift]])
    prompts = np.eye(16)[kinds] + 0.3 * rng.normal(size=(200, 16))
    answers = 0.5 * prompts + 0.3 * rng.normal(size=(200, 16)) + shift * np.eye(16)[9]
    vectors = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (prompts, answers)]
    return pack(exchange_sums(*vectors, rng.integers(0, BLOCKS, 200)))


WINDOW = [day(n) for n in range(6)]


def measured(name: str, today: DaySummary, window: list[DaySummary] = WINDOW) -> Distance:
    return next(one for one in measure(today, window, OPTIONS) if one.name == name)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_numbers_are_finite_and_p_is_a_probability(name: str) -> None:
    found = measured(name, day(6, 0.5))
    numbers = [found.statistic, found.null_mean, found.null_high, found.p_value, found.effect]
    assert all(number is not None and math.isfinite(number) for number in numbers)
    assert found.p_value is not None
    assert 0 < found.p_value <= 1
    assert found.statistic is not None
    assert found.null_mean is not None
    assert found.effect == pytest.approx(found.statistic - found.null_mean)
    assert found.baseline_days == tuple(one.day for one in WINDOW)
    assert found.n_baseline > 0
    assert found.n_current > 0
    assert found.unit


def test_measuring_again_gives_the_same_and_the_inputs_stay(name: str) -> None:
    today, window = day(6, 0.3), [day(n) for n in range(6)]
    before = today.sketches.copy()
    assert measured(name, today, window) == measured(name, today, window)
    pd.testing.assert_frame_equal(today.sketches, before)


def test_the_order_of_the_window_does_not_matter(name: str) -> None:
    forward, backward = measured(name, day(6, 0.3)), measured(name, day(6, 0.3), WINDOW[::-1])
    for field in ("statistic", "null_mean", "effect"):
        assert getattr(forward, field) == pytest.approx(getattr(backward, field))


def test_a_greater_shift_is_a_greater_and_less_likely_distance(name: str) -> None:
    found = [measured(name, day(6, shift)) for shift in (0.0, 0.3, 0.6, 1.0)]
    effects = [one.effect for one in found]
    assert effects == sorted(effects, key=lambda effect: effect or 0.0)
    p = [one.p_value or 0.0 for one in found]
    assert all(later <= earlier * (1 + 1e-9) for earlier, later in pairwise(p))
    assert p[0] > 0.01 > 1e-3 > p[-1]


def test_a_day_of_the_window_itself_is_no_surprise(name: str) -> None:
    again = dataclasses.replace(WINDOW[0], day=dt.date(2024, 3, 7))
    assert (measured(name, again).p_value or 0.0) > 0.01


def test_ordinary_days_are_stable_through_the_whole_decision() -> None:
    quiet = [
        decide(measure(day(6, seed=s), [day(n, seed=s) for n in range(6)], OPTIONS), OPTIONS) for s in range(1, 21)
    ]
    assert [one for night in quiet for one in night if one.verdict is DriftVerdict.DRIFTED] == []


def test_too_few_says_why() -> None:
    found = decide(measure(day(2), WINDOW[:2], OPTIONS), OPTIONS)
    assert [one.verdict for one in found] == [DriftVerdict.TOO_FEW] * len(NAMES)
    assert all(one.distance.note for one in found)


def test_rows_survive_json(name: str) -> None:
    frame = drift_rows([measured(name, day(6, 0.5))], OPTIONS)
    row: dict[str, object] = json.loads(frame.to_json(orient="records"))[0]
    assert row["name"] == name
    assert row["verdict"] == "DRIFTED"


@pytest.mark.parametrize("metric", ["latency_p95", "error_rate", "toxicity"])
def test_a_change_is_as_likely_up_as_down(metric: str) -> None:
    """Shares and probabilities by differences, times by ratios."""

    def summary(index: int, value: float) -> DaySummary:
        rows = pd.DataFrame(
            [(metric, "all", "OK", value, 0.05, 100, None)],
            columns=["metric", "segment", "status", "value", "std_error", "n", "effective_n"],
        )
        return dataclasses.replace(day(index), metrics=rows)

    times = metric == "latency_p95"
    window = [0.48, 0.5, 0.5 * 0.5 / 0.48 if times else 0.52]

    def build(value: float) -> Distance:
        days = [summary(n, one) for n, one in enumerate((*window, value))]
        return changes([comparison(all_metrics()[metric], "all", days, 3)])[0]

    up, down = build(0.7), build(0.5 * 0.5 / 0.7 if times else 0.3)
    assert up.effect is not None
    assert down.effect is not None
    assert up.effect > 0 > down.effect
    if times:
        assert up.p_value is not None
        assert down.p_value is not None
        assert 0.1 < up.p_value / down.p_value < 10  # the sampling error is as large in a shorter time
    else:
        assert up.p_value == pytest.approx(down.p_value)
        assert up.effect == pytest.approx(-down.effect)
