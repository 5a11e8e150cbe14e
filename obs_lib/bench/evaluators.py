"""`obs bench evaluators`: every labelled set of a folder, scored by the evaluator of its task and compared with its labels."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from obs_lib.bench.agreement import LabelledScores, agreement, by_model, false_positives, ranking
from obs_lib.bench.bootstrap import RESAMPLES, Figure, intervals
from obs_lib.bench.labelled import LabelledSet, Task, Unknown, find_files, groups, read_set, tasks
from obs_lib.bench.lines import Line
from obs_lib.bench.provenance import seen_in_training
from obs_lib.bench.score_file import named
from obs_lib.bench.scoring import Result, score_rows
from obs_lib.catalogue import score_of, scores
from obs_lib.errors import ConfigError, SourceError
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Evaluator, ScoreStatus

_PORTIONS, _LEAST = 8, 200
"""A set is scored in up to so many portions of at least so many rows: the speed's interval comes from them."""
_FEWEST_PORTIONS = 4


@dataclass(frozen=True)
class SetReport:
    """What one set says of one evaluator.

    positive : what counts as yes. n : rows with a label and a score; n_positive of them are yes. skipped, failed : rows
    without a score (a ranking puts them last). seen_in_training : whether the weights were trained on a set of this name;
    None where the evaluator does not say what it was trained on. questions : counts of a ranking.
    """

    file: str
    task: str
    name: str
    evaluator: str
    version: str
    positive: str
    n: int
    n_positive: int
    n_groups: int
    skipped: int
    failed: int
    unlabelled: int
    unread: int
    seen_in_training: bool | None
    figures: dict[str, Figure]
    by_model: dict[str, dict[str, Figure]] = field(default_factory=dict)
    questions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class BenignReport:
    """How often an evaluator flags ordinary answers, taken from another task's set; equal answers count once."""

    file: str
    evaluator: str
    n: int
    false_positive_share: Figure


@dataclass(frozen=True)
class BenchReport:
    """Everything that a folder says; `unknown` are its files that are no labelled sets."""

    sets: list[SetReport]
    benign: list[BenignReport]
    unknown: list[Unknown]


