"""The metrics of a day: names, units, objectives and formulas, as a tuple of objects."""

from __future__ import annotations

from collections.abc import Iterable

from obs_lib.records import ERROR_KINDS, Metric

LOAD: tuple[Metric, ...] = (
    Metric("requests", "Requests", "count", None, None, "number of interactions of the day"),
    Metric(
        "throughput",
        "Throughput in hours with demand",
        "tokens/s",
        "lower",
        None,
        "output tokens / 3600 s, mean over the hours that count as busy",
    ),
    Metric(
        "capacity_use",
        "Throughput against capacity",
        "share",
        "lower",
        0.8,
        "throughput / configured capacity, in hours with demand; NO_DATA without a configured capacity",
    ),
    Metric(
        "peak_concurrency",
        "Peak concurrency",
        "count",
        None,
        None,
        "most requests that ran at one moment, each from its start to start + total_latency_ms",
    ),
    Metric(
        "concurrency_use",
        "Peak concurrency against capacity",
        "share",
        "higher",
        1.0,
        "peak_concurrency / configured capacity; above 1 requests had to wait; NO_DATA without a configured capacity",
    ),
)

ERROR_KIND_RATES: tuple[Metric, ...] = tuple(
    Metric(
        f"error_rate:{kind}",
        f"Errors: {kind.replace('_', ' ')}",
        "share",
        "higher",
        None,
        f"share of requests that failed with error_kind = {kind}"
        + (", another kind or none" if kind == "other" else ""),
    )
    for kind in ERROR_KINDS
)
"""The parts of `error_rate`, which add up to it."""

ERRORS: tuple[Metric, ...] = (
    Metric("error_rate", "Error rate", "share", "higher", 0.01, "share of requests with an error"),
    *ERROR_KIND_RATES,
)

FINISH: tuple[Metric, ...] = (
    Metric(
        "finish_stop_rate", "Answers that ended by themselves", "share", None, None, "share of finish_reason = stop"
    ),
    Metric("finish_length_rate", "Answers cut by length", "share", "higher", None, "share of finish_reason = length"),
    Metric(
        "finish_filter_rate", "Answers filtered", "share", "higher", None, "share of finish_reason = content_filter"
    ),
    Metric("finish_tool_rate", "Answers that call a tool", "share", None, None, "share of finish_reason = tool_call"),
    Metric(
        "finish_error_rate", "Answers broken off by an error", "share", None, None, "share of finish_reason = error"
    ),
    Metric("finish_other_rate", "Other finish reasons", "share", None, None, "share of any other finish_reason"),
)

# A mean has no worse side here, so that nobody judges it: one request that hangs for a minute moves that of a small day
# by half. It stands beside the token-weighted one.
SPEED: tuple[Metric, ...] = (
    Metric("ttft_p50", "Time to first token, p50", "ms", "higher", None, "median of ttft_ms"),
    Metric("ttft_p95", "Time to first token, p95", "ms", "higher", 500.0, "95th percentile of ttft_ms"),
    Metric(
        "tpot_p95",
        "Time per output token, p95",
        "ms",
        "higher",
        50.0,
        "95th percentile of tpot_ms; where absent (total - ttft) / (output_tokens - 1)",
    ),
    Metric("prefill_p50", "Prefill, p50", "ms", None, None, "median of prefill_ms; where absent ttft_ms"),
    Metric("decode_p50", "Decode, p50", "ms", "higher", None, "median of decode_ms; where absent total - ttft"),
    Metric(
        "decode_share",
        "Decode share of the time",
        "share",
        None,
        None,
        "sum of decode / sum of prefill + decode, over requests where both are known",
    ),
    Metric("latency_mean", "Latency, mean", "ms", None, None, "mean of total_latency_ms"),
    Metric("latency_p50", "Latency, p50", "ms", "higher", None, "median of total_latency_ms"),
    Metric("latency_p95", "Latency, p95", "ms", "higher", None, "95th percentile of total_latency_ms"),
    Metric("latency_p99", "Latency, p99", "ms", "higher", None, "99th percentile of total_latency_ms"),
    Metric(
        "token_weighted_latency",
        "Token-weighted latency",
        "ms",
        "higher",
        None,
        "sum(latency_i * output_tokens_i) / sum(output_tokens_i)",
    ),
    Metric(
        "overhead",
        "Overhead before the first token",
        "ms",
        None,
        None,
        "what ttft_ms would be without input tokens: the intercept of ttft on uncached input tokens",
    ),
    Metric(
        "prefill_per_1k",
        "Prefill per 1,000 input tokens",
        "ms",
        None,
        None,
        "slope of ttft_ms on uncached input tokens, times 1,000",
    ),
    Metric(
        "decode_per_token",
        "Decode per output token",
        "ms",
        None,
        None,
        "slope of decode time on output tokens after the first; without ttft, that of total latency",
    ),
)

