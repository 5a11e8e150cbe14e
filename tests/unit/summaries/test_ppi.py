"""Prediction-powered inference: the papers' numbers, the algebra, and coverage by simulation."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from obs_lib.stats.intervals import Floats
from obs_lib.summaries.agreement import rogan_gladen
from obs_lib.summaries.label_draw import draw_for_labels
from obs_lib.summaries.ppi import correct, corrected_rate, moments, raw, raw_rate, separate

RUNS = 4000
# People's verdicts and the evaluator's on 200 labelled answers: 14 true and 10 false positives, 6 missed, 170 rightly passed.
Y = np.repeat([1.0, 0.0, 1.0, 0.0], [14, 10, 6, 170])
F = np.repeat([1.0, 1.0, 0.0, 0.0], [14, 10, 6, 170])
SCORED = np.repeat([1.0, 0.0], [1200, 8800])


@pytest.mark.parametrize(
    ("power", "used", "low", "high"),
    [(0.0, 0.0, 0.058422, 0.141578), (1.0, 1.0, 0.060383, 0.139617), (None, 0.541126, 0.066402, 0.133598)],
)
def test_the_reference_values(power: float | None, used: float, low: float, high: float) -> None:
    sums = separate(SCORED, Y, F)
    corrected = correct(sums, power)
    assert raw(sums) == pytest.approx(0.12)
    assert (corrected.value, corrected.power) == (pytest.approx(0.10), pytest.approx(used, abs=5e-7))
    reach = 1.96 * corrected.std_error  # the references are printed with 1.96; the library's quantile has more digits
    assert (corrected.value - reach, corrected.value + reach) == (
        pytest.approx(low, abs=5e-7),
        pytest.approx(high, abs=5e-7),
    )
    assert corrected.normal()[1:3] == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))
    assert rogan_gladen(0.12, 14 / 20, 170 / 180) == pytest.approx(0.10)


verdicts = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.5, 1.0]),
        st.floats(0, 1, allow_subnormal=False),
        st.floats(0.05, 1),
        st.floats(0.05, 1),
        st.booleans(),
    ),
    min_size=3,
    max_size=60,
)


@given(verdicts)
def test_the_sums_give_what_the_interactions_give(rows: list[tuple[float, float, float, float, bool]]) -> None:
    y, f, scored, labelled, asked = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    asked[:2] = 1.0
    w, v = 1 / scored, np.where(asked == 1, 1 / (scored * labelled), np.nan)
    y = np.where(asked == 1, y, np.nan)
    sums, given_y = moments(f, w, y, v), asked == 1
    for power in (0.0, 0.3, 1.0):
        got = correct(sums, power)
        yl, fl, vl = y[given_y], f[given_y], v[given_y]
        mean_y, mean_l, mean_f = np.average(yl, weights=vl), np.average(fl, weights=vl), np.average(f, weights=w)
        errors = power * w * (f - mean_f) / w.sum()
        errors[given_y] += vl * ((yl - mean_y) - power * (fl - mean_l)) / vl.sum()
        assert got.value == pytest.approx(mean_y + power * (mean_f - mean_l), abs=1e-9)
        assert got.std_error == pytest.approx(np.sqrt(np.square(errors).sum()), abs=1e-6)
    best = correct(sums)
    assert 0 <= best.power <= 1
    halves = moments(f[:2], w[:2], y[:2], v[:2]) + moments(f[2:], w[2:], y[2:], v[2:])
    assert correct(halves, 0.3).value == pytest.approx(correct(sums, 0.3).value)


@given(st.integers(10, 400), st.booleans(), st.integers(0, 1))
def test_labels_that_all_agree_leave_an_interval(n: int, right: bool, verdict: int) -> None:
    f = np.full(n * 3, float(verdict))
    y = np.where(np.arange(n * 3) < n, f if right else 1 - f, np.nan)
    (value, low, high, error, _), _ = corrected_rate(moments(f, np.ones(3 * n), y, np.full(3 * n, 3.0)))
    assert low is not None
    assert high is not None
    assert 0 <= low <= value <= high <= 1
    assert high - low > 1 / n
    assert error


def population(rate: float, recall: float, alarms: float, n: int, seed: int) -> tuple[Floats, Floats]:
    """Verdicts of people and a score in [0, 1] that flags so many of the bad and of the good ones."""
    draw = np.random.default_rng(seed)
    y = (np.arange(n) < round(rate * n)).astype(np.float64)
    flagged = draw.random(n) < np.where(y == 1, recall, alarms)
    return y, np.where(flagged, draw.uniform(0.5, 1, n), draw.uniform(0, 0.5, n))


def resample(y: Floats, score: Floats, n_scored: int, n_labels: int, runs: int = RUNS) -> tuple[float, float]:
    """Coverage of the corrected rate over draws from (y, score), and its width over that of the labels alone."""
    draw, truth = np.random.default_rng(7), y.mean()
    held, widths, alone = 0, 0.0, 0.0
    ones, v = np.ones(n_scored), np.full(n_scored, n_scored / n_labels)
    for _ in range(runs):
        rows = draw.integers(0, len(y), n_scored)  # the labels are the first of them: any others would do as well
        asked = np.where(np.arange(n_scored) < n_labels, y[rows], np.nan)
        sums = moments((score[rows] > 0.5).astype(np.float64), ones, asked, v)
        (_, low, high, _, _), _ = corrected_rate(sums)
        (_, least, most, _, _), _ = corrected_rate(sums, 0.0)
        assert low is not None
        assert high is not None
        assert least is not None
        assert most is not None
        held += low <= truth <= high
        widths, alone = widths + high - low, alone + most - least
    return held / runs, widths / alone


@pytest.mark.parametrize(
    ("rate", "recall", "alarms", "n_scored", "n_labels", "most"),
    [
        (0.1, 0.7, 0.056, 500, 100, 0.97),
        (0.1, 0.7, 0.056, 500, 200, 0.97),
        (0.3, 0.8, 0.1, 500, 50, 0.97),
        (0.5, 0.9, 0.1, 500, 100, 0.97),
        (0.2, 0.3, 0.2, 500, 100, 0.97),  # an evaluator that is hardly better than chance
        (0.05, 0.6, 0.02, 500, 40, 1.0),  # two cases expected
        (0.01, 0.5, 0.01, 500, 100, 1.0),  # one
        (0.1, 0.98, 0.002, 500, 50, 1.0),  # people and evaluator seldom differ
    ],
)
def test_coverage_on_simulated_days(
    rate: float, recall: float, alarms: float, n_scored: int, n_labels: int, most: float
) -> None:
    coverage, ratio = resample(*population(rate, recall, alarms, 50_000, 1), n_scored, n_labels)
    assert 0.93 <= coverage <= most
    if recall - alarms > 0.5 and rate * n_labels >= 5:
        assert ratio < 0.95  # narrower than labels alone


@pytest.mark.parametrize(("rate", "n_labels"), [(0.1, 100), (0.3, 60)])
def test_coverage_of_labels_drawn_by_the_score(rate: float, n_labels: int) -> None:
    """The draw of `obs labels sample`: inclusion differs from stratum to stratum, and so do the weights."""
    draw = np.random.default_rng(3)
    held, narrower, runs = 0, 0.0, 250
    for run in range(runs):
        # A score that is calibrated: people agree with probability `score`.
        score = draw.beta(rate, 1 - rate, 500)
        y = (draw.random(500) < score).astype(np.float64)
        names = [f"{run}-{n}" for n in range(500)]
        drawn = draw_for_labels(
            pd.DataFrame({"request_id": names, "value": score, "inclusion_probability": 1.0}), n_labels
        ).set_index("request_id")
        v = 1 / drawn["inclusion_probability"].reindex(names).to_numpy()
        by_score, _ = corrected_rate(moments(score, np.ones(500), np.where(np.isnan(v), np.nan, y), v))
        plain = np.where(np.arange(500) < n_labels, y, np.nan)
        by_chance, _ = corrected_rate(moments(score, np.ones(500), plain, np.full(500, 500 / n_labels)), 0.0)
        assert None not in (*by_score[:4], *by_chance[:4])
        held += by_score.low <= rate <= by_score.high  # type: ignore[operator]
        narrower += (by_score.std_error / by_chance.std_error) / runs  # type: ignore[operator]
    assert held / runs >= 0.93 - 2 * np.sqrt(0.93 * 0.07 / runs)
    assert narrower < 0.95


def test_a_sample_that_was_drawn_unevenly_is_weighted_back() -> None:
    """Half of the scored are drawn from a tenth of the day that is bad; labels are drawn from these with other odds again."""
    draw = np.random.default_rng(5)
    y = (np.arange(40_000) < 4000).astype(np.float64)
    f = np.where(draw.random(40_000) < np.where(y == 1, 0.8, 0.05), 1.0, 0.0)
    inclusion = np.where(f == 1, 0.5, 0.05)
    values = []
    for _ in range(200):
        scored = draw.random(40_000) < inclusion
        odds = np.where(f == 1, 0.02, 0.2)[scored]
        asked = draw.random(int(scored.sum())) < odds
        w, labelled = 1 / inclusion[scored], np.where(asked, y[scored], np.nan)
        values.append(correct(moments(f[scored], w, labelled, w / odds)).value)
    assert np.mean(values) == pytest.approx(0.1, abs=3 * np.std(values) / np.sqrt(200))


def test_the_raw_rate_is_the_day_s_own() -> None:
    sums = moments(SCORED, np.ones(10_000), np.full(10_000, np.nan), np.ones(10_000))
    assert raw_rate(sums).value == pytest.approx(0.12)


@pytest.mark.real
@pytest.mark.long
def test_coverage_on_people_s_labels_of_real_answers(real_data: Path) -> None:
    from obs_lib.evaluators.build import build
    from obs_lib.evaluators.options import EvaluatorOptions
    from obs_lib.models.encoder import load_encoder
    from obs_lib.models.options import ModelOptions
    from obs_lib.models.vectors import gather

    encoder = load_encoder(ModelOptions())
    evaluators = {one.name: one for one in build(EvaluatorOptions(), encoder)}
    for name, file, label, turned in [
        ("toxicity", "toxicity_surge", "toxic", False),
        ("groundedness", "groundedness_begin_wow", "grounded", True),
        ("refusal", "refusal_xstest", "refused", False),
    ]:
        with gzip.open(real_data / "labelled" / f"{file}.jsonl.gz", "rt") as lines:
            read = [json.loads(line) for line in lines][::2]
        rows = [
            {
                "prompt": row.get("prompt"),
                "response": row.get("response") or row.get("text"),
                "contexts": json.dumps([{"text": text} for text in row["contexts"]]) if "contexts" in row else None,
                "expected_format": None,
                "error": None,
            }
            for row in read
        ]
        batch, one = pd.DataFrame(rows, dtype=object), evaluators[name]
        scores = one.score(batch, gather(one.texts(batch), {}, encoder))
        usable = (scores["status"] == "SCORED").to_numpy()
        verdicts = np.array([float(row[label]) for row in read])[usable]
        value = scores["value"].to_numpy(dtype=np.float64)[usable]
        y, score = (1 - verdicts, 1 - value) if turned else (verdicts, value)
        for n_labels in (50, 100, 200):
            coverage, ratio = resample(y, score, 1000, n_labels)
            print(f"{file} n={n_labels}: coverage {coverage:.4f}, width {ratio:.3f} of labels alone")
            # What a corrected rate is uncertain of are the labels that differ from the evaluator: those are its cases.
            cases = min(y.mean(), 1 - y.mean(), ((score > 0.5) != y).mean()) * n_labels
            assert 0.93 <= coverage <= (0.97 if cases >= 5 else 1)
            assert ratio < 1
