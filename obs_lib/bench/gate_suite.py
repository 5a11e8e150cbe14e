"""The answers that a gate judges, and what each evaluator says of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from obs_lib.bench.lines import Line, portions, read_lines
from obs_lib.bench.scoring import Result, score_by_each
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Evaluator, Metric, ScoreStatus
from obs_lib.stats.intervals import Floats

Request = tuple[str | None, str]
"""The day that a line names, None where it names none, and its request."""

_ROWS, _BYTES = 1_000, 32 << 20  # scored at once


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What of a suite enters one metric, in arrays of one length: those scores that were made.

    values : of a share 1 for an answer that it counts, else 0; of a mean the scores. weights : 1 / inclusion probability.
    """

    requests: Sequence[Request]
    values: Floats
    weights: Floats
    why_none: str = ""

    def take(self, chosen: NDArray[np.bool_], *, equal: bool = False) -> Verdicts:
        """Some of them. equal : each with the same weight."""
        weights = self.weights[chosen]
        requests = [request for request, kept in zip(self.requests, chosen.tolist(), strict=True) if kept]
        return Verdicts(requests, self.values[chosen], np.ones(len(weights)) if equal else weights, self.why_none)


@dataclass(frozen=True, slots=True)
class Suite:
    """A file that was scored. verdicts : by evaluator, one for each line. faults : what is missing, in a sentence each."""

    answers: int
    requests: Sequence[Request]
    weights: Floats
    verdicts: Mapping[str, Sequence[Result]]
    faults: tuple[str, ...]

    def of(self, metric: Metric) -> Verdicts:
        """What enters a metric of one of the evaluators."""
        results = self.verdicts[str(metric.evaluator)]
        scores = np.array([np.nan if one["value"] is None else one["value"] for one in results], dtype=np.float64)
        why = Counter(one["note"] for one in results if one["value"] is None).most_common(1)
        every = Verdicts(self.requests, metric.averaged(scores), self.weights, why[0][0] if why else "no answers")
        return every.take(~np.isnan(scores))


def read_suite(
    ws: Workspace, path: Path, evaluators: Sequence[Evaluator], tell: Callable[[str], None] = lambda _: None
) -> Suite:
    """Read and score a file, in portions. SourceError where it cannot be read."""
    lines: list[Line] = []
    verdicts: dict[str, list[Result]] = {evaluator.name: [] for evaluator in evaluators}
    problems: list[str] = []
    for rows in portions(read_lines(path), _ROWS, _BYTES):
        for name, results in score_by_each(evaluators, rows, ws.encoder, ws.settings.scoring.batch_size).items():
            verdicts[name] += results
        lines += rows
        problems += [row.problem for row in rows if row.problem is not None]
        tell(f"{len(lines):,} answers")
    faults = [f"{len(problems)} of {len(lines)} lines cannot be read, such as {problems[0]}"] if problems else []
    read = [row.problem is None for row in lines]
    for name, results in verdicts.items():
        failed = [
            one["note"]
            for one, good in zip(results, read, strict=True)
            if good and one["status"] == ScoreStatus.FAILED.value
        ]
        if failed:
            faults.append(f"{name} failed on {len(failed)} of {sum(read)} answers, such as: {failed[0]}")
    return Suite(len(lines), [_request(row) for row in lines], _weights(lines), verdicts, tuple(faults))


def _request(row: Line) -> Request:
    day, request = row.fields.get("day"), row.fields.get("request_id", row.id)
    return day if isinstance(day, str) else None, str(request)


def _weights(lines: Sequence[Line]) -> Floats:
    """1 / inclusion probability where every line has one, else the same for all."""
    given = [line.fields.get("inclusion_probability") for line in lines]
    known = [float(one) for one in given if isinstance(one, int | float) and 0 < one <= 1]
    return 1.0 / np.array(known) if lines and len(known) == len(lines) else np.ones(len(lines))