USAGE: tuple[Metric, ...] = (
    Metric("input_tokens", "Input tokens", "tokens", None, None, "sum of input_tokens"),
    Metric(
        "cached_share",
        "Input tokens from the cache",
        "share",
        None,
        None,
        "sum of cached_input_tokens / sum of input_tokens, over requests where both are known",
    ),
    Metric("output_tokens", "Output tokens", "tokens", None, None, "sum of output_tokens"),
    Metric("cost", "Cost", "USD", None, None, "sum of cost_usd; where absent, tokens times the configured prices"),
    Metric("cost_per_request", "Cost per request", "USD", None, None, "mean cost of the requests whose cost is known"),
)

LOGGED: tuple[Metric, ...] = (
    Metric("quality_score", "Logged quality score", "score", "lower", None, "mean of quality_score as logged"),
    Metric("safety_flag_rate", "Safety flags", "share", "higher", None, "share of interactions with a safety flag"),
)

SYSTEM_GROUPS: tuple[tuple[str, tuple[Metric, ...]], ...] = (
    ("Load", LOAD),
    ("Errors", ERRORS),
    ("Finish reasons", FINISH),
    ("Speed", SPEED),
    ("Tokens and cost", USAGE),
    ("As the service judges itself", LOGGED),
)
SYSTEM: tuple[Metric, ...] = tuple(metric for _, group in SYSTEM_GROUPS for metric in group)

QUALITY: tuple[Metric, ...] = (
    Metric(
        "hallucination_rate",
        "Hallucination rate",
        "share",
        "higher",
        0.05,
        "share of answers whose probability of being supported by their contexts is under 0.5",
        score="groundedness",
        sum_up="share_below",
    ),
    Metric(
        "toxicity",
        "Toxicity",
        "probability",
        "higher",
        0.1,
        "mean calibrated probability that an answer is toxic",
        score="toxicity",
        sum_up="mean",
    ),
    Metric(
        "toxicity_rate",
        "Toxic answers",
        "share",
        "higher",
        None,
        "share of answers with a toxicity above 0.5",
        score="toxicity",
        sum_up="share_above",
    ),
    Metric(
        "relevance",
        "Relevance",
        "probability",
        "lower",
        0.7,
        "mean probability that an answer belongs to its prompt rather than to another one",
        score="relevance",
        sum_up="mean",
    ),
    Metric(
        "refusal_rate",
        "Refusal rate",
        "share",
        "higher",
        0.2,
        "share of answers with a probability of refusal above 0.5",
        score="refusal",
        sum_up="share_above",
    ),
    Metric(
        "format_compliance",
        "Format compliance",
        "share",
        "lower",
        0.95,
        "share of answers in the format that was asked for",
        score="format",
        sum_up="share_above",
    ),
    Metric(
        "context_relevance",
        "Context relevance",
        "probability",
        "lower",
        None,
        "mean over answers and their contexts of the probability that a context belongs to the prompt",
        score="context_relevance",
        sum_up="mean",
    ),
    Metric(
        "context_utilisation",
        "Contexts used",
        "share",
        "lower",
        None,
        "mean over answers of the share of their contexts that the answer uses",
        score="utilisation",
        sum_up="mean",
    ),
)

OPT_IN: tuple[Metric, ...] = (
    Metric(
        "over_refusal_rate",
        "Over-refusal rate",
        "share",
        "higher",
        None,
        "share of answers whose probability of refusing a harmless request is above 0.5",
        score="over_refusal",
        sum_up="share_above",
    ),
)
"""Quality metrics of evaluators that run only where `scoring.evaluators` names them, on days with such scores only."""

ACCURACY = Metric(
    "accuracy",
    "Accuracy against references",
    "score",
    "lower",
    None,
    "mean over answers with a reference of the agreement with the best one: 1 where the answer is it or contains it as whole "
    "words, else token F1 (SQuAD v1.1, Rajpurkar et al. 2016)",
    score="accuracy",
    sum_up="mean",
)
"""A metric of days whose logs give right answers, on no others."""

