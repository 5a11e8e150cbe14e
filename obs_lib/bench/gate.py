"""`obs gate`: whether a file of answers keeps the objectives, and is no worse than what the lake's days hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from statistics import fmean
from typing import Literal

import numpy as np

from obs_lib.alerts.objectives import objective
from obs_lib.bench.gate_baseline import Baseline, read_baseline
from obs_lib.bench.gate_suite import Suite, Verdicts, read_suite
from obs_lib.bench.one_sided import Bad, days_worse, mean_beyond, pairs_worse, share_beyond
from obs_lib.catalogue import occasional, quality
from obs_lib.catalogue.distances import CHANGE
from obs_lib.drift.baseline import Measured
from obs_lib.drift.change import series_of
from obs_lib.drift.decision import smallest_effect
from obs_lib.errors import ConfigError
from obs_lib.pipeline.plan import choose
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import ALL, Day, Distance, Metric
from obs_lib.stats.intervals import Estimate, effective_n, share, weighted_mean
from obs_lib.stats.multiple_testing import benjamini_hochberg

FALSE_ALARMS = 0.05
Against = Literal["objective", "same requests", "days"]


class Verdict(StrEnum):
    """PASS: not worse beyond chance, or by too little to count. UNKNOWN: nothing to compare; it fails no gate."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Check:
    """One metric of the suite against one thing."""

    metric: str
    against: Against
    value: float | None
    """Of the suite, or of its part that has a counterpart; None where no answer was scored."""
    low: float | None
    high: float | None
    """The ends of its 95% interval; None where there is none."""
    n: int
    """Answers behind it."""
    reference: float | None
    """The limit, the logged answers' value, or the mean of the days; None where there is none."""
    p_value: float | None
    """One-sided, of a suite that is worse; None where nothing was compared."""
    verdict: Verdict
    p_adjusted: float | None = None
    """After Benjamini and Hochberg over all checks of the gate."""
    smallest: float | None = None
    """The smallest difference that counts, in the metric's unit; None of an objective."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate says. faults : why answers or scores are missing; any of them fails the gate."""

    passed: bool
    answers: int
    days: tuple[Day, ...]
    segment: str
    checks: tuple[Check, ...]
    faults: tuple[str, ...]


