"""Two versions that answered on one day, or on some days, metric by metric."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from obs_lib.catalogue.distances import title_of
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note, TableBlock
from obs_lib.reporting.cells import Cell, Column, RowGroup
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, segment_title
from obs_lib.reporting.tone import Tone
from obs_lib.reporting.version_parts import ComparedVersions, VersionLine
from obs_lib.stats.intervals import Estimate

DIFFERS, UNSURE = "differs", "unsure"
WHOSE = {"model_version": "model", "prompt_version": "prompt"}
_TONES = {DIFFERS: Tone.SERIOUS, UNSURE: Tone.NOTICE, "none shown": Tone.GOOD, "too few": Tone.ABSENT}
_NAME = 40  # characters of a version's name in a table


def versions_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Nothing at all on a day on which one version answered."""
    if not inputs.compared_versions:
        return
    yield Heading(
        "Versions side by side",
        "side-by-side",
        lead="Versions that answered on this day, the two commonest, in the order of their names. Differences are the second "
        "minus the first. Nobody is paged by them.",
    )
    for compared in inputs.compared_versions:
        yield Note(counted(compared))
        yield from tables(compared, options)


def counted(compared: ComparedVersions) -> str:
    """What was compared, in a sentence or two."""
    where = "" if compared.segment == "all" else f" in {segment_title(compared.segment)}"
    asked = numbers.plural(compared.prompts, "prompt")
    return (
        f"{numbers.plural(compared.n_a, 'answer')} of {WHOSE[compared.by]} {line(compared.a, 80)} and "
        f"{compared.n_b:,} of {line(compared.b, 80)}{where}; {asked} answered by both. Intervals hold 95%; the chance of any "
        f"false difference among all of these tests is {numbers.bare(numbers.write(compared.false_alarms, 'share'))}."
    )


def tables(compared: ComparedVersions, options: ReportOptions) -> Iterator[TableBlock]:
    """The metrics that differ, and folded those of which no difference is shown; those of too few answers are counted."""
    metrics = [(name, list(lines)) for name, lines in groupby(compared.lines, key=lambda one: one.metric)]
    apart = [pair for pair in metrics if _says(pair[1], DIFFERS) or _says(pair[1], UNSURE)]
    measured = [pair for pair in metrics if pair not in apart and any(one.difference for one in pair[1])]
    few = len(metrics) - len(apart) - len(measured)
    if apart:
        differing = sum(_says(lines, DIFFERS) for _, lines in apart)
        yield _table(
            "Where they differ",
            compared,
            apart,
            options,
            f"{differing} of {numbers.plural(len(apart) + len(measured), 'metric')}",
        )
    note = f"{numbers.plural(few, 'more metric')} of too few answers." if few else ""
    if measured:
        yield _table("No difference shown", compared, measured, options, numbers.plural(len(measured), "metric"), note)


def _says(lines: Sequence[VersionLine], verdict: str) -> bool:
    return any(one.verdict == verdict for one in lines)


def _table(
    caption: str,
    compared: ComparedVersions,
    metrics: Sequence[tuple[str, list[VersionLine]]],
    options: ReportOptions,
    summary: str,
    note: str = "",
) -> TableBlock:
    columns = (
        Column("Compared on", "head"),
        Column(line(compared.a, _NAME), "number"),
        Column(line(compared.b, _NAME), "number"),
        Column("Difference", "number"),
        Column("p, adjusted", "number"),
        Column("Verdict", "text"),
        Column("n", "number"),
    )
    shown = metrics[: options.max_rows]
    groups = tuple(RowGroup(title_of(name), tuple(map(_row, lines))) for name, lines in shown)
    left = (
        f"{numbers.plural(len(metrics) - len(shown), 'more metric')} left out for length."
        if len(shown) < len(metrics)
        else ""
    )
    tone = Tone.SERIOUS if any(_says(lines, DIFFERS) for _, lines in metrics) else Tone.PLAIN
    quiet = not any(_says(lines, verdict) for _, lines in metrics for verdict in (DIFFERS, UNSURE))
    return TableBlock(caption, columns, groups, summary, tone, folded=quiet, note=" ".join(filter(None, (left, note))))


def _row(one: VersionLine) -> tuple[Cell, ...]:
    apart = one.difference
    smallest = one.detectable if one.verdict == "none shown" else None
    return (
        Cell(one.on),
        _level(one.a, one.unit),
        _level(one.b, one.unit),
        Cell(one.note, tone=Tone.ABSENT)
        if apart is None
        else Cell(numbers.change(apart.value, one.unit), _ends(apart.low, apart.high, one.unit)),
        Cell("" if one.p_adjusted is None else numbers.p_value(one.p_adjusted)),
        Cell(
            "",
            () if smallest is None else (f"{numbers.change(smallest, one.unit).lstrip('+')} would have shown",),
            _TONES.get(one.verdict, Tone.PLAIN),
            one.verdict,
        ),
        Cell(f"{one.n_a:,} / {one.n_b:,}" if one.n_a != one.n_b else f"{one.n_a:,}"),
    )


def _level(estimate: Estimate | None, unit: str) -> Cell:
    if estimate is None:
        return Cell("")
    ends = numbers.interval(estimate.low, estimate.high, unit)
    return Cell(numbers.write(estimate.value, unit), (ends,) if ends else ())


def _ends(low: float | None, high: float | None, unit: str) -> tuple[str, ...]:
    if low is None or high is None:
        return ()
    return (f"{numbers.change(low, unit)} to {numbers.change(high, unit)}",)