OCCASIONAL: tuple[Metric, ...] = (*OPT_IN, ACCURACY)
"""Those that not every day has."""

SCORED: tuple[Metric, ...] = (*QUALITY, *OCCASIONAL)
"""The metrics that sum up a score of our own evaluators."""

RETRIEVAL_K = 5
"""Places of a ranking that its precision, recall and nDCG look at."""

RETRIEVAL: tuple[Metric, ...] = (
    Metric(
        "retrieval_precision",
        f"Retrieval precision at {RETRIEVAL_K}",
        "share",
        None,
        None,
        f"relevant contexts among the first {RETRIEVAL_K} / {RETRIEVAL_K}, mean over labelled questions",
    ),
    Metric(
        "retrieval_recall",
        f"Retrieval recall at {RETRIEVAL_K}",
        "share",
        None,
        None,
        f"relevant contexts among the first {RETRIEVAL_K} / all relevant documents, mean over labelled questions",
    ),
    Metric(
        "retrieval_mrr",
        "Mean reciprocal rank",
        "score",
        None,
        None,
        "1 / rank of the first relevant context, 0 without one, mean over labelled questions",
    ),
    Metric(
        "retrieval_ndcg",
        f"nDCG at {RETRIEVAL_K}",
        "score",
        None,
        None,
        "sum of 1 / log2(rank + 1) over relevant contexts / that of the best order, mean over labelled questions",
    ),
)
"""Metrics of `all` and of the segments by tag, on days with labels of relevant contexts only."""

# A band from 0.6 to 0.95 is two metrics with one limit each: too little work, and no room left, are different troubles.
GPU: tuple[Metric, ...] = (
    Metric(
        "gpu_utilization",
        "GPU utilisation in hours with demand",
        "share",
        "lower",
        0.6,
        "mean SM utilisation of the samples in hours with demand; by GPM or DCGM profiling the share of SMs at work, else "
        "the share of time with a kernel running",
    ),
    Metric(
        "gpu_saturated",
        "Busy hours with saturated GPUs",
        "share",
        "higher",
        0.5,
        "share of the hours with demand whose mean SM utilisation is over 95%; over a half, the typical busy hour is",
    ),
    Metric("gpu_memory_used", "GPU memory used", "share", None, None, "mean of memory used / memory there is"),
    Metric(
        "gpu_throttled_hours",
        "GPU hours throttled",
        "h",
        "higher",
        None,
        "sum over GPUs and hours of the share of samples whose clocks heat or power held down",
    ),
    Metric("gpu_power", "GPU power", "W", None, None, "mean power draw of a GPU"),
    Metric(
        "gpu_temperature_p95", "GPU temperature, p95", "\u00b0C", "higher", None, "95th percentile of the temperature"
    ),
    Metric(
        "gpu_ecc_uncorrected",
        "Uncorrected GPU memory errors",
        "count",
        "higher",
        0.0,
        "rise of the uncorrected ECC count within the day, over all GPUs",
    ),
    Metric(
        "gpu_latency_correlation",
        "GPU utilisation against latency",
        "correlation",
        None,
        None,
        "Spearman's rank correlation over hours of mean SM utilisation and median latency",
    ),
)
"""Metrics of `all` and the segments `gpu=<host>/<index>`, on days with samples only."""

STAGE_METRICS: tuple[Metric, ...] = (
    Metric(
        "stage_duration_p50",
        "Stage duration, p50",
        "ms",
        "higher",
        None,
        "median of duration_ms over the spans of the stage that stand in no other span of it",
    ),
    Metric(
        "stage_duration_p95",
        "Stage duration, p95",
        "ms",
        "higher",
        None,
        "95th percentile of duration_ms over the spans of the stage that stand in no other span of it",
    ),
    Metric(
        "stage_share",
        "Share of the traces' time",
        "share",
        None,
        None,
        "self time of the stage's spans / self time of all spans; self time is a span's without its children's",
    ),
    Metric(
        "stage_error_rate",
        "Stage error rate",
        "share",
        "higher",
        None,
        "share of the stage's spans that stand in no other span of it and end in an error",
    ),
    Metric(
        "stage_critical_share",
        "Share of the critical path",
        "share",
        None,
        None,
        "time of the stage's spans on the critical paths / time of all critical paths (walk back from the end of the root, "
        "at each point to the child that finished last)",
    ),
)
"""Metrics of the segments `records.STAGE_SEGMENTS` alone; no other metric has those segments."""