@dataclass(frozen=True)
class Bench:
    """How a folder is measured.

    evaluators : name of the evaluator for a task, where it is not the task's own. only : tasks or sets to measure; empty for
    all. resamples : of the bootstrap.
    """

    ws: Workspace
    evaluators: dict[str, str] = field(default_factory=dict)
    only: Collection[str] = ()
    resamples: int = RESAMPLES
    tell: Callable[[str], None] = lambda _: None

    def run(self, folder: Path) -> BenchReport:
        """Measure every set of the folder. SourceError when the folder is not there or holds no set."""
        if not folder.is_dir():
            raise SourceError("the folder of labelled sets does not exist", where=folder)
        files, unknown = find_files(folder)
        sets: list[LabelledSet] = []
        for path, task, name in files:
            labelled = read_set(path, task, name)
            if isinstance(labelled, Unknown):
                unknown.append(labelled)
            else:
                sets.append(labelled)
        chosen = [one for one in sets if not self.only or {one.task.name, one.name, one.path.name} & set(self.only)]
        if not chosen:
            rule = "<task>_<name>.jsonl or .jsonl.gz, task one of " + ", ".join(tasks())
            raise SourceError("no labelled set to measure", rule=rule, where=folder)
        reports = [self._measure(one) for one in chosen]
        return BenchReport(reports, self._benign(chosen, sets), unknown)

    def _measure(self, labelled: LabelledSet) -> SetReport:
        self.tell(labelled.path.name)
        evaluator = self._evaluator(labelled.task)
        results, speed = self._score(evaluator, labelled.rows)
        scored = _labelled_scores(labelled, results)
        kept = scored.take(~np.isnan(scored.values))
        figures = agreement(kept, self.resamples) if len(kept.labels) else {}
        questions: dict[str, int] = {}
        if (declared := score_of(labelled.task.name)) is not None and declared.ranks:
            ranked, questions = ranking(_last(scored), self.resamples)
            figures |= ranked
        status = [result["status"] for result in results]
        return SetReport(
            file=str(labelled.path),
            task=labelled.task.name,
            name=labelled.name,
            evaluator=evaluator.name,
            version=evaluator.version,
            positive=labelled.task.looks_for,
            n=len(kept.labels),
            n_positive=int(kept.labels.sum()),
            n_groups=len(np.unique(kept.groups)),
            skipped=status.count(ScoreStatus.SKIPPED.value),
            failed=status.count(ScoreStatus.FAILED.value),
            unlabelled=labelled.unlabelled,
            unread=labelled.unread,
            seen_in_training=seen_in_training(self.ws, evaluator.name, labelled.name),
            figures=figures | {"rows_per_second": speed},
            by_model=by_model(kept, self.resamples),
            questions=questions,
        )

    def _benign(self, chosen: Sequence[LabelledSet], sets: Sequence[LabelledSet]) -> list[BenignReport]:
        """False alarms of what is rare, on the answers of assistants that other tasks' sets hold."""
        measured = {labelled.task.name: labelled.task for labelled in chosen}
        ordinary = {score.name for score in scores() if score.ordinary}
        reports = []
        for task in (measured[score.name] for score in scores() if score.rare and score.name in measured):
            evaluator = self._evaluator(task)
            for other in (labelled for labelled in sets if labelled.task.name in ordinary - {task.name}):
                self.tell(f"{task.name} on {other.path.name}")
                rows = list({row.columns["response"]: row for row in other.rows}.values())
                kept = np.isin([row.number for row in other.rows], [row.number for row in rows])
                results, _ = self._score(evaluator, rows)
                values = np.array([np.nan if r["value"] is None else r["value"] for r in results])
                there = ~np.isnan(values)
                share = false_positives(values[there], groups(other)[kept][there], self.resamples)
                reports.append(BenignReport(str(other.path), evaluator.name, int(there.sum()), share))
        return reports

    def _evaluator(self, task: Task) -> Evaluator:
        unknown = self.evaluators.keys() - tasks().keys()
        if unknown:
            raise ConfigError("there is no such task", rule="one of " + ", ".join(tasks()), found=min(unknown))
        return named(self.ws, self.evaluators.get(task.name, task.name))

    def _score(self, evaluator: Evaluator, rows: Sequence[Line]) -> tuple[list[Result], Figure]:
        """Results in order, and rows a second: all rows over all time, loading of models left out."""
        size = self.ws.settings.scoring.batch_size
        score_rows(evaluator, rows[:1], self.ws.encoder, size)  # loads what there is to load
        results: list[Result] = []
        spent: list[tuple[int, float]] = []
        for part in np.array_split(np.arange(len(rows)), max(1, min(_PORTIONS, len(rows) // _LEAST))):
            start = time.perf_counter()
            results += score_rows(evaluator, [rows[i] for i in part], self.ws.encoder, size)
            spent.append((len(part), time.perf_counter() - start))
        return results, _speed(spent, self.resamples)


def _speed(spent: Sequence[tuple[int, float]], resamples: int) -> Figure:
    counts, seconds = np.array(spent, dtype=np.float64).T
    figure = intervals(range(len(spent)), lambda w: {"speed": (w @ counts) / (w @ seconds)}, resamples)["speed"]
    return figure if len(spent) >= _FEWEST_PORTIONS else Figure(figure.value)


def _labelled_scores(labelled: LabelledSet, results: Sequence[Result]) -> LabelledScores:
    """Labels and probabilities of what the task looks for; NaN where there is no score."""
    scores = np.array([np.nan if result["value"] is None else result["value"] for result in results], dtype=np.float64)
    positive = labelled.task.positive
    models = [row.fields.get("model") for row in labelled.rows]
    return LabelledScores(
        labels=np.array(labelled.labels) == positive,
        values=scores if positive else 1.0 - scores,
        lengths=np.array([float(len(row.columns["response"] or "")) for row in labelled.rows]),
        groups=groups(labelled),
        models=[model if isinstance(model, str) else None for model in models],
    )


def _last(scored: LabelledScores) -> LabelledScores:
    """The same rows, those without a score behind all others."""
    values = np.where(np.isnan(scored.values), -1.0, scored.values)
    return dataclasses.replace(scored, values=values)
