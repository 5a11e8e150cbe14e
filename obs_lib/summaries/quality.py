"""Quality metrics: what the evaluators' scores say of a day, weighted back to all interactions where a sample was scored."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.catalogue import occasional, quality
from obs_lib.catalogue.judged import JUDGE_COST
from obs_lib.languages import Unmeasured, language_name
from obs_lib.records import ALL, Day, Metric, MetricValue, ScoreStatus
from obs_lib.stats.intervals import Estimate, Floats
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.sampled import Strata, sampled_mean, sampled_share
from obs_lib.summaries.segments import Segments

_NAMED = 4  # languages
_SKIPPED = f"{ScoreStatus.SKIPPED.value.lower()}: "


@dataclass(frozen=True, slots=True)
class Verdicts:
    """One evaluator's scores as arrays of one length, in the order of the day's interactions.

    row : position of the scored interaction. weight : 1 / inclusion probability. strata : how they were drawn, in the
    whole day. reason : position in `reasons` of why there is no value. clusters : who asked; None for independent rows.
    """

    row: NDArray[np.intp]
    scored: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    value: Floats
    weight: Floats
    strata: Strata
    reason: NDArray[np.int64]
    clusters: NDArray[np.int64] | None
    reasons: list[str]

    def take(self, inside: NDArray[np.bool_]) -> Verdicts:
        """The scores of the interactions that are inside (a flag for each of the day's interactions)."""
        chosen = inside[self.row]
        arrays = (self.row, self.scored, self.failed, self.value, self.weight, self.reason)
        row, scored, failed, value, weight, reason = (array[chosen] for array in arrays)
        strata = self.strata.take(chosen)
        clusters = None if self.clusters is None else self.clusters[chosen]
        return Verdicts(row, scored, failed, value, weight, strata, reason, clusters, self.reasons)  # type: ignore[arg-type]


def quality_metrics(
    day: Day,
    interactions: pd.DataFrame,
    scores: pd.DataFrame,
    segments: Segments,
    clusters: NDArray[np.int64] | None = None,
) -> list[MetricValue]:
    """Every quality metric of the catalogue in every segment; an evaluator without a score gives NO_DATA with the reason.

    clusters : who asked (`unit_of_chance`); None for independent rows.
    """
    by_evaluator = scores.groupby("evaluator", sort=True)
    verdicts = {str(name): _verdicts(interactions, rows, clusters) for name, rows in by_evaluator}
    values = []
    for segment, positions in segments:
        inside = np.zeros(len(interactions), dtype=bool)
        inside[positions] = True
        for metric in (*quality(), *occasional(verdicts)):
            found = verdicts.get(metric.evaluator or metric.name)
            chosen = None if found is None else found.take(inside)
            result, n_failed = _measure(metric, chosen, len(positions))
            values.append(metric_value(day, metric.name, segment, result, n_failed))
    return [*values, *_cost(day, scores)]


def _cost(day: Day, scores: pd.DataFrame) -> Iterator[MetricValue]:
    """What the day's verdicts of judges cost, over the whole day; nothing where none has a price."""
    if "cost_usd" in scores:
        paid = scores.dropna(subset=["cost_usd"]).drop_duplicates(["case", "evaluator"])
        if len(paid):
            total = math.fsum(paid["cost_usd"])
            yield metric_value(day, JUDGE_COST, ALL, Result(Estimate(total), len(paid), 0, ""))


def _verdicts(interactions: pd.DataFrame, scores: pd.DataFrame, unit: NDArray[np.int64] | None) -> Verdicts:
    """Scores in the interactions' order; scores of requests that the day does not hold are left out."""
    row = pd.Index(interactions["request_id"]).get_indexer(scores["request_id"])
    order = np.argsort(row, kind="stable")
    order = order[row[order] >= 0]
    value = scores["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    scored = (scores["status"] == ScoreStatus.SCORED.value).to_numpy(dtype=bool) & ~np.isnan(value)
    failed = (scores["status"] == ScoreStatus.FAILED.value).to_numpy(dtype=bool)
    reason = Texts(scores["status"].str.lower() + ": " + scores["note"].fillna(""))
    weight = (1.0 / scores["inclusion_probability"].to_numpy(dtype=np.float64))[order]
    strata, codes = Strata.by_weight(weight), reason.codes[order]
    clusters = None if unit is None else unit[row[order]]
    arrays = row[order], scored[order], failed[order], value[order]
    return Verdicts(*arrays, weight, strata, codes, clusters, reason.distinct)


def _measure(metric: Metric, verdicts: Verdicts | None, interactions: int) -> tuple[Result, int]:
    """The metric over some verdicts, and how many of them failed."""
    if verdicts is None or not len(verdicts.row):
        reason = "no interactions" if not interactions else f"{metric.evaluator} was not run"
        return Result(None, 0, 0, reason), 0
    failed, n, seen = int(verdicts.failed.sum()), int(verdicts.scored.sum()), len(verdicts.row)
    skipped = seen - n - failed
    languages = _languages(verdicts)
    unjudged = (
        f"{sum(languages.values())} of {sum(languages.values()) + n + failed} answers not judged: {_named(languages)}"
    )
    if not n:
        mostly = 2 * sum(languages.values()) > skipped + failed
        return Result(None, 0, skipped, unjudged if mostly else _commonest(verdicts)), failed
    sampled = bool((verdicts.weight != 1).any())
    of = f" of {interactions}" if seen < interactions else ""  # of a topic, what was drawn is all that is known
    notes = [f"from a sample: {seen}{of} interactions"] if sampled else []
    note = "; ".join([*notes, unjudged] if languages else notes)
    estimate = _estimate(metric, verdicts)
    return Result(estimate, n, skipped, note), failed


def _estimate(metric: Metric, verdicts: Verdicts) -> Estimate:
    """Share or mean of the values there are, at least one."""
    there = verdicts.scored
    values, weights, strata = verdicts.value[there], verdicts.weight[there], verdicts.strata.take(there)
    clusters = None if verdicts.clusters is None else verdicts.clusters[there]
    if metric.is_share:
        return sampled_share(metric.counts(values), weights, strata, clusters)
    return sampled_mean(values, weights, strata, clusters)


def _languages(verdicts: Verdicts) -> Counter[str]:
    """Answers that were left out because the evaluator was not measured on a language, by the language's code."""
    counts = np.bincount(verdicts.reason, minlength=len(verdicts.reasons)).tolist()
    languages: Counter[str] = Counter()
    for text, count in zip(verdicts.reasons, counts, strict=True):
        why = Unmeasured.of_note(text.removeprefix(_SKIPPED))
        if count and why is not None:
            languages[why.language] += count
    return languages


def _named(languages: Counter[str]) -> str:
    ordered = sorted(languages.items(), key=lambda item: (-item[1], item[0]))
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return "in " + ", ".join(f"{language_name(code)} ({n})" for code, n in ordered[:_NAMED]) + more


def _commonest(verdicts: Verdicts) -> str:
    """The reason given most often why there is no score; of equally common ones the first by its text."""
    counts = np.bincount(verdicts.reason, minlength=len(verdicts.reasons))
    most = counts.max()
    return min(text for text, count in zip(verdicts.reasons, counts, strict=True) if count == most)[:200]
