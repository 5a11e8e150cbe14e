"""The judge's biases: what sways a judge where it should not, by answers that people labelled as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from obs_lib.catalogue import metric_of
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
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
Judge = Mapping[str, Any]


def judge_biases(inputs: ReportInputs) -> Iterator[Block]:
    """Nothing where no judge has a labelled answer."""
    if inputs.biases:
        rows = tuple((Cell(_title(one)), *found) for one in inputs.biases for found in (_length(one), _family(one)))
        caption = "The judge's biases" if len(inputs.biases) == 1 else "The judges' biases"
        yield TableBlock(caption, _COLUMNS, (RowGroup("", rows),), note=_NOTE)


def _title(judge: Judge) -> str:
    metric = metric_of(judge["score"])
    title = metric.title if metric else judge["score"].replace("_", " ").capitalize()
    return f"{title}: {judge['model']}" + ("" if judge["drawn"] else ", labels not drawn at random")


def _length(judge: Judge) -> tuple[Cell, ...]:
    title, found = "Length, for each doubling", judge["length_bias"]
    if found is None:
        return _absent(title, judge["n"], "Needs 20 labelled answers that are not all as long.")
    value, low, high, n = found
    by = numbers.write(abs(value), "score")
    said = "No sign that length sways it."
    if low > 0:
        said = f"It favours long answers: twice the length earns {by} more than people's labels warrant."
    elif high < 0:
        said = f"It favours short answers: twice the length earns {by} less than people's labels warrant."
    return _measured(title, (value, low, high), n, said)


def _family(judge: Judge) -> tuple[Cell, ...]:
    title, found, family = "Its own family of models", judge["family_bias"], _name(judge["family"])
    if judge["family"] is None:
        return _absent(title, 0, "Not known whose model the judge is.")
    if found is None:
        seen = f"{numbers.count(judge['own'])} and {numbers.count(judge['other'])} are known"
        why = f"Needs 10 labelled answers of {family} models and 10 of others; {seen}."
        return _absent(title, judge["own"] + judge["other"], why)
    value, low, high, n = found
    by = numbers.write(abs(value), "score")
    said = f"No sign that it favours {family} models."
    if low > 0:
        said = f"It favours {family} models, its own family: their answers get {by} more than people's labels warrant."
    elif high < 0:
        said = f"It is harder on {family} models, its own family: their answers get {by} less than people's labels warrant."
    return _measured(title, (value, low, high), n, said)


def _measured(title: str, found: tuple[float, float, float], n: int, said: str) -> tuple[Cell, ...]:
    value, low, high = found
    biased = low > 0 or high < 0
    return (
        Cell(title),
        Cell(numbers.change(value, "score"), (), *((Tone.NOTICE, "biased") if biased else ())),
        Cell(f"{numbers.change(low, 'score')} to {numbers.change(high, 'score')}"),
        Cell(numbers.count(n)),
        Cell(said),
    )


def _absent(title: str, n: int, why: str) -> tuple[Cell, ...]:
    return Cell(title), Cell("no data", (), Tone.ABSENT), Cell("", (), Tone.ABSENT), Cell(numbers.count(n)), Cell(why)


_NAMES = {"openai": "OpenAI", "deepseek": "DeepSeek"}


def _name(family: str | None) -> str:
    """A family as people write it."""
    return _NAMES.get(family or "", (family or "").capitalize())
