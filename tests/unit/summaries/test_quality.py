from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest

from obs_lib.languages import Unmeasured
from obs_lib.records import MetricStatus, MetricValue
from obs_lib.stats.intervals import binomial
from obs_lib.summaries.quality import quality_metrics
from obs_lib.summaries.segments import Segments

Maker = Callable[..., pd.DataFrame]


def measure(rows: pd.DataFrame, scores: pd.DataFrame) -> dict[tuple[str, str], MetricValue]:
    segments = Segments(rows["tags"], ("route",), 20)
    found = quality_metrics(dt.date(2023, 6, 2), rows, scores, segments)
    return {(value.segment, value.metric): value for value in found}


def of(evaluator: str, *values: float) -> list[dict[str, object]]:
    return [{"request_id": f"r{n:04d}", "evaluator": evaluator, "value": value} for n, value in enumerate(values)]


def test_scores_become_shares_and_means_on_the_side_that_the_catalogue_says(interactions: Maker, scores: Maker) -> None:
    found = measure(
        interactions(*[{}] * 4),
        scores(
            *of("groundedness", 0.1, 0.4, 0.5, 0.9),
            *of("toxicity", 0.1, 0.5, 0.6, 0.8),
            *of("relevance", 0.2, 0.4, 0.6, 0.8),
            *of("refusal", 0.0, 1.0, 0.0, 0.0),
            *of("format", 1.0, 1.0, 1.0, 0.0),
            *of("context_relevance", 0.5, 0.7, 0.5, 0.7),
            *of("context_utilization", 0.0, 1.0, 0.5, 0.5),
            *of("language_mismatch", 0.0, 1.0, 0.0, 1.0),
            *of("secret_leak", 0.0, 1.0, 0.0, 0.0),
        ),
    )
    values = {metric: value.value for (_, metric), value in found.items() if value.value is not None}
    assert values == {
        "hallucination_rate": 0.5,
        "toxicity": pytest.approx(0.5),
        "toxicity_rate": 0.5,
        "relevance": pytest.approx(0.5),
        "refusal_rate": 0.25,
        "format_compliance": 0.75,
        "context_relevance": pytest.approx(0.6),
        "context_utilization": pytest.approx(0.5),
        "language_mismatch_rate": 0.5,
        "secret_leak_rate": 0.25,
    }
    assert (found["all", "refusal_rate"].low, found["all", "refusal_rate"].high) == pytest.approx(binomial(0.25, 4))


def test_skipped_and_failed_scores_are_counted_and_do_not_enter(interactions: Maker, scores: Maker) -> None:
    rows = of("groundedness", 0.9, 0.9)
    rows[1] |= {"status": "SKIPPED", "value": None, "note": "no contexts"}
    failed = {"request_id": "r0002", "evaluator": "groundedness", "status": "FAILED", "note": "lost", "value": None}
    value = measure(interactions({}, {}, {}), scores(*rows, failed))["all", "hallucination_rate"]
    assert (value.value, value.n, value.n_skipped, value.n_failed) == (0.0, 1, 1, 1)


def test_without_one_score_there_is_no_data_and_the_commonest_reason(interactions: Maker, scores: Maker) -> None:
    rows = [
        {"request_id": f"r{n:04d}", "evaluator": "format", "status": status, "note": note, "value": None}
        for n, (status, note) in enumerate([("SKIPPED", "no format"), ("FAILED", "broken"), ("SKIPPED", "no format")])
    ]
    found = measure(interactions({}, {}, {}), scores(*rows))
    value = found["all", "format_compliance"]
    assert (value.status, value.value, value.n, value.n_skipped, value.n_failed) == (
        MetricStatus.NO_DATA,
        None,
        0,
        2,
        1,
    )
    assert value.note == "skipped: no format"
    assert found["all", "relevance"].note == "relevance was not run"


def test_a_sample_is_weighted_back_to_all_interactions(interactions: Maker, scores: Maker) -> None:
    rows = [row | {"inclusion_probability": 0.1} for row in of("refusal", 1.0)] + [
        {"request_id": "r0001", "evaluator": "refusal", "value": 0.0, "inclusion_probability": 0.5}
    ]
    value = measure(interactions(*[{}] * 12), scores(*rows))["all", "refusal_rate"]
    assert value.value == pytest.approx(10 / 12)
    assert value.note == "from a sample: 2 of 12 interactions"


def test_segments_see_their_own_scores_and_strangers_none(interactions: Maker, scores: Maker) -> None:
    frame = interactions({"tags": '{"route":"a"}'}, {"tags": '{"route":"b"}'})
    found = measure(
        frame, scores(*of("relevance", 0.1, 0.9), {"request_id": "gone", "evaluator": "relevance", "value": 0.0})
    )
    assert found["route=a", "relevance"].value == pytest.approx(0.1)
    assert found["route=b", "relevance"].value == pytest.approx(0.9)
    assert found["all", "relevance"].n == 2


def test_intervals_of_probabilities_stay_probabilities(interactions: Maker, scores: Maker) -> None:
    value = measure(interactions({}, {}), scores(*of("toxicity", 0.0, 0.2)))["all", "toxicity"]
    assert (value.low, value.value) == (pytest.approx(0.0, abs=1e-3), pytest.approx(0.1))
    assert value.high is not None
    assert value.high <= 1.0


def test_answers_in_languages_that_nobody_measured_are_counted_by_language(interactions: Maker, scores: Maker) -> None:
    codes = ["de"] * 3 + ["ja"] * 2 + ["es", "fr", "it", "pt"]
    notes = [Unmeasured("response", code, ("en",)).note for code in codes]
    rows = [
        {**row, "status": "SKIPPED", "value": None, "note": note}
        for row, note in zip(of("refusal", *[0.0] * 9), notes, strict=True)
    ]
    none = measure(interactions(*[{}] * 9), scores(*rows))["all", "refusal_rate"]
    assert (none.status, none.n, none.n_skipped) == (MetricStatus.NO_DATA, 0, 9)
    assert none.note == "9 of 9 answers not judged: in German (3), Japanese (2), Spanish (1), French (1) and 2 more"
    judged = {"request_id": "r0009", "evaluator": "refusal", "value": 1.0}
    some = measure(interactions(*[{}] * 10), scores(*rows, judged))["all", "refusal_rate"]
    assert (some.value, some.n) == (1.0, 1)
    assert some.note.startswith("9 of 10 answers not judged")


def test_where_languages_are_not_the_main_reason_the_main_one_is_told(interactions: Maker, scores: Maker) -> None:
    rows = [
        {**row, "status": "SKIPPED", "value": None, "note": "no contexts"} for row in of("groundedness", *[0.0] * 3)
    ]
    rows[0]["note"] = Unmeasured("contexts", "de", ("en",)).note
    assert measure(interactions(*[{}] * 3), scores(*rows))["all", "hallucination_rate"].note == "skipped: no contexts"
