"""What the numbers do not cover: skipped and failed scores, rejected rows, failed steps; and who answered."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.records import ALL, ScoreStatus, StepState
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, segment_title
from obs_lib.reporting.tone import Tone

_STEP_TONES = {
    StepState.READY: Tone.GOOD,
    StepState.NO_DATA: Tone.ABSENT,
    StepState.FAILED: Tone.SERIOUS,
    StepState.WRITING: Tone.WARNING,
}


def coverage_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Skipped and failed, quarantine, repaired values, steps, model versions; an empty part is said in a sentence."""
    yield Heading("Skipped, failed, rejected", "coverage", lead="What did not become a number, and why.")
    yield _reasons(inputs, options)
    yield _quarantine(inputs, options)
    if inputs.repairs:
        yield _repairs(inputs)
    if inputs.steps:
        yield _steps(inputs)
    yield Heading("Model versions", "versions", lead="Which checkpoints answered.")
    if inputs.versions:
        yield _versions(inputs, options)
    else:
        yield Note("The logs of this day name no model version.", Tone.ABSENT, "No data")


def _reasons(inputs: ReportInputs, options: ReportOptions) -> Block:
    if not inputs.reasons and inputs.without_data:
        return Note("There was no answer to score.", Tone.ABSENT, "No data")
    if not inputs.reasons:
        return Note("Every evaluator scored every answer that it was given.", Tone.GOOD, "Complete")
    # Failures first: somebody has to look at them; a skip is an answer to which the question did not apply.
    ordered = sorted(inputs.reasons, key=lambda r: (r[1] != ScoreStatus.FAILED, -r[3], r[0], r[2]))
    body = tuple(
        (
            Cell(line(evaluator, 60)),
            Cell(numbers.count(n)),
            Cell("", tone=Tone.SERIOUS if status == ScoreStatus.FAILED else Tone.ABSENT, mark=line(status, 20).lower()),
            Cell(line(note, 240) or "no reason given"),
        )
        for evaluator, status, note, n in ordered[: options.max_rows]
    )
    columns = (Column("Evaluator", "head"), Column("Scores", "number", lead=True), Column("Status"), Column("Reason"))
    return TableBlock("Scores skipped or failed", columns, (RowGroup("", body),), note=_rest(len(ordered) - len(body)))


def _quarantine(inputs: ReportInputs, options: ReportOptions) -> Block:
    if not inputs.quarantine_count:
        return Note("Every input row could be read; none was rejected.", Tone.GOOD, "Nothing rejected")
    body = tuple(
        (Cell(line(file, 120)), Cell("" if row is None else numbers.count(row)), Cell(line(reason, 240)))
        for file, row, reason in list(inputs.quarantine)[: options.max_rows]
    )
    columns = (Column("File", "head"), Column("Line", "number", lead=True), Column("Reason"))
    caption = f"{numbers.plural(inputs.quarantine_count, 'input row')} rejected"
    return TableBlock(caption, columns, (RowGroup("", body),), note=_rest(inputs.quarantine_count - len(body)))


def _repairs(inputs: ReportInputs) -> TableBlock:
    ordered = sorted(inputs.repairs, key=lambda repair: (-repair[2], repair[0]))
    body = tuple((Cell(line(rule, 60)), Cell(numbers.count(n)), Cell(line(does, 160))) for rule, does, n in ordered)
    columns = (Column("Rule", "head"), Column("Interactions", "number", lead=True), Column("What it does"))
    return TableBlock("Mended values", columns, (RowGroup("", body),))


def _steps(inputs: ReportInputs) -> TableBlock:
    body = tuple(
        (
            Cell(line(step, 40)),
            Cell(
                "",
                tone=_STEP_TONES.get(StepState(state), Tone.PLAIN) if state in set(StepState) else Tone.PLAIN,
                mark=_word(state),
            ),
            Cell(line(note, 240)),
        )
        for step, state, note in inputs.steps
    )
    failed = len(inputs.failures)
    return TableBlock(
        "Steps of the night",
        (Column("Step", "head"), Column("State", lead=True), Column("Note")),
        (RowGroup("", body),),
        summary=f"{failed} failed" if failed else "none failed",
        folded=not failed,
    )


def _versions(inputs: ReportInputs, options: ReportOptions) -> TableBlock:
    totals: dict[str, int] = {}
    for segment, _, n in inputs.versions:
        totals[segment] = totals.get(segment, 0) + n
    order = {segment: at for at, segment in enumerate(inputs.shown_segments)}
    # With segments known, the whole would only repeat them.
    listed = [v for v in inputs.versions if v[0] != ALL] or list(inputs.versions)
    listed.sort(key=lambda v: (order.get(v[0], len(order)), -v[2], v[1]))
    body = tuple(
        (
            Cell(line(version, 100)),
            Cell(numbers.count(n)),
            Cell(numbers.write(n / totals[segment], "share") if totals[segment] else ""),
            Cell(segment_title(segment)),
        )
        for segment, version, n in listed[: options.max_rows]
    )
    columns = (
        Column("Model version", "head"),
        Column("Interactions", "number", lead=True),
        Column("Share of segment", "number"),
        Column("Segment"),
    )
    return TableBlock(
        "Interactions by model version", columns, (RowGroup("", body),), note=_rest(len(listed) - len(body))
    )


def _word(state: str) -> str:
    return line(state, 20).replace("_", " ").lower()


def _rest(hidden: int) -> str:
    return f"{hidden:,} more not shown." if hidden > 0 else ""
