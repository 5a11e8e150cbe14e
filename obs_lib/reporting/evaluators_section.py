"""Whether the evaluators are the ones of the baseline days: said before any of their numbers, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator

from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Note
from obs_lib.reporting.inputs import ReportInputs, Row
from obs_lib.reporting.safe import line
from obs_lib.reporting.tone import Tone

MOVED, MIXED = "MOVED", "MIXED"


def evaluator_notes(inputs: ReportInputs) -> Iterator[Block]:
    """A note for each evaluator that some baseline days do not share; nothing where all are the same."""
    for row in inputs.evaluators:
        if row["verdict"] == MOVED:
            titles = ", ".join(
                metric.title.lower() for metric in inputs.quality if metric.evaluator == row["evaluator"]
            )
            what = f": {titles}" if titles else ""
            text = (
                f"The evaluator {line(row['evaluator'], 60)} itself moved: {_why(row)}. Differences in the day's rates are not "
                f"comparable with {_days(row)}{what}. They say nothing of the model until those days are run again "
                "or enough new ones have come."
            )
            yield Note(text, Tone.WARNING, "Evaluator moved")
        elif row["verdict"] == MIXED:
            text = (
                f"The evaluator {line(row['evaluator'], 60)} scored {_days(row)} otherwise ({_why(row)}); its numbers are "
                f"compared with the other {numbers.plural(int(row['comparable']), 'baseline day')} only."
            )
            yield Note(text, Tone.NOTICE, "Baseline days left out")


def moved(inputs: ReportInputs, evaluator: str | None) -> bool:
    """Whether an evaluator's numbers of the day have no baseline, because it scored the earlier days otherwise."""
    return any(row["evaluator"] == evaluator and row["verdict"] == MOVED for row in inputs.evaluators)


def _why(row: Row) -> str:
    if row["reason"] == "version":
        return f"version {line(row['before'], 60)} became {line(row['version'], 60)}, and {_anchors(row)}"
    return f"its version is the same, but {_anchors(row)}"


def _anchors(row: Row) -> str:
    count = int(row["anchors"])
    if not count:
        return "it has no anchors"
    if not row["moved"]:
        return f"all {numbers.plural(count, 'anchor')} score as before"
    far = numbers.number(row["largest"])
    size = "one came or went" if far is None else f"by up to {numbers.write(far, 'probability')}"
    return (
        f"{int(row['moved'])} of {numbers.plural(count, 'anchor')} score otherwise, {size} ({line(row['worst'], 60)})"
    )


def _days(row: Row) -> str:
    away = sorted(json.loads(row["away"]))
    if len(away) == 1:
        return numbers.long_day(away[0])
    return f"{numbers.plural(len(away), 'baseline day')}, {numbers.long_day(away[0])} to {numbers.long_day(away[-1])}"
