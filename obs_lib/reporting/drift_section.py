"""How far the day stands from its baseline, each distance beside what chance alone gives."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence

from obs_lib.catalogue.distances import is_change
from obs_lib.records import ALL, DriftVerdict
from obs_lib.reporting import numbers
from obs_lib.reporting.blocks import Block, Heading, Note
from obs_lib.reporting.drift_charts import distance_chart
from obs_lib.reporting.drift_tables import distance_table, moved_table
from obs_lib.reporting.drift_words import changed_title
from obs_lib.reporting.inputs import ReportInputs
from obs_lib.reporting.numbers import number
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, segment_title
from obs_lib.reporting.table_rows import TableRow
from obs_lib.reporting.tone import Tone
from obs_lib.reporting.topic_notes import topic_notes


def drift_section(inputs: ReportInputs, options: ReportOptions) -> Iterator[Block]:
    """Distances by segment, their history, and the metrics that the decision calls changed."""
    yield Heading(
        "Drift",
        "drift",
        lead="A distance between two days is never zero. It means something only beside the distance that "
        "chance alone gives when nothing has changed.",
    )
    today = {(name, segment): row for (day, name, segment), row in inputs.distances.items() if day == inputs.iso}
    if not today:
        yield Note("There was nothing to compare on this day.", Tone.ABSENT, "No comparison")
        return
    yield _basis(today.values())
    chart = distance_chart(inputs, options)
    if chart.panels:
        yield chart
    segments = inputs.shown_segments[: 2 * options.max_segments]
    for name in dict.fromkeys(name for name, _ in today if not is_change(name)):
        compared = [today[(name, segment)] for segment in segments if (name, segment) in today]
        if compared:
            yield distance_table(name, compared)
    changes = [row for (name, _), row in today.items() if is_change(name)]
    moved = [row for row in changes if row["verdict"] == DriftVerdict.DRIFTED]
    if moved:
        yield moved_table(
            sorted(moved, key=lambda r: (number(r["p_adjusted"]) or 0.0, r["name"], r["segment"])), options
        )
    else:
        tested = sum(row["verdict"] != DriftVerdict.TOO_FEW for row in changes)
        if tested:
            yield Note(f"None of {numbers.plural(tested, 'metric comparison')} found a change.", Tone.GOOD, "Stable")
    yield from topic_notes(inputs)
    if explained := [row for row in changes if row["verdict"] == DriftVerdict.EXPLAINED]:
        yield _explained(explained)


def baseline_days(row: TableRow) -> list[str]:
    """The days in a row's `baseline_days`, a JSON list of (day, digests of its summary), oldest first."""
    return sorted(day for day, _ in json.loads(row["baseline_days"]))


def _basis(today: Collection[TableRow]) -> Note:
    days = max((baseline_days(row) for row in today), key=len)
    early = [row for row in today if row["verdict"] == DriftVerdict.TOO_FEW]
    text = "There is no day to serve as a baseline."
    if days:
        first, last = numbers.long_day(days[0]), numbers.long_day(days[-1])
        text = f"The baseline is {numbers.plural(len(days), 'day')}, {first} to {last}."
    if len(early) == len(today):
        why = next((line(row["note"], 160) for row in early if row["note"]), "")
        return Note(
            f"Too early for a comparison. {text}{' ' + _sentence(why) if why else ''}", Tone.NOTICE, "Too early"
        )
    level = next((found for row in today if (found := number(row["level"])) is not None), None)
    text += (
        " p-values are adjusted over all metrics and segments of the day together, so that a quiet night stays quiet"
    )
    text += f": it gives a false alarm with a chance of at most {numbers.write(level, 'share')}." if level else "."
    return Note(text)


def _explained(changes: Sequence[TableRow]) -> Note:
    """Changes that longer or shorter prompts and answers explain: nobody is told of them elsewhere."""
    where: dict[str, list[str]] = {}
    for row in sorted(changes, key=lambda row: (row["segment"] != ALL, row["segment"], row["name"])):
        where.setdefault(segment_title(row["segment"]), []).append(changed_title(row))
    listed = "; ".join(f"{segment}: {', '.join(titles)}" for segment, titles in where.items())
    return Note(
        f"At equal tokens these are as before, so the length of prompts and answers explains their change. {listed}.",
        Tone.NOTICE,
        "Explained by tokens",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
