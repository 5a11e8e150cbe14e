"""Every distance of a day from its baseline. Measures only; what to make of it is decided in `decision`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from obs_lib import catalogue
from obs_lib.catalogue.distances import (
    ANSWER_DRIFT,
    CHANGE,
    SEMANTIC_DRIFT,
    TOKEN_ADJUSTED,
    TOKEN_KL,
    TOPIC_DRIFT,
)
from obs_lib.drift import change, exchanges, kl, semantic, token_adjusted
from obs_lib.drift.baseline import DaySummary, level_days, window
from obs_lib.drift.change import Comparison, too_few
from obs_lib.drift.evaluator_change import Incomparable
from obs_lib.drift.options import DriftOptions
from obs_lib.records import STAGE_SEGMENTS, TOOL_SEGMENT, Day, Distance, Metric
from obs_lib.stats.exchange_sums import BLOCKS
from obs_lib.stats.word_sums import WORDS, unpack_words

__all__ = ["DaySummary", "Drifted", "measure"]

Drifted = Mapping[tuple[str, str], AbstractSet[Day]]
"""Days whose verdict was itself DRIFTED, by (distance name, segment)."""


def measure(
    today: DaySummary,
    history: Sequence[DaySummary],
    options: DriftOptions,
    drifted: Drifted | None = None,
    away: Incomparable | None = None,
) -> list[Distance]:
    """Measure every segment of `today` against `history` (its ready days, oldest first).

    One distance for the words, one for the answers to the same prompts, one for those to alike ones and one for what is asked
    about (both where prompts and answers have vectors), one for each compared metric that today or the last `window_days`
    have, and one more at equal tokens where tokens explain the metric and the days know them; of a stage of the traces the
    metrics alone. What else cannot be measured is there too, with statistic None and the reason as its note.

    Metrics are compared with all of the history that shows their level (`baseline.level_days`), words and meaning with the
    last `window_days` of it: days that drifted themselves are no baseline for the same distance, or the second bad day would
    look normal beside the first. Days in `away` are no baseline for the metrics of the evaluator that scored them otherwise.
    """
    distances, comparisons = gather(today, history, options, drifted, away)
    return [*distances, *change.changes(comparisons)]


def gather(
    today: DaySummary,
    history: Sequence[DaySummary],
    options: DriftOptions,
    drifted: Drifted | None = None,
    away: Incomparable | None = None,
) -> tuple[list[Distance], list[Comparison]]:
    """What `measure` measures at once, and the metrics' comparisons, which are measured together."""
    recent = set(window(today.day, (day.day for day in history), options.window_days))
    lately_known = [today, *(day for day in history if day.day in recent)]
    names = {name for day in lately_known for name in day.metric_names}
    metrics = list(filter(change.compared, (*catalogue.metrics(), *catalogue.occasional(sorted(names)))))
    distances: list[Distance] = []
    comparisons: list[Comparison] = []
    for segment in today.segments:

        def level(name: str, segment: str = segment, score: str | None = None) -> list[DaySummary]:
            known = [day for day in history if day.day not in (away or {}).get(score or "", ())]
            bad = (drifted or {}).get((name, segment), frozenset())
            args = bad, today.day, options.window_days, options.min_days
            of_level = set(level_days([day.day for day in known], *args))
            return [day for day in known if day.day in of_level]

        def lately(name: str, segment: str = segment) -> list[DaySummary]:
            return [day for day in level(name, segment) if day.day in recent]

        if _of_interactions(segment, today):
            distances.append(_tokens(segment, today, lately(TOKEN_KL.name), options))
            distances.append(_answers(segment, today, lately(SEMANTIC_DRIFT.name), options))
            distances.extend(_exchanges(segment, today, lately, options))
        for metric in metrics:
            if not any(day.metric(metric.name, segment) for day in lately_known):
                continue  # a field that these logs do not have
            days = level(CHANGE + metric.name, score=metric.evaluator)
            found = _change(metric, segment, today, days, options)
            if isinstance(found, Comparison):
                comparisons.append(found)
            else:
                distances.append(found)
            adjusted = _token_adjusted(metric, segment, today, level(TOKEN_ADJUSTED + metric.name), options)
            comparisons.extend([adjusted] if adjusted else [])
    return distances, comparisons


def _of_interactions(segment: str, today: DaySummary) -> bool:
    """Whether a segment slices interactions, not traces or calls; a tag may have the name of a stage's or a tool's segment."""
    other = segment in STAGE_SEGMENTS or segment.startswith(TOOL_SEGMENT)
    return not other or today.metric("requests", segment) is not None


