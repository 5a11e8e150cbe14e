"""Against people's labels: each rate as the evaluator has it and as people would have it, how far the two agree, and how a
judge errs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from obs_lib.catalogue import all_metrics
from obs_lib.catalogue.labelled import has_agreement
from obs_lib.records import Metric
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.judge_biases import judge_biases
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.parts import LabelScope
from obs_lib.reporting.tone import Tone
from obs_lib.stats.intervals import Estimate

_LEAD = (
    "Uncorrected is what the evaluator counts. Corrected is what people would count: it takes out the evaluator's errors, as "
    "answers that people labelled at random show them. Small: 95% intervals."
)
_COLUMNS = (
    Column("Rate", "head"),
    Column("Uncorrected", "number"),
    Column("Corrected", "number"),
    Column("From labels alone", "number"),
    Column("Labels", "number"),
)
_TITLES = {"agreement": "Agreement", "kappa": "Kappa", "precision": "Precision", "recall": "Recall", "f1": "F1"}
_RULE = "Only labels that were drawn at random with a known probability enter a corrected rate (PPI++)."


def labels_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Nothing where nobody labelled an answer of these days."""
    if not inputs.labelled and not inputs.biases:
        return
    yield Heading("Against people's labels", "labels", lead=_LEAD if inputs.labelled else "")
    if inputs.labelled:
        yield from _rates(inputs)
    yield from judge_biases(inputs)


def _rates(inputs: ReportInputs) -> Iterator[Block]:
    known = all_metrics()
    today = [(known[rate.metric], rate.day) for rate in inputs.labelled if rate.day]
    window = [(known[rate.metric], rate.window) for rate in inputs.labelled]
    for metric, scope in today if any(scope.corrected for _, scope in today) else window:
        if sentence := _sentence(metric, scope):
            yield Note(sentence, Tone.NOTICE, "Differs")
    only_today = all(rate.day == rate.window for rate in inputs.labelled)  # no other day has a label
    days = numbers.plural(max(rate.days for rate in inputs.labelled), "day")
    if today:
        yield _rates_table("Rates of this day", today)
    if not only_today:
        yield _rates_table(f"Rates of {days} together, up to this one", window)
    yield _agreement(window)


def _rates_table(caption: str, scopes: Sequence[tuple[Metric, LabelScope]]) -> TableBlock:
    body = tuple(_rate(metric, scope) for metric, scope in scopes)
    return TableBlock(caption, _COLUMNS, (RowGroup("", body),), note=_RULE)


def _rate(metric: Metric, scope: LabelScope) -> tuple[Cell, ...]:
    counted = [f"of {numbers.count(scope.scored)} scored"]
    counted += [f"{numbers.count(scope.picked)} more not drawn at random"] if scope.picked else []
    corrected = _cell(scope.corrected, metric.unit)
    if scope.corrected is None:
        corrected = Cell("no data", (scope.why,), Tone.ABSENT)
    elif _apart(scope):
        corrected = Cell(corrected.text, corrected.details, Tone.NOTICE, "differs")
    return (
        Cell(metric.title),
        _cell(scope.raw, metric.unit),
        corrected,
        _cell(scope.alone, metric.unit),
        Cell(numbers.count(scope.n), tuple(counted)),
    )


def _cell(estimate: Estimate | None, unit: str) -> Cell:
    if estimate is None:
        return Cell("", tone=Tone.ABSENT)
    interval = numbers.interval(estimate.low, estimate.high, unit)
    return Cell(numbers.write(estimate.value, unit), (interval,) if interval else ())


def _apart(scope: LabelScope) -> bool:
    """Whether the uncorrected value lies outside the corrected interval."""
    if scope.corrected is None or scope.raw is None:
        return False
    low, high = scope.corrected.low, scope.corrected.high
    return low is not None and high is not None and not low <= scope.raw.value <= high


def _sentence(metric: Metric, scope: LabelScope) -> str:
    """What the difference means, in words; empty where labels do not show one."""
    if scope.raw is None or scope.corrected is None or not _apart(scope):
        return ""
    raw, (value, low, high, *_) = scope.raw.value, scope.corrected
    way = "too high" if raw > value else "too low"
    return (
        f"{metric.title}: the evaluator's {numbers.write(raw, metric.unit)} is {way}. By {numbers.count(scope.n)} labels "
        f"people would say {numbers.write(value, metric.unit)} (95% interval {numbers.interval(low, high, metric.unit)})."
    )


def _agreement(window: Sequence[tuple[Metric, LabelScope]]) -> TableBlock:
    columns = (
        Column("Verdict", "head"),
        *(Column(title, "number") for title in _TITLES.values()),
        Column("Labels", "number"),
    )
    body = []
    for metric, scope in window:
        if not has_agreement(metric):
            continue  # another metric has the same verdicts
        n = Cell(numbers.count(scope.n)) if scope.drawn else Cell(numbers.count(scope.picked), ("not drawn at random",))
        body.append((Cell(metric.title), *(_agreement_cell(scope, name) for name in _TITLES), n))
    return TableBlock(
        "How far evaluator and people agree",
        columns,
        (RowGroup("", tuple(body)),),
        note="Precision: of the answers that the evaluator counts, how many people count too. Recall: of those that people "
        "count, how many the evaluator found. Kappa: agreement beyond chance; 0 is chance, 1 is perfect.",
    )


def _agreement_cell(scope: LabelScope, name: str) -> Cell:
    estimate = scope.agreement[name]
    if estimate is None:
        return Cell("no data", tone=Tone.ABSENT)
    return _cell(estimate, "score" if name in ("kappa", "f1") else "share")
