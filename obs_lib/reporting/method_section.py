"""How each number was made, and the digests by which it can be made again."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.reporting.blocks import Block, Fact, Facts, Heading, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.drift_words import TITLES
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line

_FORMULAS = {
    "semantic_drift": "1 - mean cosine(e_i(today), e_i(baseline)) over the answers to the same prompts",
    "token_kl": "sum over tokens of p ln(p / q), p today, q the baseline; tokens are \\w+|[^\\w\\s], lowercased",
    "answer_drift": "|mean e(today) - mean e(baseline)|^2, e an answer less what its prompt explains, standardised",
    "topic_drift": "squared MMD of prompt vectors, Gaussian kernel, random Fourier features",
}
_GROUPS = (("left out:", "Left out"), ("model:", "Models"), ("digest:", "Data"))


def method_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Formulas, evaluators, and provenance."""
    yield Heading(
        "How this was made",
        "method",
        lead="The same logs, configuration and code give this report again, byte for byte.",
    )
    made = dict(inputs.provenance)
    evaluators = {
        label.removeprefix("evaluator:"): text for label, text in made.items() if label.startswith("evaluator:")
    }
    yield _formulas(inputs, evaluators)
    if inputs.anchors:
        yield _on_anchors(inputs)
    for prefix, title in _GROUPS:
        group = {label.removeprefix(prefix): text for label, text in made.items() if label.startswith(prefix)}
        if group:
            yield Heading(title, f"method-{title.lower().replace(' ', '-')}", 3)
            yield _facts(group, options)
    rest = {label: text for label, text in made.items() if ":" not in label}
    if rest:
        yield Heading("Code and configuration", "method-code", 3)
        yield _facts(rest, options)


def _formulas(inputs: ReportInputs, evaluators: dict[str, str]) -> TableBlock:
    body = [
        (
            Cell(metric.title),
            Cell(line(metric.formula, 200), _scored_by(evaluators, metric.evaluator)),
            Cell(metric.unit),
        )
        for metric in inputs.catalogue
    ]
    body += [(Cell(TITLES[name]), Cell(formula), Cell("distance")) for name, formula in _FORMULAS.items()]
    known = {metric.evaluator for metric in inputs.catalogue}
    body += [
        (Cell(line(name, 60)), Cell(line(text, 300)), Cell("score"))
        for name, text in evaluators.items()
        if name not in known
    ]
    columns = (Column("Number", "head"), Column("Formula"), Column("Unit"))
    return TableBlock(
        "Formulas and models", columns, (RowGroup("", tuple(body)),), summary=f"{len(body)} definitions", folded=True
    )


def _scored_by(evaluators: dict[str, str], score: str | None) -> tuple[str, ...]:
    text = evaluators.get(score or "", "")
    return (f"{score}: {line(text, 300)}",) if text else ()


def _on_anchors(inputs: ReportInputs) -> TableBlock:
    """The anchors are made up and few: a sign of life, not a measure of quality."""
    body = tuple((Cell(line(a.evaluator, 60)), Cell(str(a.right)), Cell(str(a.n))) for a in inputs.anchors)
    columns = (Column("Evaluator", "head"), Column("As expected", "number", lead=True), Column("Anchors", "number"))
    note = "Fixed interactions that are scored again every night. What counts is that their scores stay the same."
    return TableBlock("The frozen anchors", columns, (RowGroup("", body),), summary="scored", folded=True, note=note)


def _facts(texts: dict[str, str], options: ReportOptions) -> Facts:
    shown = list(texts.items())[: 2 * options.max_rows]
    return Facts(tuple(Fact(line(label, 60), line(text, 200)) for label, text in shown))
