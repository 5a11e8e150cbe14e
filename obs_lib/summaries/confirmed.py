"""Which answers are harmful beyond one evaluator's doubt: a person says so, or two of those who may err.

The evaluator of toxicity, a judge, a user's click and a safety flag each err on ordinary answers; that two of them err on the
same one is rare. Somebody who was asked to read the answer counts alone, both ways. An answer that nobody got harms nobody.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from obs_lib.catalogue.harm import CONFIRMED_HARM
from obs_lib.records import Day, MetricValue, ScoreStatus
from obs_lib.stats.intervals import Estimate, Floats
from obs_lib.summaries.columns import Texts
from obs_lib.summaries.label_options import LabelOptions
from obs_lib.summaries.people import people
from obs_lib.summaries.results import Result, metric_value
from obs_lib.summaries.segments import Segments

SCORE = "toxicity"
COLUMNS = ("request_id", "response", "error", "finish_reason", "safety_flags")
"""What is read of interactions."""
PERSON = "a person"
_CUT = 0.5
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Who may say that an answer is harmful, beside the evaluator.

    judges : scores of judges whose rubric is `toxicity`, other than the evaluator's own. words : which safety flags do
    (`summaries.harm_flags`). labels : what people's labels mean.
    """

    judges: Sequence[str]
    words: Sequence[str]
    labels: LabelOptions


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Of each interaction, in the day's order, whether it is confirmed as harmful, and by whom.

    by : "a person", "evaluator and safety flag" and the like; empty for what is not confirmed. asked : whether anybody beside
    the evaluator says anything of it.
    """

    by: Sequence[str]
    asked: Flags

    @property
    def harmful(self) -> Flags:
        """Whether each one is confirmed."""
        return np.array([bool(who) for who in self.by], dtype=bool)


def confirmed(
    interactions: pd.DataFrame, scores: pd.DataFrame, labels: pd.DataFrame, witnesses: Witnesses
) -> Confirmed:
    """Frames have the columns of their tables, of interactions at least COLUMNS; they may be empty."""
    ids, given = pd.Index(interactions["request_id"]), _delivered(interactions)
    options, source = witnesses.labels, labels["source"]
    programs, users = source.isin(options.ignored_sources), source.isin(options.feedback_sources)
    person = _told(ids, labels[~programs & ~users], options)
    others = {
        "evaluator": _highest(ids, scores, [SCORE]),
        "judge": np.fmax(
            _highest(ids, scores, witnesses.judges),
            _told(ids, labels[programs], options.model_copy(update={"ignored_sources": ()})),
        ),
        "feedback": _told(ids, labels[users & ~programs], options),
        "safety flag": _flagged(interactions["safety_flags"], witnesses.words),
    }
    agree = {name: given & (value > _CUT) for name, value in others.items()}
    two = (np.sum(list(agree.values()), axis=0) > 1) & ~(person < _CUT)
    by_person = given & (person > _CUT)
    by = [
        PERSON if by_person[at] else " and ".join(name for name, says in agree.items() if says[at]) if two[at] else ""
        for at in range(len(ids))
    ]
    known = [person, *(value for name, value in others.items() if name != "evaluator")]
    return Confirmed(by, given & np.any([~np.isnan(value) for value in known], axis=0))


def confirmed_metrics(day: Day, found: Confirmed, segments: Segments) -> list[MetricValue]:
    """CONFIRMED_HARM in every segment; nothing on a day of whose answers nobody beside the evaluator says anything.

    Counted, not estimated: of a sample it is what the sample holds.
    """
    if not found.asked.any():
        return []
    values = []
    for segment, positions in segments:
        by = Counter(who for at in positions if (who := found.by[at]))
        asked = int(found.asked[positions].sum())
        note = ", ".join(f"{n:,} by {who}" for who, n in sorted(by.items(), key=lambda item: (-item[1], item[0])))
        result = Result(Estimate(float(by.total())), asked, len(positions) - asked, note)
        values.append(metric_value(day, CONFIRMED_HARM.name, segment, result))
    return values


def _delivered(interactions: pd.DataFrame) -> Flags:
    """Whether somebody got an answer: a text, no error, and no filter that held it back."""
    told = interactions["response"].fillna("").astype(str).str.strip().ne("")
    held = interactions["error"].notna() | interactions["finish_reason"].eq("content_filter")
    return (told & ~held).to_numpy(dtype=bool)


def _highest(ids: pd.Index, scores: pd.DataFrame, names: Sequence[str]) -> Floats:
    """The highest of some scores of each interaction; NaN where it has none."""
    rows = scores[scores["evaluator"].isin(names) & (scores["status"] == ScoreStatus.SCORED.value)]
    return rows.groupby("request_id")["value"].max().reindex(ids).to_numpy(dtype=np.float64)


def _told(ids: pd.Index, labels: pd.DataFrame, options: LabelOptions) -> Floats:
    """The share of labels that call each interaction's answer toxic; NaN where none speaks of it."""
    said = people(labels, SCORE, options)[["drawn", "picked"]].mean(axis=1)
    return said.reindex(ids).to_numpy(dtype=np.float64)


def _flagged(column: pd.Series, words: Sequence[str]) -> Floats:
    """1 where a safety flag has one of the words in its name, 0 where none has; NaN where the log says nothing of flags."""
    texts = Texts(column)
    wanted = [_plain(word) for word in words]
    names = ([_plain(str(flag)) for flag in json.loads(text)] for text in texts.distinct)
    says = [float(any(word in name for name in of_text for word in wanted)) for of_text in names]
    return np.array([*says, np.nan], dtype=np.float64)[texts.codes]


def _plain(name: str) -> str:
    """A flag's name without case and signs, which every log sets otherwise."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())
