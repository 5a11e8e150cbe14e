"""What the definitions of metrics say to the other stages is what those stages used to say by themselves."""

from __future__ import annotations

import pytest

from obs_lib.catalogue import all_metrics, metric_of, metrics
from obs_lib.catalogue.distances import DISTANCES, changed_metric, family
from obs_lib.catalogue.labelled import labelled
from obs_lib.drift.change import compared, least_answers
from obs_lib.drift.decision import smallest_effect
from obs_lib.drift.options import DriftOptions
from obs_lib.records import Distance, Metric

OPTIONS = DriftOptions()
# name: family, extensive, part of, smallest effect, whether that is a part of the baseline, whether changes are compared
SAID: dict[str, tuple[str, bool, str | None, float, bool, bool]] = {
    "requests": ("requests", True, None, 0.2, True, False),
    "throughput": ("throughput", True, None, 0.2, True, False),
    "capacity_use": ("capacity_use", True, None, 0.05, False, False),
    "peak_concurrency": ("peak_concurrency", True, None, 0.2, True, False),
    "concurrency_use": ("concurrency_use", True, None, 0.05, False, False),
    "error_rate": ("errors", False, None, 0.01, False, True),
    "error_rate:timeout": ("error_rate:timeout", False, "error_rate", 0.05, False, False),
    "error_rate:rate_limit": ("error_rate:rate_limit", False, "error_rate", 0.05, False, False),
    "error_rate:content_filter": ("error_rate:content_filter", False, "error_rate", 0.05, False, False),
    "error_rate:context_length": ("error_rate:context_length", False, "error_rate", 0.05, False, False),
    "error_rate:auth": ("error_rate:auth", False, "error_rate", 0.05, False, False),
    "error_rate:client": ("error_rate:client", False, "error_rate", 0.05, False, False),
    "error_rate:server": ("error_rate:server", False, "error_rate", 0.05, False, False),
    "error_rate:connection": ("error_rate:connection", False, "error_rate", 0.05, False, False),
    "error_rate:other": ("error_rate:other", False, "error_rate", 0.05, False, False),
    "finish_stop_rate": ("finish_stop_rate", False, None, 0.05, False, False),
    "finish_length_rate": ("finish reasons", False, None, 0.05, False, True),
    "finish_filter_rate": ("finish reasons", False, None, 0.05, False, True),
    "finish_tool_rate": ("finish_tool_rate", False, None, 0.05, False, False),
    "finish_error_rate": ("finish_error_rate", False, None, 0.05, False, False),
    "finish_other_rate": ("finish_other_rate", False, None, 0.05, False, False),
    "empty_answer_rate": ("finish reasons", False, None, 0.01, False, True),
    "cut_answer_rate": ("finish reasons", False, None, 0.03, False, True),
    "ttft_p50": ("latency", False, None, 0.2, True, True),
    "ttft_p95": ("latency", False, None, 0.2, True, True),
    "tpot_p95": ("latency", False, None, 0.2, True, True),
    "prefill_p50": ("latency", False, None, 0.2, True, False),
    "decode_p50": ("latency", False, None, 0.2, True, True),
    "decode_share": ("decode_share", False, None, 0.05, False, False),
    "latency_mean": ("latency", False, None, 0.2, True, False),
    "latency_p50": ("latency", False, None, 0.2, True, True),
    "latency_p95": ("latency", False, None, 0.2, True, True),
    "latency_p99": ("latency", False, None, 0.2, True, True),
    "token_weighted_latency": ("latency", False, None, 0.2, True, True),
    "overhead": ("latency", False, None, 0.2, True, False),
    "prefill_per_1k": ("latency", False, None, 0.2, True, False),
    "decode_per_token": ("latency", False, None, 0.2, True, False),
    "input_tokens": ("input_tokens", True, None, 0.2, True, False),
    "cached_share": ("cached_share", False, None, 0.05, False, False),
    "output_tokens": ("output_tokens", True, None, 0.2, True, False),
    "reasoning_share": ("reasoning_share", False, None, 0.05, False, False),
    "cost": ("cost", True, None, 0.2, True, False),
    "cost_per_request": ("cost_per_request", True, None, 0.2, True, False),
    "quality_score": ("logged quality", False, None, 0.05, False, True),
    "safety_flag_rate": ("safety flags", False, None, 0.02, False, True),
    "session_count": ("session_count", True, None, 0.2, True, False),
    "session_turns": ("session_turns", False, None, 0.2, True, False),
    "session_abandoned_rate": ("abandonment", False, None, 0.03, False, True),
    **{
        f"session_abandoned_rate:{way}": (
            f"session_abandoned_rate:{way}",
            False,
            "session_abandoned_rate",
            0.05,
            False,
            False,
        )
        for way in ("failed", "unanswered", "refused")
    },
    "session_repeat_rate": ("repeated questions", False, None, 0.03, False, True),
    "session_rephrase_rate": ("repeated questions", False, None, 0.05, False, True),
    "session_refusal_retry_rate": ("refusal", False, None, 0.02, False, True),
    "session_complaint_rate": ("abandonment", False, None, 0.03, False, True),
    "tool_calls": ("tool_calls", True, None, 0.2, True, False),
    "tool_argument_error_rate": ("tool calls", False, None, 0.02, False, True),
    "tool_schema_error_rate": ("tool calls", False, None, 0.02, False, True),
    "tool_unknown_rate": ("tool calls", False, None, 0.01, False, True),
    "tool_repeat_rate": ("tool calls", False, None, 0.03, False, True),
    "tool_failure_rate": ("failed tools", False, None, 0.02, False, True),
    "tool_recovery_rate": ("failed tools", False, None, 0.1, False, True),
    "task_steps": ("steps", False, None, 0.2, True, True),
    "tool_call_accuracy": ("tool calls", False, None, 0.03, False, True),
    "answer_consistency": ("consistency", False, None, 0.05, False, True),
    "hallucination_rate": ("groundedness", False, None, 0.05, False, True),
    "toxicity": ("toxicity", False, None, 0.02, False, True),
    "toxicity_rate": ("toxicity", False, None, 0.01, False, True),
    "relevance": ("relevance", False, None, 0.05, False, True),
    "refusal_rate": ("refusal", False, None, 0.05, False, True),
    "format_compliance": ("format", False, None, 0.05, False, True),
    "context_relevance": ("context_relevance", False, None, 0.05, False, True),
    "context_utilization": ("context_utilization", False, None, 0.05, False, True),
    "repetition_rate": ("repetition", False, None, 0.01, False, True),
    "secret_leak_rate": ("secret_leak", False, None, 0.002, False, True),
    "personal_data_rate": ("personal_leak", False, None, 0.01, False, True),
    "prompt_injection_rate": ("prompt_injection", False, None, 0.01, False, True),
    "context_injection_rate": ("context_injection", False, None, 0.005, False, True),
    "language_mismatch_rate": ("language_mismatch", False, None, 0.02, False, True),
    "gpu_utilization": ("gpu_utilization", True, None, 0.05, False, False),
    "gpu_saturated": ("gpu_saturated", True, None, 0.05, False, False),
    "gpu_memory_used": ("gpu_memory_used", True, None, 0.05, False, False),
    "gpu_throttled_hours": ("gpu_throttled_hours", True, None, 0.2, True, False),
    "gpu_power": ("gpu_power", True, None, 0.2, True, False),
    "gpu_temperature_p95": ("gpu_temperature_p95", True, None, 0.2, True, False),
    "gpu_ecc_uncorrected": ("gpu_ecc_uncorrected", True, None, 0.2, True, False),
    "gpu_latency_correlation": ("gpu_latency_correlation", True, None, 0.2, True, False),
    "stage_duration_p50": ("latency", False, None, 0.2, True, True),
    "stage_duration_p95": ("latency", False, None, 0.2, True, True),
    "stage_share": ("stage_share", False, None, 0.05, False, False),
    "stage_error_rate": ("errors", False, None, 0.01, False, True),
    "stage_critical_share": ("stage_critical_share", False, None, 0.05, False, False),
    "retrieval_precision": ("retrieval_precision", False, None, 0.05, False, False),
    "retrieval_recall": ("retrieval_recall", False, None, 0.05, False, False),
    "retrieval_mrr": ("retrieval_mrr", False, None, 0.05, False, False),
    "retrieval_ndcg": ("retrieval_ndcg", False, None, 0.05, False, False),
    "confirmed_harm": ("toxicity", True, None, 0.2, True, False),
    "over_refusal_rate": ("over_refusal", False, None, 0.05, False, True),
    "abstention_rate": ("abstention", False, None, 0.05, False, True),
    "accuracy": ("accuracy", False, None, 0.05, False, True),
    "judge:helpfulness": ("judge:helpfulness", False, None, 0.05, False, True),
    "judge_rate:off_brand": ("judge_rate:off_brand", False, None, 0.05, False, True),
    "judge_cost": ("judge_cost", True, None, 0.2, True, False),
}
# name: the latency model that explains it, interactions that a day's value must rest on
PERCENTILES: dict[str, tuple[str | None, int]] = {
    "ttft_p50": ("ttft", 20),
    "ttft_p95": ("ttft", 200),
    "tpot_p95": (None, 200),
    "prefill_p50": (None, 20),
    "decode_p50": ("decode", 20),
    "latency_p50": ("total", 20),
    "latency_p95": ("total", 200),
    "latency_p99": ("total", 1000),
    "token_weighted_latency": ("total", 20),
    "gpu_temperature_p95": (None, 200),
    "stage_duration_p50": (None, 20),
    "stage_duration_p95": (None, 200),
}


