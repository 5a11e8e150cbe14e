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
from obs_lib.drift.baseline import DaySummary
from obs_lib.drift.change import too_few
from obs_lib.drift.evaluator_change import Incomparable
from obs_lib.drift.options import DriftOptions
from obs_lib.records import STAGE_SEGMENTS, Day, Distance, Metric
from obs_lib.stats.exchange_sums import BLOCKS
from obs_lib.stats.word_sums import WORDS, unpack_words

__all__ = ["DaySummary", "Drifted", "measure"]

Drifted = Mapping[tuple[str, str], AbstractSet[Day]]
"""Days whose verdict was itself DRIFTED, by (distance name, segment)."""


def measure(
    today: DaySummary,
    window: Sequence[DaySummary],
    options: DriftOptions,
    drifted: Drifted | None = None,
    away: Incomparable | None = None,
) -> list[Distance]:
    """Measure every segment of `today` against `window` (its ready days, oldest first).

    One distance for the words, one for the answers to the same prompts, one for those to alike ones and one for what is asked
    about (both where prompts and answers have vectors), one for each compared metric that today or the window has, and one
    more at equal tokens where tokens explain the metric and both days and window know them; of a stage of the traces
    the metrics alone. What else cannot be measured is there too, with statistic None and the reason as its note.

    Days that drifted themselves are no baseline for the same distance, or the second bad day would look normal beside the
    first. Once fewer than `min_days` others are left in the window, the new level is the baseline. Days in `away` are no
    baseline for the metrics of the evaluator that scored them otherwise.
    """
    distances: list[Distance] = []
    metrics = (
        *catalogue.metrics(),
        *catalogue.occasional(name for day in (today, *window) for name in day.metric_names),
    )
    for segment in today.segments:

        def steady(name: str, segment: str = segment, score: str | None = None) -> Sequence[DaySummary]:
            known = [day for day in window if day.day not in (away or {}).get(score or "", ())]
            bad = (drifted or {}).get((name, segment), frozenset())
            days = [day for day in known if day.day not in bad]
            return days if len(days) >= options.min_days else known

        if _of_interactions(segment, today):
            distances.append(_tokens(segment, today, steady(TOKEN_KL.name), options))
            distances.append(_answers(segment, today, steady(SEMANTIC_DRIFT.name), options))
            distances.extend(_exchanges(segment, today, steady, options))
        distances.extend(
            distance
            for metric in filter(change.compared, metrics)
            for distance in (
                *_change(metric, segment, today, steady(CHANGE + metric.name, score=metric.evaluator), options),
                *_token_adjusted(metric, segment, today, steady(TOKEN_ADJUSTED + metric.name), options),
            )
        )
    return distances


def _of_interactions(segment: str, today: DaySummary) -> bool:
    """Whether a segment slices the interactions and not the traces; a tag may have the name of a stage's segment."""
    return segment not in STAGE_SEGMENTS or today.metric("requests", segment) is not None


def _tokens(segment: str, today: DaySummary, window: Sequence[DaySummary], options: DriftOptions) -> Distance:
    current, *before = (_read_tokens(summary, segment) for summary in (today, *window))
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


def _answers(segment: str, today: DaySummary, window: Sequence[DaySummary], options: DriftOptions) -> Distance:
    current, *before = (
        semantic.decode(summary.day, summary.sketch("answers", segment)) for summary in (today, *window)
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
    metric: Metric, segment: str, today: DaySummary, window: Sequence[DaySummary], options: DriftOptions
) -> Iterator[Distance]:
    now = today.metric(metric.name, segment)
    if now is None and not any(day.metric(metric.name, segment) for day in window):
        return  # a field that these logs do not have
    least = change.least_answers(metric, options.min_answers)
    days = change.usable(metric, segment, window, least)
    if now is None:
        note = "no data today"
    elif now[2] < least:
        note = f"{now[2]} interactions today (needs {least})"
    elif len(days) < options.min_days:
        note = _short_history(len(days), options)
    else:
        yield change.metric_change(metric, segment, today, days)
        return
    yield too_few(CHANGE + metric.name, segment, metric.unit, note, [day.day for day in days])


def _token_adjusted(
    metric: Metric, segment: str, today: DaySummary, window: Sequence[DaySummary], options: DriftOptions
) -> Iterator[Distance]:
    if metric.explained_by is None:
        return
    least = change.least_answers(metric, options.min_answers)
    days = change.usable(metric, segment, window, least)
    known = token_adjusted.explained(metric, segment, days, options.min_answers)
    now = token_adjusted.explained(metric, segment, change.usable(metric, segment, [today], least), options.min_answers)
    if now and len(known) >= options.min_days:
        yield token_adjusted.token_adjusted(metric, segment, now[0], known)


def _short_history(days: int, options: DriftOptions) -> str:
    return f"{days} baseline days with enough data (needs {options.min_days})"
