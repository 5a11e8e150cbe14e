"""The report of two versions side by side, over any days."""

from __future__ import annotations

from itertools import groupby

from obs_lib.catalogue.distances import title_of
from obs_lib.reporting import html, numbers
from obs_lib.reporting.blocks import Block, Document, Fact, Facts, Heading, Note, Verdict
from obs_lib.reporting.options import ReportOptions
from obs_lib.reporting.safe import line, segment_title
from obs_lib.reporting.tone import Tone
from obs_lib.reporting.version_parts import ComparedVersions
from obs_lib.reporting.versions_section import DIFFERS, UNSURE, WHOSE, counted, tables

_NAMED = 4
_HOW = (
    ("all answers", "both as they came: whatever else differs between the answers is part of the difference"),
    ("mix", "what of that difference another mix of segments makes, segments that only one has included"),
    (
        "same mix",
        "what is left of it, all answers = mix + same mix: both weighted to the mean of their mixes (Kitagawa 1955)",
    ),
    ("same prompts", "prompts that both answered within the same segments, pair by pair"),
)


def versions_page(compared: ComparedVersions, options: ReportOptions) -> str:
    """The HTML page; the same in gives the same bytes."""
    return html.render(versions_document(compared, options))


def versions_document(compared: ComparedVersions, options: ReportOptions) -> Document:
    """What the page says: a verdict, who was compared with whom, and the metrics."""
    blocks: list[Block] = [_who(compared)]
    if not compared.share_a_day:
        why = "No day has answers of both: whatever else changed between their days is part of the differences."
        blocks.append(Note(why, Tone.WARNING, "Other days"))
    blocks.append(Heading("Metric by metric", "metrics", lead=counted(compared)))
    blocks += tables(compared, options)
    blocks.append(Heading("How they are compared", "method"))
    blocks.append(Facts(tuple(Fact(name, words) for name, words in _HOW)))
    days = compared.days
    return Document(options.title, days[-1], _verdict(compared), tuple(blocks), days[0])


def _who(compared: ComparedVersions) -> Facts:
    def of(name: str, n: int, days: int) -> Fact:
        return Fact(line(name, 80), numbers.plural(n, "answer"), numbers.plural(days, "day"))

    return Facts(
        (
            of(compared.a, compared.n_a, len(compared.days_a)),
            of(compared.b, compared.n_b, len(compared.days_b)),
            Fact("Answered by both", numbers.plural(compared.prompts, "prompt")),
            Fact("Among", segment_title(compared.segment)),
        ),
        "headline",
    )


def _verdict(compared: ComparedVersions) -> Verdict:
    of_metric = {
        name: {one.verdict for one in lines} for name, lines in groupby(compared.lines, key=lambda one: one.metric)
    }
    apart = [title_of(name) for name, verdicts in of_metric.items() if DIFFERS in verdicts]
    tested = sum(bool(verdicts - {"", "too few"}) for verdicts in of_metric.values())
    names = f"{WHOSE[compared.by].capitalize()} {line(compared.b, 80)} beside {line(compared.a, 80)}"
    if not tested:
        return Verdict(f"{names}: too few answers to compare anything.", Tone.ABSENT, "Too few")
    if apart:
        named = ", ".join(apart[:_NAMED]) + (f" and {len(apart) - _NAMED} more" if len(apart) > _NAMED else "")
        return Verdict(
            f"{names}: {len(apart)} of {numbers.plural(tested, 'metric')} differ ({named}).", Tone.SERIOUS, "Differs"
        )
    unsure = sum(UNSURE in verdicts for verdicts in of_metric.values())
    more = f"; {unsure} might, had nothing else been looked at" if unsure else ""
    return Verdict(
        f"{names}: no difference is shown in {numbers.plural(tested, 'metric')}{more}.", Tone.GOOD, "None shown"
    )
