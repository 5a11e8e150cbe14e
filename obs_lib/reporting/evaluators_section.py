"""Whether the evaluators are the ones of the baseline days: said before any of their numbers, or not at all."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.records import EvaluatorChange, EvaluatorVerdict
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Note
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.safe import line
from obs_lib.reporting.tone import Tone


def evaluator_notes(inputs: ReportInputs) -> Iterator[Block]:
    """A note for each evaluator that some baseline days do not share; nothing where all are the same."""
    for change in inputs.evaluators:
        if change.verdict is EvaluatorVerdict.MOVED:
            titles = ", ".join(
                metric.title.lower() for metric in inputs.quality if metric.evaluator == change.evaluator
            )
            metrics = f": {titles}" if titles else ""
            text = (
                f"The evaluator {line(change.evaluator, 60)} itself moved: {_why(change)}. Differences in the day's rates are "
                f"not comparable with {_days(change)}{metrics}. They say nothing of the model until those days are run again "
                "or enough new ones have come."
            )
            yield Note(text, Tone.WARNING, "Evaluator moved")
        elif change.verdict is EvaluatorVerdict.MIXED:
            text = (
                f"The evaluator {line(change.evaluator, 60)} scored {_days(change)} otherwise ({_why(change)}); its numbers "
                f"are compared with the other {numbers.plural(change.comparable, 'baseline day')} only."
            )
            yield Note(text, Tone.NOTICE, "Baseline days left out")


def moved(inputs: ReportInputs, evaluator: str | None) -> bool:
    """Whether an evaluator's numbers of the day have no baseline, because it scored the earlier days otherwise."""
    return any(
        change.evaluator == evaluator and change.verdict is EvaluatorVerdict.MOVED for change in inputs.evaluators
    )


def _why(change: EvaluatorChange) -> str:
    if change.reason == "version":
        return f"version {line(change.before, 60)} became {line(change.version, 60)}, and {_anchors(change)}"
    return f"its version is the same, but {_anchors(change)}"


def _anchors(change: EvaluatorChange) -> str:
    if not change.anchors:
        return "it has no anchors"
    anchors = numbers.plural(change.anchors, "anchor")
    if not change.moved:
        return f"all {anchors} score as before"
    largest = change.largest
    size = "one came or went" if largest is None else f"by up to {numbers.write(largest, 'probability')}"
    return f"{change.moved} of {anchors} score otherwise, {size} ({line(change.worst, 60)})"


def _days(change: EvaluatorChange) -> str:
    away = sorted(day.isoformat() for day in change.away)
    if len(away) == 1:
        return numbers.long_day(away[0])
    return f"{numbers.plural(len(away), 'baseline day')}, {numbers.long_day(away[0])} to {numbers.long_day(away[-1])}"
