"""What the numbers do not cover: skipped and failed scores, rejected rows, failed steps; and who answered."""

from __future__ import annotations

from collections.abc import Iterator

from obs_lib.languages import language_name
from obs_lib.records import ALL, ScoreStatus, StepState
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, segment_title
from obs_lib.reporting.tone import Tone
from obs_lib.reporting.unjudged import unmeasured_by

_STEP_TONES = {
    StepState.READY: Tone.GOOD,
    StepState.NO_DATA: Tone.ABSENT,
    StepState.FAILED: Tone.SERIOUS,
    StepState.WRITING: Tone.WARNING,
}


def coverage_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Skipped and failed, quarantine, languages, half read and passed over, repaired values, steps, model versions.

    An empty part of the first two is said in a sentence.
    """
    yield Heading("Skipped, failed, rejected", "coverage", lead="What did not become a number, and why.")
    yield _unscored(inputs, options)
    yield _rejected(inputs, options)
    if inputs.languages:
        yield _languages(inputs, options)
    if inputs.half_read:
        yield _half_read(inputs, options)
    if inputs.passed_over:
        yield _passed_over(inputs, options)
    if inputs.repairs:
        yield _repairs(inputs)
    if inputs.steps:
        yield _steps(inputs)
    yield Heading("Model versions", "versions", lead="Which checkpoints answered.")
    if inputs.versions:
        yield _versions(inputs, options)
    else:
        yield Note("The logs of this day name no model version.", Tone.ABSENT, "No data")


def _unscored(inputs: ReportInputs, options: ReportOptions) -> Block:
    if not inputs.unscored and inputs.without_data:
        return Note("There was no answer to score.", Tone.ABSENT, "No data")
    if not inputs.unscored:
        return Note("Every evaluator scored every answer that it was given.", Tone.GOOD, "Complete")
    # Failures first: somebody has to look at them; a skip is an answer to which the question did not apply.
    ordered = sorted(inputs.unscored, key=lambda r: (r.status is not ScoreStatus.FAILED, -r.n, r.evaluator, r.note))
    body = tuple(
        (
            Cell(line(reason.evaluator, 60)),
            Cell(numbers.count(reason.n)),
            Cell(
                "",
                tone=Tone.SERIOUS if reason.status is ScoreStatus.FAILED else Tone.ABSENT,
                mark=reason.status.value.lower(),
            ),
            Cell(line(reason.note, 240) or "no reason given"),
        )
        for reason in ordered[: options.max_rows]
    )
    columns = (Column("Evaluator", "head"), Column("Scores", "number", lead=True), Column("Status"), Column("Reason"))
    return TableBlock("Scores skipped or failed", columns, (RowGroup("", body),), note=_rest(len(ordered) - len(body)))


def _languages(inputs: ReportInputs, options: ReportOptions) -> Block:
    """One language that every evaluator knows is a sentence, several are a table."""
    answers, known = sum(one.n for one in inputs.languages), unmeasured_by(inputs)
    ordered = sorted(inputs.languages, key=lambda one: (-one.n, one.code))
    if len(ordered) == 1 and not known:
        text = (
            f"All {numbers.count(answers)} answers whose language can be told are in {language_name(ordered[0].code)}."
        )
        return Note(text, Tone.GOOD, "One language")
    body = tuple(
        (
            Cell(language_name(one.code)),
            Cell(numbers.count(one.n)),
            Cell(numbers.write(one.n / answers, "share")),
            Cell(
                line(", ".join(known.get(one.code, [])), 240) or "none",
                tone=Tone.NOTICE if one.code in known else Tone.PLAIN,
            ),
        )
        for one in ordered[: options.max_rows]
    )
    columns = (
        Column("Language", "head"),
        Column("Answers", "number", lead=True),
        Column("Share", "number"),
        Column("Evaluators not measured on it"),
    )
    return TableBlock("Languages of the answers", columns, (RowGroup("", body),), note=_rest(len(ordered) - len(body)))


def _rejected(inputs: ReportInputs, options: ReportOptions) -> Block:
    if not inputs.rejected_count:
        return Note("Every input row could be read; none was rejected.", Tone.GOOD, "Nothing rejected")
    body = tuple(
        (
            Cell(line(row.file, 120)),
            Cell("" if row.line is None else numbers.count(row.line)),
            Cell(line(row.reason, 240)),
        )
        for row in inputs.rejected[: options.max_rows]
    )
    columns = (Column("File", "head"), Column("Line", "number", lead=True), Column("Reason"))
    caption = f"{numbers.plural(inputs.rejected_count, 'input row')} rejected"
    return TableBlock(caption, columns, (RowGroup("", body),), note=_rest(inputs.rejected_count - len(body)))


def _half_read(inputs: ReportInputs, options: ReportOptions) -> TableBlock:
    body = tuple(
        (
            Cell(line(calls.dialect, 60)),
            Cell(numbers.count(calls.n)),
            Cell(line(", ".join(calls.unread), 400) or "none"),
        )
        for calls in inputs.half_read[: options.max_rows]
    )
    columns = (Column("Dialect", "head"), Column("Interactions", "number", lead=True), Column("Seen and not read"))
    caption = "Tokens without texts"
    return TableBlock(caption, columns, (RowGroup("", body),), note=_rest(len(inputs.half_read) - len(body)))


def _passed_over(inputs: ReportInputs, options: ReportOptions) -> TableBlock:
    body = tuple(
        (Cell(line(calls.what, 100)), Cell(numbers.count(calls.n)), Cell(line(f"{calls.file}:{calls.line}", 160)))
        for calls in inputs.passed_over[: options.max_rows]
    )
    columns = (Column("Call", "head"), Column("Calls", "number", lead=True), Column("First"))
    return TableBlock(
        "Calls that are no interaction",
        columns,
        (RowGroup("", body),),
        note=_rest(len(inputs.passed_over) - len(body)),
        summary=f"{numbers.count(sum(calls.n for calls in inputs.passed_over))} passed over",
        folded=True,
    )


def _repairs(inputs: ReportInputs) -> TableBlock:
    body = tuple(
        (Cell(line(repair.rule, 60)), Cell(numbers.count(repair.n)), Cell(line(repair.does, 160)))
        for repair in sorted(inputs.repairs, key=lambda repair: (-repair.n, repair.rule))
    )
    columns = (Column("Rule", "head"), Column("Interactions", "number", lead=True), Column("What it does"))
    return TableBlock("Mended values", columns, (RowGroup("", body),))


def _steps(inputs: ReportInputs) -> TableBlock:
    body = tuple(
        (
            Cell(line(step.step, 40)),
            Cell("", tone=_STEP_TONES[step.state], mark=step.state.value.replace("_", " ").lower()),
            Cell(line(step.note, 240)),
        )
        for step in inputs.steps
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
    for counted in inputs.versions:
        totals[counted.segment] = totals.get(counted.segment, 0) + counted.n
    order = {segment: at for at, segment in enumerate(inputs.shown_segments)}
    # With segments known, the whole would only repeat them.
    listed = [v for v in inputs.versions if v.segment != ALL] or list(inputs.versions)
    listed.sort(key=lambda v: (order.get(v.segment, len(order)), -v.n, v.version))
    body = tuple(
        (
            Cell(line(v.version, 100)),
            Cell(numbers.count(v.n)),
            Cell(numbers.write(v.n / totals[v.segment], "share") if totals[v.segment] else ""),
            Cell(segment_title(v.segment)),
        )
        for v in listed[: options.max_rows]
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


def _rest(hidden: int) -> str:
    return f"{hidden:,} more not shown." if hidden > 0 else ""
