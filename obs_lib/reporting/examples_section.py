"""The interactions that each evaluator found worst, so that a reader can check the evaluators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from obs_lib.excerpts import ScoredExample
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Example, Examples, Heading, Note
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import excerpt, line
from obs_lib.reporting.tone import Tone

_FACTS = 6  # pieces of evidence shown for one example


def examples_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """One group an evaluator, in the order of the catalogue, worst example first."""
    yield Heading(
        "Worst examples",
        "examples",
        lead="Excerpts, masked as said under the method. Unseen characters are written out.",
    )
    by_evaluator: dict[str, list[ScoredExample]] = {}
    for kept in sorted(inputs.examples, key=lambda kept: (kept.evaluator, kept.rank)):
        by_evaluator.setdefault(kept.evaluator, []).append(kept)
    known = list(dict.fromkeys(metric.evaluator for metric in inputs.quality if metric.evaluator))
    order = [name for name in known if name in by_evaluator] + [name for name in by_evaluator if name not in known]
    shown = [name for name in order if by_evaluator[name][: options.max_examples]][: options.max_rows]
    if not shown:
        yield Note("No evaluator has kept an example of this day.", Tone.ABSENT, "None")
    for name in shown:
        items = tuple(_example(kept, options) for kept in by_evaluator[name][: options.max_examples])
        yield Examples(
            line(name.partition(":")[2] or name, 60).replace("_", " ").capitalize(),
            line(inputs.provenance.get(f"evaluator:{name}", ""), 400),
            items,
        )


def _example(kept: ScoredExample, options: ReportOptions) -> Example:
    pieces = [("note", line(kept.note, 300)), *_evidence(kept.evidence, options)]
    facts = [(label, text) for label, text in pieces if text]
    return Example(
        title=line(kept.segment, 80),
        value=numbers.write(kept.value, "score"),
        prompt=excerpt(kept.prompt, options.excerpt_chars) or "(empty)",
        response=excerpt(kept.response, options.excerpt_chars) or "(empty)",
        facts=(*facts, ("request", line(kept.request_id, 80))),
    )


def _evidence(evidence: object, options: ReportOptions) -> Iterator[tuple[str, str]]:
    """Evidence as (label, text): a mapping by its keys, anything else as one piece."""
    limit = min(options.excerpt_chars, 300)
    if isinstance(evidence, Mapping):
        for key, value in list(evidence.items())[:_FACTS]:
            yield line(str(key).replace("_", " "), 40), _piece(value, limit)
    elif evidence is not None:
        yield "evidence", _piece(evidence, limit)


def _piece(value: object, limit: int) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    if isinstance(value, float | int):
        return f"{value:.3g}" if isinstance(value, float) else str(value)[:40]
    if isinstance(value, Mapping):
        return line(", ".join(f"{key}: {_piece(item, limit)}" for key, item in list(value.items())[:_FACTS]), limit)
    if isinstance(value, list | tuple):
        return line("; ".join(_piece(item, limit) for item in value[:_FACTS]), limit)
    return line(value, limit)
