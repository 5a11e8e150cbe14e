"""Print what `obs bench` found: tables for people, one JSON object for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from obs_lib.bench.bootstrap import Figure
from obs_lib.bench.evaluators import BenchReport, SetReport
from obs_lib.cli.console import output

_RANKED = (("auroc", "AUROC"), ("average_precision", "average precision"), ("length_auroc", "length-only AUROC"))
_CUT = (
    ("f1", "F1 at 0.5"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("false_positive_share", "false positives"),
    ("calibration_error", "calibration error"),
    ("brier", "Brier"),
    ("rows_per_second", "rows/s"),
)
_QUESTIONS = (("mrr", "MRR"), ("ndcg", "nDCG"))
_SEEN = {True: "yes", False: "no", None: "unknown"}


def print_bench(report: BenchReport) -> None:
    """Tables on stdout; under each figure its 95% interval."""
    console = output()
    console.print(_sets("How well the order agrees with the labels", report.sets, _RANKED, facts=True))
    console.print(_sets("Probabilities as they are, cut at 0.5", report.sets, _CUT))
    questions = [each for each in report.sets if each.questions]
    if questions:
        console.print(_sets("Answers ranked within their question", questions, _QUESTIONS))
    if any(each.by_model for each in report.sets):
        console.print(_models(report.sets))
    if report.benign:
        console.print(_benign(report))
    for unknown in report.unknown:
        console.print(Text(f"unknown: {unknown.file}: {unknown.reason}"))
    seen = [f"{each.task} {each.name}" for each in report.sets if each.seen_in_training]
    if seen:
        console.print(Text(f"seen in training, so no measure of other data: {', '.join(seen)}"))


def write_bench(report: BenchReport, out: str) -> None:
    """One JSON object to a file, or to stdout for "-"."""
    text = json.dumps(_named(asdict(report)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if out == "-":
        sys.stdout.write(text)
    else:
        Path(out).write_text(text, encoding="utf-8")


def _named(value: object) -> object:
    """Figures as objects with value, low and high."""
    if isinstance(value, tuple):
        return {name: _named(item) for name, item in zip(("value", "low", "high"), value, strict=True)}
    if isinstance(value, dict):
        return {name: _named(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_named(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value


def _sets(title: str, sets: Sequence[SetReport], figures: Sequence[tuple[str, str]], *, facts: bool = False) -> Table:
    names = ["task", "set"]
    names += ["rows", "positive", "sources", "not scored", "seen in training"] if facts else []
    table = _table(title, [*names, *(shown for _, shown in figures)])
    for labelled in sets:
        cells = [labelled.task, labelled.name]
        if facts:
            lost = labelled.skipped + labelled.failed + labelled.unlabelled + labelled.unread
            positive = f"{labelled.n_positive:,} {labelled.positive}"
            cells += [
                f"{labelled.n:,}",
                positive,
                f"{labelled.n_groups:,}",
                f"{lost:,}",
                _SEEN[labelled.seen_in_training],
            ]
        table.add_row(*map(Text, cells), *(_cell(labelled.figures.get(name)) for name, _ in figures))
    return table


def _models(sets: Sequence[SetReport]) -> Table:
    shown = (*_RANKED[:1], *_CUT[:4])
    table = _table("By the model that answered", ["task", "set", "model", *(title for _, title in shown)])
    for labelled in sets:
        for model, figures in labelled.by_model.items():
            cells = (_cell(figures.get(name)) for name, _ in shown)
            table.add_row(Text(labelled.task), Text(labelled.name), Text(model), *cells)
    return table


def _benign(report: BenchReport) -> Table:
    table = _table("Ordinary answers that are flagged", ["evaluator", "answers of", "answers", "false positives"])
    for answers in report.benign:
        name = Path(answers.file).name
        table.add_row(Text(answers.evaluator), Text(name), f"{answers.n:,}", _cell(answers.false_positive_share))
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", title_style="bold")
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _cell(figure: Figure | None) -> Text:
    if figure is None or figure.value is None:
        return Text("-")
    if figure.low is None or figure.high is None:
        return Text(_short(figure.value))
    return Text(f"{_short(figure.value)} ({_short(figure.low)}, {_short(figure.high)})")


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.3f}"
