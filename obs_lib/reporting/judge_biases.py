"""The judge's biases: what sways a judge where it should not, by answers that people labelled as well."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.catalogue import metric_of
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.parts import BiasEstimate, JudgeBiases
from obs_lib.reporting.tone import Tone

_COLUMNS = (
    Column("Judge", "head"),
    Column("Bias", lead=True),
    Column("Measured", "number", lead=True),
    Column("95% interval", "number"),
    Column("Answers", "number"),
    Column("What it means"),
)
_NOTE = (
    "Differences of the judge's value and people's label, on a scale from 0 to 1 where 1 is the better side; people's label is "
    "held equal, as longer answers may be better ones. Least squares, robust errors (HC3)."
)


def judge_biases(inputs: ReportInputs) -> Iterator[Block]:
    """Nothing where no judge has a labelled answer."""
    if inputs.biases:
        rows = tuple(
            (Cell(_title(judge)), *cells) for judge in inputs.biases for cells in (_length(judge), _family(judge))
        )
        caption = "The judge's biases" if len(inputs.biases) == 1 else "The judges' biases"
        yield TableBlock(caption, _COLUMNS, (RowGroup("", rows),), note=_NOTE)


def _title(judge: JudgeBiases) -> str:
    metric = metric_of(judge.score)
    title = metric.title if metric else judge.score.replace("_", " ").capitalize()
    return f"{title}: {judge.model}" + ("" if judge.drawn else ", labels not drawn at random")


def _length(judge: JudgeBiases) -> tuple[Cell, ...]:
    title, bias = "Length, for each doubling", judge.length
    if bias is None:
        return _absent(title, judge.n, "Needs 20 labelled answers that are not all as long.")
    by = numbers.write(abs(bias.value), "score")
    meaning = "No sign that length sways it."
    if bias.low > 0:
        meaning = f"It favours long answers: twice the length earns {by} more than people's labels warrant."
    elif bias.high < 0:
        meaning = f"It favours short answers: twice the length earns {by} less than people's labels warrant."
    return _measured(title, bias, meaning)


def _family(judge: JudgeBiases) -> tuple[Cell, ...]:
    title, bias = "Its own family of models", judge.own_family
    if judge.family is None:
        return _absent(title, 0, "Not known whose model the judge is.")
    family = _NAMES.get(judge.family, judge.family.capitalize())
    if bias is None:
        known = f"{numbers.count(judge.own)} and {numbers.count(judge.other)} are known"
        why = f"Needs 10 labelled answers of {family} models and 10 of others; {known}."
        return _absent(title, judge.own + judge.other, why)
    by = numbers.write(abs(bias.value), "score")
    meaning = f"No sign that it favours {family} models."
    if bias.low > 0:
        meaning = (
            f"It favours {family} models, its own family: their answers get {by} more than people's labels warrant."
        )
    elif bias.high < 0:
        meaning = f"It is harder on {family} models, its own family: their answers get {by} less than people's labels warrant."
    return _measured(title, bias, meaning)


def _measured(title: str, bias: BiasEstimate, meaning: str) -> tuple[Cell, ...]:
    biased = bias.low > 0 or bias.high < 0
    return (
        Cell(title),
        Cell(numbers.change(bias.value, "score"), (), *((Tone.NOTICE, "biased") if biased else ())),
        Cell(f"{numbers.change(bias.low, 'score')} to {numbers.change(bias.high, 'score')}"),
        Cell(numbers.count(bias.n)),
        Cell(meaning),
    )


def _absent(title: str, n: int, why: str) -> tuple[Cell, ...]:
    return Cell(title), Cell("no data", (), Tone.ABSENT), Cell("", (), Tone.ABSENT), Cell(numbers.count(n)), Cell(why)


_NAMES = {"openai": "OpenAI", "deepseek": "DeepSeek"}
"""Families as people write them, where a capital at the start is not enough."""
