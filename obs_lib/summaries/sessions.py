"""The sessions of a day as arrays: how long they are, how they end, and where a question had to be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.records import ScoreStatus
from obs_lib.stats.intervals import Floats
from obs_lib.summaries.arrays import UNKNOWN, Codes, failures
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.last_words import complains
from obs_lib.summaries.options import SummaryOptions
from obs_lib.summaries.questions import asked_again, rephrased
from obs_lib.summaries.turns import firsts, lasts, steps_of

_DAY_MS, _MINUTE_MS = 86_400_000, 60_000
_CUT = 0.5


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions as arrays of one length. Verdicts are 1, 0 or UNKNOWN.

    first : position of the first interaction. turns, steps : how many. ended : whether it is over, as far as the day can tell.
    failed, unanswered, refused : of the last interaction; `weight` is 1 / the probability with which that one was scored.
    repeated, rephrased : whether a turn asks again what an earlier one asked, or what the one before it asked in other words.
    retried : whether the turn after a refusal asks the same again, in whatever words. complained : whether the last turn says
    that the answers before it did not help; UNKNOWN of a first turn, and of one in another language than English.
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
    complained: Codes

    def __len__(self) -> int:
        return len(self.first)

    def take(self, chosen: NDArray[np.bool_]) -> Sessions:
        """Some of them."""
        return Sessions(*(getattr(self, item.name)[chosen] for item in fields(self)))


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
    failed = failures(interactions)[last] == 1
    return Sessions(
        first=steps.row[first_steps],
        turns=turns.astype(np.float64),
        ended=ended(interactions["timestamp"], last, options.session_idle_minutes),
        failed=failed.astype(np.int8),
        unanswered=(~failed & (responses == "") & (called == "[]")).astype(np.int8),
        refused=refused[last],
        weight=weight[last],
        repeated=_any(np.where(_later(turn_session), again, UNKNOWN), turn_session),
        rephrased=_any(other_words, turn_session),
        complained=_complaints(interactions.iloc[steps.row[of_turn[lasts(turn_session)]]], turns),
        retried=_any(_retries(refused[steps.row[lasts(steps.turn)]], again, other_words, turn_session), turn_session),
    )


def ended(timestamps: pd.Series, last: NDArray[np.intp], idle_minutes: float) -> NDArray[np.bool_]:
    """Whether each session is over, as far as the day can tell: its last interaction does not start within so many minutes of
    midnight. last : where that stands.
    """
    start_ms = timestamps.dt.as_unit("ms").astype("int64").to_numpy()[last] % _DAY_MS
    return np.asarray(start_ms < _DAY_MS - idle_minutes * _MINUTE_MS)


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


def _complaints(last_turns: pd.DataFrame, turns: NDArray[np.intp]) -> Codes:
    """Of each session what its last turn says of the answers. last_turns : what was asked in them, in order."""
    english = last_turns["prompt_language"].fillna("en").to_numpy(dtype=object) == "en"
    asked = last_turns["prompt"].fillna("").to_numpy(dtype=object)
    said = np.fromiter(map(complains, asked), dtype=np.int8, count=len(asked))
    return np.where(english & (turns > 1), said, UNKNOWN).astype(np.int8)


def _any(verdicts: Codes, session: NDArray[np.intp]) -> Codes:
    """The largest verdict of each session: whether any turn is a hit, UNKNOWN where none is known."""
    found: Codes = np.maximum.reduceat(verdicts.astype(np.int8), firsts(session))
    return found