def change(metric: Metric, baseline: float) -> Distance:
    return Distance(f"change:{metric.name}", "all", 1.0, 0.0, 1.0, 0.1, 1.0, metric.unit, 1, 1, (), baseline)


def test_the_table_has_every_metric_but_those_of_labels() -> None:
    named = {metric.name for metric in all_metrics().values()} - {metric.name for metric in labelled()}
    assert {name for name in SAID if not name.startswith("judge")} == named


@pytest.mark.parametrize("name", SAID)
def test_metrics_say_what_the_stages_said(name: str) -> None:
    metric = metric_of(name)
    assert metric is not None
    effects = [smallest_effect(change(metric, baseline), OPTIONS) for baseline in (1.0, 10.0)]
    assert (
        metric.family,
        metric.extensive,
        metric.part_of,
        effects[0],
        effects[0] != effects[1],
        compared(metric),
    ) == SAID[name]
    assert family(f"change:{name}") == family(f"token_adjusted:{name}") == metric.family
    assert changed_metric(f"change:{name}") == metric


def test_what_labels_say_is_never_compared() -> None:
    for metric in labelled():
        effect = smallest_effect(change(metric, 1.0), OPTIONS)
        assert (metric.family, metric.extensive, metric.part_of, effect) == (metric.name, False, None, 0.05)
        assert not compared(metric)


