"""Sessions of a day: how long they are, how they end, and where a question had to be asked again. The session is the unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib import catalogue
from obs_lib.catalogue.groups import MeasuredMetric, MetricGroup
from obs_lib.records import Day, Metric, MetricValue, ScoreStatus
from obs_lib.stats.intervals import Estimate, Floats, share, weighted_mean
from obs_lib.summaries.arrays import UNKNOWN, Codes, failures
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.questions import asked_again, rephrased
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.segments import Segments
from obs_lib.summaries.turns import firsts, lasts, steps_of

_DAY_MS, _MINUTE_MS = 86_400_000, 60_000
_CUT = 0.5


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions as arrays of one length. Verdicts are 1, 0 or UNKNOWN.

    first : position of the first interaction. turns, steps : how many. ended : whether it is over, as far as the day can tell.
    failed, unanswered, refused : of the last interaction; `weight` is 1 / the probability with which that one was scored.
    repeated, rephrased : whether a turn asks again what an earlier one asked, or what the one before it asked in other words.
    retried : whether the turn after a refusal asks the same again, in whatever words.
    """

    first: NDArray[np.intp]
    turns: Floats
    ended: NDArray[np.bool_]
    failed: Codes
    unanswered: Codes
    refused: Codes
    weight: Floats
    repeated: Codes
    rephrased: Codes
    retried: Codes

    def __len__(self) -> int:
        return len(self.first)

    def take(self, chosen: NDArray[np.bool_]) -> Sessions:
        """Some of them."""
        return Sessions(*(getattr(self, item.name)[chosen] for item in fields(self)))


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


def read_sessions(
    interactions: pd.DataFrame,
    names: Texts,
    scores: pd.DataFrame,
    vectors: Mapping[str, bytes],
    options: SummaryOptions,
) -> Sessions:
    """The sessions of a day's interactions. names : the column `session_id`."""
    steps = steps_of(interactions, names)
    first_steps, last_steps = firsts(steps.session), lasts(steps.session)
    refused, weight = _refusals(interactions, scores)
    of_turn = firsts(steps.turn)
    turn_session = steps.session[of_turn]
    questions = Texts(interactions["prompt"].iloc[steps.row[of_turn]])
    again = asked_again(questions, turn_session)
    other_words = rephrased(questions, turn_session, vectors, options.rephrased_cosine)
    last = steps.row[last_steps]
    responses = interactions["response"].iloc[last].fillna("").str.strip().to_numpy(dtype=object)
    called = interactions["tool_calls"].iloc[last].fillna("[]").to_numpy(dtype=object)
    turns = np.bincount(turn_session, minlength=len(last))
    start_ms = interactions["timestamp"].dt.as_unit("ms").astype("int64").to_numpy()[last] % _DAY_MS
    failed = failures(interactions)[last] == 1
    return Sessions(
        first=steps.row[first_steps],
        turns=turns.astype(np.float64),
        ended=start_ms < _DAY_MS - options.session_idle_minutes * _MINUTE_MS,
        failed=failed.astype(np.int8),
        unanswered=(~failed & (responses == "") & (called == "[]")).astype(np.int8),
        refused=refused[last],
        weight=weight[last],
        repeated=_any(np.where(_later(turn_session), again, UNKNOWN), turn_session),
        rephrased=_any(other_words, turn_session),
        retried=_any(_retries(refused[steps.row[lasts(steps.turn)]], again, other_words, turn_session), turn_session),
    )


def _refusals(interactions: pd.DataFrame, scores: pd.DataFrame) -> tuple[Codes, Floats]:
    """Of each interaction whether it was refused, UNKNOWN where nobody looked, and 1 / the probability that somebody did.

    What a refusal cannot be found in (a failed request, an empty answer) is none.
    """
    looked = scores[(scores["evaluator"] == "refusal") & (scores["status"] != ScoreStatus.FAILED.value)]
    at = pd.Index(interactions["request_id"]).get_indexer(looked["request_id"])
    known = at >= 0
    refused, weight = np.full(len(interactions), UNKNOWN, dtype=np.int8), np.ones(len(interactions))
    values = looked["value"].to_numpy(dtype=np.float64, na_value=np.nan)
    refused[at[known]] = (values > _CUT)[known]
    weight[at[known]] = 1.0 / looked["inclusion_probability"].to_numpy(dtype=np.float64)[known]
    return refused, weight


def _later(session: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Whether each turn has one before it in its session."""
    return np.asarray(np.diff(session, prepend=-1) == 0)


def _retries(refused: Codes, again: Codes, other_words: Codes, session: NDArray[np.intp]) -> Codes:
    """Of each turn whether it asks anew what was refused just before; UNKNOWN of a first one, and where nobody looked."""
    before = np.roll(refused, 1)
    asked = (again == 1) | (other_words == 1)
    return np.where(_later(session) & (before != UNKNOWN), (before == 1) & asked, UNKNOWN).astype(np.int8)


def _any(verdicts: Codes, session: NDArray[np.intp]) -> Codes:
    """The largest verdict of each session: whether any turn is a hit, UNKNOWN where none is known."""
    found: Codes = np.maximum.reduceat(verdicts.astype(np.int8), firsts(session))
    return found


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
            Metric("sessions", "Sessions", "count", None, None, "distinct session_id of the day"),
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
    ),
)
