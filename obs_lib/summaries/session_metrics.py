"""Metrics of sessions: how long they are, how they end, where a question had to be asked again. The session is the unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib import catalogue
from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import Day, Metric, MetricValue
from obs_lib.stats.intervals import Estimate, Floats, share, weighted_mean
from obs_lib.summaries.arrays import UNKNOWN, Codes
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.sessions import Sessions, read_sessions

Measure = Callable[[Sessions], Result]


@dataclass(frozen=True, slots=True)
class OfEachSession:
    """A measure that is the share of some sessions, so that these can be found. verdicts : 1 for them, 0, or UNKNOWN."""

    measure: Measure
    verdicts: Callable[[Sessions], Codes]

    def __call__(self, sessions: Sessions) -> Result:
        """Return what the measure gives."""
        return self.measure(sessions)


def session_metrics(
    day: Day,
    interactions: pd.DataFrame,
    scores: pd.DataFrame,
    vectors: Mapping[str, bytes],
    segments: Segments,
    options: SummaryOptions,
) -> list[MetricValue]:
    """Every metric of sessions in every segment; nothing on a day without a session id.

    A session lies in the segments of its first interaction. Arguments as of `summarise_day`.
    """
    names = Texts(interactions["session_id"])
    if not names.distinct:
        return []
    sessions = read_sessions(interactions, names, scores, vectors, options)
    values = []
    for segment, positions in segments:
        inside = np.zeros(len(interactions), dtype=bool)
        inside[positions] = True
        chosen = sessions.take(inside[sessions.first])
        for group in catalogue.groups("sessions"):
            values += [metric_value(day, one.metric.name, segment, one.measure(chosen)) for one in group.members]
    return values


def _counted(sessions: Sessions) -> Result:
    return Result(Estimate(float(len(sessions))), len(sessions), 0)


def _turns(sessions: Sessions) -> Result:
    if not len(sessions):
        return _none(0, "no sessions")
    value, low, *rest = weighted_mean(sessions.turns)
    return Result(Estimate(value, None if low is None else max(low, 1.0), *rest), len(sessions), 0)


def _share_of(name: str, why: str) -> Measure:
    def verdicts(sessions: Sessions) -> Codes:
        of_name: Codes = getattr(sessions, name)
        return of_name

    def measure(sessions: Sessions) -> Result:
        known = verdicts(sessions) != UNKNOWN
        return _share(verdicts(sessions)[known] == 1, np.ones(int(known.sum())), len(sessions), why)

    return OfEachSession(measure, verdicts)


def _abandoned(*ways: str) -> Measure:
    """The share of ended sessions whose last interaction went wrong in one of these ways; the first that applies counts."""

    def verdicts(sessions: Sessions) -> Codes:
        looked = sessions.refused != UNKNOWN
        known = sessions.ended & looked if looked.any() or "refused" in ways else sessions.ended
        refused = (sessions.refused == 1) & (sessions.failed != 1) & (sessions.unanswered != 1)
        how = {"failed": sessions.failed == 1, "unanswered": sessions.unanswered == 1, "refused": refused}
        return np.where(known, np.any([how[way] for way in ways], axis=0), UNKNOWN).astype(np.int8)

    def measure(sessions: Sessions) -> Result:
        found, looked = verdicts(sessions), (sessions.refused != UNKNOWN).any()
        known = found != UNKNOWN
        weight = sessions.weight[known] if looked else np.ones(int(known.sum()))
        why = "no session ended, or its last answer was not scored" if looked else "refusal was not run"
        return _share(found[known] == 1, weight, len(sessions), why)

    return OfEachSession(measure, verdicts)


def _share(hits: NDArray[np.bool_], weights: Floats, sessions: int, why: str) -> Result:
    if not len(hits):
        return _none(sessions, why)
    return Result(share(hits, weights if (weights != 1).any() else None), len(hits), sessions - len(hits))


def _none(sessions: int, why: str) -> Result:
    return Result(None, 0, sessions, why if sessions else "no sessions")


def _end(way: str, title: str, formula: str) -> MeasuredMetric[Measure]:
    """One of the parts of abandonment, which add up to it."""
    metric = Metric(
        f"session_abandoned_rate:{way}",
        f"Abandoned: {title}",
        "share",
        "lower_is_better",
        None,
        formula,
        part_of="session_abandoned_rate",
        hidden_at_zero=True,
    )
    return MeasuredMetric(metric, _abandoned(way))


SESSIONS: MetricGroup[Measure] = MetricGroup(
    "Sessions",
    "sessions",
    (
        MeasuredMetric(
            Metric("session_count", "Sessions", "count", None, None, "distinct session_id of the day"),
            _counted,
        ),
        MeasuredMetric(
            Metric(
                "session_turns",
                "Turns a session",
                "count",
                None,
                None,
                "mean over sessions of what the person asked; steps after a tool's result belong to their turn",
                extensive=False,
            ),
            _turns,
        ),
        MeasuredMetric(
            Metric(
                "session_abandoned_rate",
                "Sessions abandoned",
                "share",
                "lower_is_better",
                None,
                "share of ended sessions whose last interaction failed, has no answer, or was refused (score over 0.5)",
                family="abandonment",
                smallest_effect=0.03,
                complaint="Sessions end without an answer",
            ),
            _abandoned("failed", "unanswered", "refused"),
        ),
        _end("failed", "failed", "share of ended sessions whose last interaction failed"),
        _end("unanswered", "no answer", "share of ended sessions whose last interaction has neither a text nor a call"),
        _end("refused", "refused", "share of ended sessions whose last interaction is a refusal (score over 0.5)"),
        MeasuredMetric(
            Metric(
                "session_repeat_rate",
                "Questions asked again",
                "share",
                "lower_is_better",
                None,
                "share of sessions of two turns or more in which a turn has the words of an earlier one (case, spaces and "
                "punctuation aside)",
                family="repeated questions",
                smallest_effect=0.03,
                complaint="People ask the same again",
            ),
            _share_of("repeated", "no session has two turns"),
        ),
        MeasuredMetric(
            Metric(
                "session_rephrase_rate",
                "Questions rephrased",
                "share",
                "lower_is_better",
                None,
                "share of sessions with two turns whose questions have vectors in which a turn asks what the one before it "
                "asked, in other words: cosine of summaries.rephrased_cosine or more, the same numbers",
                family="repeated questions",
                smallest_effect=0.05,
                complaint="People rephrase what they asked",
            ),
            _share_of("rephrased", "no two questions of a session have vectors"),
        ),
        MeasuredMetric(
            Metric(
                "session_refusal_retry_rate",
                "Refusals asked again",
                "share",
                "lower_is_better",
                None,
                "share of sessions of two turns or more in which the turn after a refusal (score over 0.5) asks the same, "
                "again or rephrased",
                family="refusal",
                smallest_effect=0.02,
                complaint="People ask again what was refused",
            ),
            _share_of("retried", "no session has two turns, or refusal was not run"),
        ),
        MeasuredMetric(
            Metric(
                "session_complaint_rate",
                "Sessions that end in a complaint",
                "share",
                "lower_is_better",
                None,
                "share of sessions of two turns or more, the last of them in English, whose last turn says that the answers "
                'did not help ("that is not what I asked", "still does not work", "let me talk to a human"), by written cues',
                family="abandonment",
                smallest_effect=0.03,
                complaint="People say that the answers do not help",
            ),
            _share_of("complained", "no session has two turns of which the last is in English"),
        ),
    ),
)
