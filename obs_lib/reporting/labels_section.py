"""Against people's labels: each rate as the evaluator has it and as people would have it, how far the two agree, and how a
judge errs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs_lib.catalogue import BY_NAME
from obs_lib.catalogue.labelled import AGREEMENT
from obs_lib.records import Metric
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.judge_biases import judge_biases
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.tone import Tone

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
Scope = Mapping[str, Any]


def labels_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Nothing where nobody labelled an answer of these days."""
    if not inputs.labelled and not inputs.biases:
        return
    yield Heading("Against people's labels", "labels", lead=_LEAD if inputs.labelled else "")
    if inputs.labelled:
        yield from _rates(inputs)
    yield from judge_biases(inputs)


def _rates(inputs: ReportInputs) -> Iterator[Block]:
    rows = [(BY_NAME[row["metric"]], row) for row in inputs.labelled]
    today = [(metric, row["day"]) for metric, row in rows if row["day"]]
    together = [(metric, row["window"]) for metric, row in rows]
    for metric, scope in today if any(scope["corrected"] for _, scope in today) else together:
        if sentence := _sentence(metric, scope):
            yield Note(sentence, Tone.NOTICE, "Differs")
    alone = len(today) == len(rows) and all(row["day"] == row["window"] for _, row in rows)  # no other day has a label
    days = numbers.plural(max(row["days"] for _, row in rows), "day")
    for caption, of in (
        ("Rates of this day", today),
        (f"Rates of {days} together, up to this one", together),
    ):
        if of and not (alone and of is together):
            yield TableBlock(caption, _COLUMNS, (RowGroup("", tuple(_rate(*one) for one in of)),), note=_RULE)
    yield _agreement(together)


def _rate(metric: Metric, scope: Scope) -> tuple[Cell, ...]:
    picked = scope["picked"]
    counted = [f"of {numbers.count(scope['scored'])} scored"]
    counted += [f"{numbers.count(picked)} more not drawn at random"] if picked else []
    corrected = _cell(scope["corrected"], metric.unit)
    if scope["corrected"] is None:
        corrected = Cell("no data", (scope["why"],), Tone.ABSENT)
    elif _apart(scope):
        corrected = Cell(corrected.text, corrected.details, Tone.NOTICE, "differs")
    return (
        Cell(metric.title),
        _cell(scope["raw"], metric.unit),
        corrected,
        _cell(scope["alone"], metric.unit),
        Cell(numbers.count(scope["n"]), tuple(counted)),
    )


def _cell(found: tuple[float, float | None, float | None] | None, unit: str) -> Cell:
    if found is None:
        return Cell("", tone=Tone.ABSENT)
    value, low, high = found
    return Cell(numbers.write(value, unit), tuple(filter(None, [numbers.interval(low, high, unit)])))


def _apart(scope: Scope) -> bool:
    """Whether the uncorrected value lies outside the corrected interval."""
    found = scope["corrected"]
    return bool(found and scope["raw"] and not found[1] <= scope["raw"][0] <= found[2])


def _sentence(metric: Metric, scope: Scope) -> str:
    """What the difference means, in words; empty where labels do not show one."""
    if not _apart(scope):
        return ""
    raw, (value, low, high) = scope["raw"][0], scope["corrected"]
    way = "too high" if raw > value else "too low"
    return (
        f"{metric.title}: the evaluator's {numbers.write(raw, metric.unit)} is {way}. By {numbers.count(scope['n'])} labels "
        f"people would say {numbers.write(value, metric.unit)} (95% interval {numbers.interval(low, high, metric.unit)})."
    )


def _agreement(together: list[tuple[Metric, Scope]]) -> TableBlock:
    columns = (
        Column("Verdict", "head"),
        *(Column(title, "number") for name, title in _TITLES.items()),
        Column("Labels", "number"),
    )
    body = []
    for metric, scope in together:
        if metric.name not in AGREEMENT["agreement"]:
            continue  # another metric has the same verdicts
        picked = scope["agreement_of"] == "picked"
        body.append(
            (
                Cell(metric.title),
                *(
                    _cell(scope["agreement"][name], "score" if name in ("kappa", "f1") else "share")
                    if scope["agreement"][name]
                    else Cell("no data", tone=Tone.ABSENT)
                    for name in _TITLES
                ),
                Cell(
                    numbers.count(scope["picked"] if picked else scope["n"]),
                    ("not drawn at random",) if picked else (),
                ),
            )
        )
    return TableBlock(
        "How far evaluator and people agree",
        columns,
        (RowGroup("", tuple(body)),),
        note="Precision: of the answers that the evaluator counts, how many people count too. Recall: of those that people "
        "count, how many the evaluator found. Kappa: agreement beyond chance; 0 is chance, 1 is perfect.",
    )
