"""What a cascade's judge would say of all answers, estimated without bias from those that it was asked about."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from obs_lib.catalogue import metric_of
from obs_lib.records import MetricValue
from obs_lib.summaries.cascades import cascade_metrics
from obs_lib.summaries.segments import Segments

DAY = dt.date(2024, 3, 1)
RATE = 0.5 * 0.9 + 0.5 * 0.2  # of answers that the judge counts, in `drawn_day`


def drawn_day(rng: np.random.Generator, n: int, share: float) -> pd.DataFrame:
    """A day whose local evaluator is overconfident both ways, with the judge asked as a cascade asks it; half was scored."""
    local = rng.beta(0.5, 0.5, n)
    judge = np.where(local > 0.5, rng.random(n) < 0.9, rng.random(n) < 0.2).astype(float)
    unsure = np.abs(local - 0.5) <= 0.2
    asked = unsure | (rng.random(n) < share)
    told = [
        json.dumps({"cascade": {"local": one, "judge": verdict, "share": 1.0 if doubt else share}} if yes else {"x": 1})
        for one, verdict, doubt, yes in zip(local, judge, unsure, asked, strict=True)
    ]
    return pd.DataFrame(
        {
            "request_id": [f"r{number:05}" for number in range(n)],
            "evaluator": "toxicity",
            "version": "cascade/1/local/judge",
            "status": "SCORED",
            "value": np.where(unsure, judge, local),
            "evidence": told,
            "inclusion_probability": np.where(rng.random(n) < 0.5, 0.5, 1.0),
        }
    )


def summed(scores: pd.DataFrame) -> dict[str, MetricValue]:
    rows = pd.DataFrame({"request_id": scores["request_id"].sort_values(ignore_index=True)})
    segments = Segments(pd.Series([None] * len(rows)), (), 0)
    return {value.metric: value for value in cascade_metrics(DAY, rows, scores, segments)}


def test_the_estimate_is_unbiased_and_its_interval_holds_what_it_promises() -> None:
    rng = np.random.default_rng(7)
    values, inside, local = [], 0, []
    for _ in range(400):
        of_day = summed(drawn_day(rng, 400, 0.15))
        judged = of_day["toxicity_rate:judged"]
        assert judged.value is not None
        assert judged.low is not None
        assert judged.high is not None
        values.append(judged.value)
        inside += judged.low <= RATE <= judged.high
        local.append(of_day["toxicity_rate:local"].value)
    assert abs(np.mean(values) - RATE) < 4 * np.std(values) / np.sqrt(400)
    assert abs(np.mean(local) - RATE) > 0.03  # what there is to correct
    assert 0.91 <= inside / 400 <= 0.99  # 92 to 96% over days of other sizes and shares; 400 days tell it to 1.2 points


def test_it_says_how_many_were_judged_and_nothing_of_the_sure_from_a_few() -> None:
    scores = drawn_day(np.random.default_rng(3), 60, 0.0)
    judged = summed(scores)["toxicity_rate:judged"]
    assert (judged.status, judged.value) == ("NO_DATA", None)
    assert judged.note == f"judged {judged.n} where unsure, 0 at random, of 60 (needs 10 at random)"
    shuffled = scores.sample(frac=1.0, random_state=1)
    assert summed(shuffled) == summed(scores)


def test_where_the_judge_agrees_nothing_changes() -> None:
    rng = np.random.default_rng(5)
    local = np.where(rng.random(300) < 0.3, 0.9, 0.1)
    told = [json.dumps({"cascade": {"local": one, "judge": round(one), "share": 0.2}}) for one in local]
    scores = drawn_day(rng, 300, 0.1).assign(value=local, evidence=told, inclusion_probability=1.0)
    of_day = summed(scores)
    rate = pytest.approx((local > 0.5).mean())
    assert (of_day["toxicity_rate:judged"].value, of_day["toxicity_rate:local"].value) == (rate, rate)


def test_scores_of_others_have_none_of_it() -> None:
    scores = drawn_day(np.random.default_rng(3), 60, 0.2)
    assert summed(scores.assign(version="gpt/1")) == {}
    assert summed(scores.assign(status="SKIPPED")) == {}


def test_the_catalogue_knows_them_by_their_names() -> None:
    judged, local = metric_of("toxicity_rate:judged"), metric_of("toxicity_rate:local")
    assert judged is not None
    assert local is not None
    assert judged.title == "Toxic answers, as its judge sees all answers"
    assert local.title == "Toxic answers, without its judge"
    assert metric_of("toxicity_rate:else") is None
    assert metric_of("error_rate:local") is None