@pytest.mark.parametrize("metric", metrics(), ids=lambda metric: metric.name)
def test_percentiles_and_what_tokens_explain(metric: Metric) -> None:
    assert (metric.explained_by, least_answers(metric, 20)) == PERCENTILES.get(metric.name, (None, 20))


def test_distances_say_what_the_stages_said() -> None:
    said = [(one.name, one.title, one.unit, one.family, one.smallest_effect) for one in DISTANCES.values()]
    assert said == [
        ("semantic_drift", "Semantic drift", "cosine distance", "answers", 0.05),
        ("token_kl", "Token KL divergence", "nats", "answers", 0.1),
        ("answer_drift", "Answer drift at alike prompts", "squared standard deviations", "answers", 1.0),
        ("topic_drift", "Topic drift of prompts", "squared MMD", "topics", 0.005),
    ]
    assert family("token_kl") == "answers"
    assert changed_metric("token_kl") is None


def test_the_settings_override_by_name_alone() -> None:
    options = DriftOptions(min_changes={"toxicity": 0.5}, min_semantic=0.3)
    metrics = [metric_of(name) for name in ("toxicity", "toxicity_rate")]
    assert [smallest_effect(change(one, 1.0), options) for one in metrics if one] == [0.5, 0.01]
    drift = Distance("semantic_drift", "all", 1.0, 0.0, 1.0, 0.1, 1.0, "cosine distance", 1, 1, ())
    assert smallest_effect(drift, options) == 0.3
