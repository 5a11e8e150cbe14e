"""A day's rows become its numbers and its sketches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import pandas as pd

from obs_lib.lake.tables import LABELS, METRICS, SKETCHES
from obs_lib.records import Day, MetricValue
from obs_lib.summaries import blocks, sketches
from obs_lib.summaries.cascades import cascade_metrics
from obs_lib.summaries.clusters import unit_of_chance
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.confirmed import Witnesses, confirmed, confirmed_metrics
from obs_lib.summaries.consistency import consistency_metrics
from obs_lib.summaries.gpu import gpu_metrics
from obs_lib.summaries.judge_labels import judge_labels
from obs_lib.summaries.label_options import LabelOptions
from obs_lib.summaries.labelled import labelled_summary
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.quality import quality_metrics
from obs_lib.summaries.retrieval import retrieval_metrics
from obs_lib.summaries.segments import Segments, sliced_by
from obs_lib.summaries.session_metrics import session_metrics
from obs_lib.summaries.sketches import Sketch
from obs_lib.summaries.slow_traces import slow_traces
from obs_lib.summaries.stage_metrics import stage_metrics
from obs_lib.summaries.stages import Traces, measure
from obs_lib.summaries.system import system_summary
from obs_lib.summaries.tool_metrics import tool_metrics
from obs_lib.summaries.topics import TOPIC


def summarise_day(
    day: Day,
    interactions: pd.DataFrame,
    scores: pd.DataFrame,
    vectors: Mapping[str, bytes],
    options: SummaryOptions,
    segment_tags: Sequence[str],
    *,
    spans: pd.DataFrame | None = None,
    gpu_samples: pd.DataFrame | None = None,
    labels: pd.DataFrame | None = None,
    label_options: LabelOptions | None = None,
    judges: Mapping[str, str] | None = None,
    harm_judges: Sequence[str] = (),
    encoder: str = "",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The day's metrics and sketches, columns as in `tables.METRICS` and `tables.SKETCHES` without `day`.

    Parameters
    ----------
    interactions, scores : the day's rows of these tables, in any order; both may be empty.
    vectors : float16 bytes of unit vectors by `text_hash`; texts that are not there are left out of the sketches.
    segment_tags : tags and languages by whose values every number is also sliced.
    spans : the day's rows of this table, in any order; None or empty where nothing is traced.
    gpu_samples : the day's rows of `tables.GPU_SAMPLES`; None or empty where no GPU was sampled.
    labels : the day's rows of `tables.LABELS`; None or empty where people labelled nothing. label_options : what they mean.
    judges : the model of each score that a judge gives; None for no judges. harm_judges : those of them that say of every
        answer whether it is toxic.
    encoder : whose vectors they are; days are compared with days of the same one.

    Returns
    -------
    Every metric of the interactions in `all` and in each segment (NO_DATA where it cannot be had), every metric of the stages
    that spans name in `stage=<name>`, those of GPUs in `all` and `gpu=<host>/<index>` on a day with samples, and the
    sketches. The same rows give the same bytes whatever their order.
    """
    rows = interactions.sort_values("request_id", ignore_index=True)
    segments = Segments(sliced_by(rows, segment_tags), segment_tags, options.max_segments)
    whole = _whole(rows, segments, segment_tags, options)
    clusters = unit_of_chance(rows)
    system, latency = system_summary(day, rows, whole, options, clusters)
    metrics = [
        *system,
        *quality_metrics(day, rows, scores, segments, clusters),
        *cascade_metrics(day, rows, scores, segments),
        *retrieval_metrics(day, rows, labels, whole),
        *session_metrics(day, rows, scores, vectors, whole, options),
        *consistency_metrics(day, rows, scores, vectors, segments),
        *tool_metrics(day, rows, spans, whole, options),
        *([] if gpu_samples is None else gpu_metrics(day, gpu_samples, rows, options)),
    ]
    of_labels: list[Sketch] = []
    label_options = label_options or LabelOptions()
    labels = LABELS.schema.empty_table().to_pandas() if labels is None else labels
    witnesses = Witnesses(harm_judges, options.harm_flags, label_options)
    metrics += confirmed_metrics(day, confirmed(rows, scores, labels, witnesses), whole)
    if len(labels):
        values, of_labels = labelled_summary(day, rows, scores, labels, whole, label_options)
        metrics += values
        of_labels += judge_labels(rows, scores, labels, judges or {}, label_options)
    traces = Traces(spans) if spans is not None and len(spans) else None
    times = measure(traces) if traces else None
    if traces and times:
        metrics += stage_metrics(day, traces, times)
    responses, in_blocks = Texts(rows["response"]), blocks.blocks_of(rows)
    kept = [
        *sketches.tokens(responses, whole, options.vocabulary),
        *blocks.words(responses, in_blocks, whole),
        *blocks.exchanges(rows, responses, in_blocks, vectors, encoder, segments),
        *sketches.answers(responses, sketches.prompt_keys(rows), vectors, segments, options.max_pairs),
        *sketches.versions("versions", Texts(rows["model_version"]), whole),
        *sketches.versions("prompt_versions", Texts(rows["prompt_version"]), whole),
        *sketches.versions("providers", Texts(rows["provider"]), whole),
        *sketches.languages(Texts(rows["response_language"])),
        *sketches.examples(rows, responses, scores, segments, options),
        *sketches.reasons(scores),
        *sketches.repairs(Texts(rows["repairs"])),
        *latency,
        *of_labels,
    ]
    if traces and times:
        kept += slow_traces(traces, times, rows, segments, options)
    return _metrics(metrics), _sketches(kept)


def _whole(rows: pd.DataFrame, segments: Segments, tags: Sequence[str], options: SummaryOptions) -> Segments:
    """The segments in which every interaction is that lies there: without topics where a sample alone has vectors.

    That sample has more of what looks suspicious. Scores are weighted for it; counts, times and words of single
    requests are not.
    """
    if TOPIC not in rows or not (rows["prompt"].fillna("").ne("") & rows[TOPIC].isna()).any():
        return segments
    others = [name for name in tags if name != TOPIC]
    return Segments(sliced_by(rows, others), others, options.max_segments)


def _metrics(values: list[MetricValue]) -> pd.DataFrame:
    names = list(METRICS.names)
    frame = pd.DataFrame([asdict(value) for value in values])[names]
    measured = ["value", "low", "high", "std_error", "effective_n"]
    return frame.assign(status=frame["status"].astype(str)).astype(dict.fromkeys(measured, "float64"))


def _sketches(kept: list[Sketch]) -> pd.DataFrame:
    names = list(SKETCHES.names)
    columns = list(zip(*kept, strict=True)) or [()] * len(names)
    return pd.DataFrame(
        {name: pd.Series(list(column), dtype=object) for name, column in zip(names, columns, strict=True)}
    )