def _tokens(segment: str, today: DaySummary, recent: Sequence[DaySummary], options: DriftOptions) -> Distance:
    current, *before = (_read_tokens(summary, segment) for summary in (today, *recent))
    days = [day for day in before if _enough(day, options)]
    if not _enough(current, options):
        note = f"too few answers or tokens today (needs {options.min_answers} answers, {options.min_tokens} tokens)"
    elif len(days) < options.min_days:
        note = _short_history(len(days), options)
    else:
        return kl.token_kl(segment, current, days)
    return too_few(TOKEN_KL.name, segment, TOKEN_KL.unit, note, [day.day for day in days])


def _read_tokens(summary: DaySummary, segment: str) -> kl.Tokens:
    rows = summary.sketch("tokens", segment)
    counts = kl.decode(bytes(rows["payload"].iloc[0])) if len(rows) else {}
    requests = summary.metric("requests", segment)
    words = summary.sketch("words", segment)
    blocks = unpack_words(bytes(words["payload"].iloc[0])) if len(words) else np.zeros((BLOCKS, WORDS))
    return kl.Tokens(summary.day, counts, blocks, None if requests is None else int(requests[0]))


def _enough(tokens: kl.Tokens, options: DriftOptions) -> bool:
    answers = options.min_answers if tokens.answers is None else tokens.answers
    return bool(tokens.blocks.any()) and tokens.total >= options.min_tokens and answers >= options.min_answers


def _answers(segment: str, today: DaySummary, recent: Sequence[DaySummary], options: DriftOptions) -> Distance:
    current, *before = (
        semantic.decode(summary.day, summary.sketch("answers", segment)) for summary in (today, *recent)
    )
    days = [day for day in before if day.means]
    if len(days) < options.min_days:
        note = _short_history(len(days), options)
    elif (shared := len(semantic.shared_prompts(current, days))) < options.min_prompts:
        note = f"{shared} prompts were asked today and on two baseline days (needs {options.min_prompts})"
    else:
        return semantic.paired_drift(segment, current, days, options.resamples)
    return too_few(SEMANTIC_DRIFT.name, segment, SEMANTIC_DRIFT.unit, note, [day.day for day in days])


def _exchanges(
    segment: str, today: DaySummary, steady: Callable[[str], Sequence[DaySummary]], options: DriftOptions
) -> Iterator[Distance]:
    current = _read_exchanges(today, segment)
    if current is None:
        return  # a day whose prompts or answers have no vectors
    for definition, measured in ((ANSWER_DRIFT, exchanges.answer_drift), (TOPIC_DRIFT, exchanges.topic_drift)):
        window = (_read_exchanges(summary, segment) for summary in steady(definition.name))
        days = [
            day
            for day in window
            if day is not None and day.encoder == current.encoder and day.rows >= options.min_answers
        ]
        if current.rows < options.min_answers:
            note = f"{current.rows} prompts and answers with vectors today (needs {options.min_answers})"
        elif len(days) < options.min_days:
            note = _short_history(len(days), options)
        else:
            yield measured(segment, current, days)
            continue
        yield too_few(definition.name, segment, definition.unit, note, [day.day for day in days])


def _read_exchanges(summary: DaySummary, segment: str) -> exchanges.Exchanges | None:
    kept = summary.exchanges(segment)
    return None if kept is None else exchanges.Exchanges(summary.day, *kept)


def _change(
    metric: Metric, segment: str, today: DaySummary, history: Sequence[DaySummary], options: DriftOptions
) -> Comparison | Distance:
    now = today.metric(metric.name, segment)
    least = change.least_answers(metric, options.min_answers)
    days = change.usable(metric, segment, history, least)
    if now is None:
        note = "no data today"
    elif now.n < least:
        note = f"{now.n} interactions today (needs {least})"
    elif len(days) < options.min_days:
        note = _short_history(len(days), options)
    else:
        return change.comparison(metric, segment, [*days, today], options.min_days)
    return too_few(CHANGE + metric.name, segment, metric.unit, note, [day.day for day in days])


def _token_adjusted(
    metric: Metric, segment: str, today: DaySummary, history: Sequence[DaySummary], options: DriftOptions
) -> Comparison | None:
    if metric.explained_by is None:
        return None
    least = change.least_answers(metric, options.min_answers)
    days = change.usable(metric, segment, history, least)
    known = token_adjusted.explained(metric, segment, days, options.min_answers)
    now = token_adjusted.explained(metric, segment, change.usable(metric, segment, [today], least), options.min_answers)
    if not now or len(known) < options.min_days:
        return None
    return token_adjusted.token_adjusted(metric, segment, known, now[0], options.min_days)


def _short_history(days: int, options: DriftOptions) -> str:
    return f"{days} baseline days with enough data (needs {options.min_days})"