def gate(
    ws: Workspace,
    path: Path,
    days: Sequence[Day],
    *,
    segment: str = ALL,
    false_alarms: float = FALSE_ALARMS,
    only: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> GateReport:
    """Score every line of a file and hold the scores against objectives and days.

    days : of the baseline; those that the lake does not have are left out. only : evaluators; empty for those that nights run.
    SourceError where the file cannot be read; ConfigError where there is no such evaluator, and where nothing can be checked.
    """
    evaluators = choose(ws.evaluators, tuple(only) or ws.settings.scoring.evaluators)
    suite = read_suite(ws, path, evaluators, tell)
    baseline = read_baseline(ws, days, segment, evaluators, suite.requests)
    checks = [
        check
        for metric in (*quality(), *occasional(one.name for one in evaluators))
        if metric.evaluator in suite.verdicts and metric.direction is not None
        for check in _checks(ws, metric, suite, baseline)
    ]
    if all(check.p_value is None for check in checks):
        raise ConfigError(
            "nothing can be checked: no answer has a score with an objective or a baseline",
            found=f"{suite.answers} answers",
            where=path,
            fix="name days that nights have scored, and see `obs score` for why answers are skipped",
        )
    decided = _decided(checks, false_alarms)
    passed = not suite.faults and all(check.verdict is not Verdict.FAIL for check in decided)
    return GateReport(passed, suite.answers, baseline.days, segment, tuple(decided), suite.faults)


def _checks(ws: Workspace, metric: Metric, suite: Suite, baseline: Baseline) -> list[Check]:
    verdicts = suite.of(metric)
    limit = objective(metric, ws.settings.alerts)
    checks = [] if limit is None else [_against_limit(metric, verdicts, limit)]
    other = _against_logged(metric, verdicts, baseline) or _against_days(metric, verdicts, baseline)
    distance = _distance(metric, other)
    return [*checks, replace(other, smallest=smallest_effect(distance, ws.settings.drift))]


def _against_limit(metric: Metric, verdicts: Verdicts, limit: float) -> Check:
    if not len(verdicts.values):
        return _unknown(metric, "objective", limit, verdicts.why_none)
    estimate = _estimate(metric, verdicts)
    bad = _bad(metric)
    if metric.is_share:
        p_value = share_beyond(estimate.value, effective_n(verdicts.weights), limit, bad)
    else:
        p_value = mean_beyond(verdicts.values, verdicts.weights, limit, bad)
    return _check(metric, "objective", estimate, verdicts, limit, p_value)


def _against_logged(metric: Metric, verdicts: Verdicts, baseline: Baseline) -> Check | None:
    """Against the logged answers to the same requests; None where none of them is known."""
    old = baseline.logged_values(metric, verdicts.requests)
    both = ~np.isnan(old)
    if not both.any():
        return None
    paired = verdicts.take(both, equal=True)
    p_value = pairs_worse(paired.values, old[both], _bad(metric), shares=metric.is_share)
    return _check(metric, "same requests", _estimate(metric, paired), paired, float(old[both].mean()), p_value)


def _against_days(metric: Metric, verdicts: Verdicts, baseline: Baseline) -> Check:
    days = baseline.day_values(metric)
    reference = fmean(day.value for day in days) if days else None
    if not len(verdicts.values):
        return _unknown(metric, "days", reference, verdicts.why_none)
    if len(days) < _LEAST_DAYS:
        note = f"{len(days)} comparable days with a value (needs {_LEAST_DAYS})"
        return replace(_unknown(metric, "days", reference, note), n=len(verdicts.values))
    estimate = _estimate(metric, verdicts)
    told = estimate.effective_n or effective_n(verdicts.weights)
    now = Measured(estimate.value, estimate.std_error, len(verdicts.values), told)
    p_value = days_worse(series_of(metric, [*days, now]), _bad(metric))
    return _check(metric, "days", estimate, verdicts, reference, p_value)


_LEAST_DAYS = 2  # one day says nothing of how days differ by themselves


def _decided(checks: Sequence[Check], false_alarms: float) -> list[Check]:
    tested = [check.p_value for check in checks if check.p_value is not None]
    adjusted = iter(benjamini_hochberg(tested).tolist())
    return [_verdict(check, next(adjusted), false_alarms) if check.p_value is not None else check for check in checks]


def _verdict(check: Check, p_adjusted: float, false_alarms: float) -> Check:
    worse = p_adjusted <= false_alarms
    size = abs((check.value or 0.0) - (check.reference or 0.0))
    counts = check.smallest is None or size >= check.smallest
    note = "worse, by less than counts" if worse and not counts else check.note
    return replace(check, p_adjusted=p_adjusted, verdict=Verdict.FAIL if worse and counts else Verdict.PASS, note=note)


def _check(
    metric: Metric, against: Against, estimate: Estimate, verdicts: Verdicts, reference: float | None, p_value: float
) -> Check:
    low, high, n = estimate.low, estimate.high, len(verdicts.values)
    return Check(metric.name, against, estimate.value, low, high, n, reference, p_value, Verdict.PASS)


def _unknown(metric: Metric, against: Against, reference: float | None, note: str) -> Check:
    return Check(metric.name, against, None, None, None, 0, reference, None, Verdict.UNKNOWN, note=note)


def _estimate(metric: Metric, verdicts: Verdicts) -> Estimate:
    """Of at least one answer."""
    if metric.is_share:
        return share(verdicts.values > 0, verdicts.weights)
    return weighted_mean(verdicts.values, verdicts.weights)


def _distance(metric: Metric, check: Check) -> Distance:
    """The change as `smallest_effect` asks for it."""
    return Distance(
        name=CHANGE + metric.name,
        segment=ALL,
        statistic=None,
        null_mean=None,
        null_high=None,
        p_value=check.p_value,
        effect=None,
        unit=metric.unit,
        n_baseline=0,
        n_current=check.n,
        baseline_days=(),
        baseline_value=check.reference,
    )


def _bad(metric: Metric) -> Bad:
    return 1 if metric.direction == "lower_is_better" else -1