JUDGED, JUDGED_RATE, JUDGE_COST = "judge:", "judge_rate:", "judge_cost"
"""How metrics of judges with a score of their own begin, and the metric of what judges cost."""


def occasional(names: Iterable[str]) -> tuple[Metric, ...]:
    """The metrics among `names` of metrics or scores that only some days have: OCCASIONAL, then those of judges, sorted.

    All that a judge's metric is stands in its name.

    >>> [metric.title for metric in occasional(["relevance", "judge_rate:off_brand", "judge:helpfulness", "over_refusal"])]
    ['Over-refusal rate', 'Helpfulness, by a judge', 'Off brand, by a judge']
    """
    distinct = set(names)
    ours = tuple(metric for metric in OCCASIONAL if distinct & {metric.name, metric.score})
    return ours + tuple(metric for name in sorted(distinct) if (metric := _judged(name)) is not None)


def _judged(name: str) -> Metric | None:
    kind, _, own = name.partition(":")
    title = f"{own.replace('_', ' ').capitalize()}, by a judge"
    if own and kind + ":" == JUDGED:
        formula = "mean of the values that a judge gives answers on its rubric's scale from 0 to 1, 1 the best"
        return Metric(name, title, "score", "lower", None, formula, score=name, sum_up="mean")
    if own and kind + ":" == JUDGED_RATE:
        formula = "share of answers that a judge gives more than 0.5 on its rubric's scale from 0 to 1, 1 the worst"
        return Metric(name, title, "share", "higher", None, formula, score=name, sum_up="share_above")
    if name == JUDGE_COST:
        formula = "sum over the distinct cases and judges of the day of what their verdicts cost when they were made"
        return Metric(name, "Cost of judges", "USD", None, None, formula)
    return None


def metric_of(name: str) -> Metric | None:
    """The metric of that name; None where there is none."""
    return BY_NAME.get(name) or _judged(name)


def one_is_bad(score: str) -> bool:
    """Whether a score near 1 is the bad one, by the metric that sums it up; False for a score without a metric.

    >>> one_is_bad("toxicity"), one_is_bad("groundedness"), one_is_bad("judge_rate:off_brand")
    (True, False, True)
    """
    metric = next((one for one in (*QUALITY, *occasional([score])) if one.score == score), None)
    return metric is not None and metric.worse == "higher" and metric.sum_up != "share_below"


AGREEMENT: dict[str, frozenset[str]] = dict.fromkeys(
    ("agreement", "kappa", "precision", "recall", "f1"),
    frozenset(metric.name for metric in SCORED if metric.name != "toxicity"),  # toxicity_rate has the same verdicts
)
"""How an evaluator and people agree: the number, and the metrics whose verdicts it is taken of."""

_AGREEMENT_FORMULAS = {
    "agreement": "share of labelled answers on which evaluator and people agree",
    "kappa": "Cohen's kappa: (agreement - chance) / (1 - chance)",
    "precision": "share of the answers that the evaluator counts which people count too",
    "recall": "share of the answers that people count which the evaluator counts too",
    "f1": "harmonic mean of precision and recall",
}


def labelled_name(metric: Metric, what: str) -> str:
    """Name of what people's labels say of a metric: "corrected", or a number of AGREEMENT."""
    return f"{metric.name}:{what}"


LABELLED: tuple[Metric, ...] = tuple(
    one
    for metric in SCORED
    for one in (
        Metric(
            labelled_name(metric, "corrected"),
            f"{metric.title}, corrected by people's labels",
            metric.unit,
            None,
            None,
            "PPI++: mean of labels + lambda (mean of verdicts, all scored - labelled), weighted by 1 / inclusion",
        ),
        *(
            Metric(
                labelled_name(metric, name),
                f"{metric.title}: {'F1' if name == 'f1' else name} with people",
                "share" if name not in ("kappa", "f1") else "score",
                None,
                None,
                _AGREEMENT_FORMULAS[name],
            )
            for name, of in AGREEMENT.items()
            if metric.name in of
        ),
    )
)
"""Metrics of `all` and of the segments by tag where people labelled an answer. None has a worse side: nobody is paged."""

INTERACTION_METRICS: tuple[Metric, ...] = SYSTEM + QUALITY
"""Metrics of `all` and of the segments by tag."""

METRICS: tuple[Metric, ...] = INTERACTION_METRICS + GPU + STAGE_METRICS + RETRIEVAL + LABELLED
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in (*METRICS, *OCCASIONAL)}
