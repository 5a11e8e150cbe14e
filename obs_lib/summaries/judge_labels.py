"""A day's labelled answers of each judge, from which its biases are measured.

A sketch of kind "judge" is one judge: key its score's name, n its labelled answers, payload JSON of `JudgeLabels`. It keeps a
few numbers an answer and no text, so that days can be put together and the robust interval, which needs every answer's
leverage, taken over all of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from obs_lib.catalogue import one_is_bad
from obs_lib.records import ALL, ScoreStatus
from obs_lib.summaries.judge_bias import Bias, family_bias, family_of, length_bias
from obs_lib.summaries.label_options import LabelOptions
from obs_lib.summaries.people import people
from obs_lib.summaries.sketches import Sketch

KIND = "judge"
_MOST = 2_000  # answers of a judge and day; labels that people draw are fewer, clicks of users need not be
_DIGITS = 6


class Answer(NamedTuple):
    """One labelled answer.

    value, label : the judge's and people's, in [0, 1], turned so that 1 is the better one. length : characters, at least 1.
    own : 1 where the answer is of a model of the judge's family, 0 where not, None where that is unknown.
    weight : 1 / probability with which it was drawn for labelling; None where it was not drawn at random.
    """

    value: float
    label: float
    length: int
    own: int | None
    weight: float | None


@dataclass(frozen=True)
class JudgeLabels:
    """The labelled answers of one judge. version : the evaluator's, which begins with the model's name."""

    model: str
    version: str
    answers: tuple[Answer, ...]

    @property
    def drawn(self) -> bool:
        """Whether any label was drawn at random."""
        return any(answer.weight is not None for answer in self.answers)

    @property
    def counted(self) -> tuple[Answer, ...]:
        """The answers that biases rest on: those drawn at random, and the others only where there are none of these."""
        drawn = tuple(answer for answer in self.answers if answer.weight is not None)
        return drawn or self.answers

    def length(self) -> Bias | None:
        """Length bias of the answers that count; None where they cannot carry it."""
        value, label, length, _, weight = self._columns()
        return length_bias(value, label, length, weight)

    def family(self) -> Bias | None:
        """Kindness to answers of its own family; None where they cannot carry it."""
        value, label, _, own, weight = self._columns()
        return family_bias(value, label, [None if same is None else bool(same) for same in own], weight)

    def encode(self) -> bytes:
        """As JSON."""
        stored = {"model": self.model, "version": self.version, "answers": self.answers}
        return json.dumps(stored, sort_keys=True, separators=(",", ":")).encode()

    def _columns(self) -> tuple[Sequence[float], Sequence[float], Sequence[int], Sequence[int | None], Sequence[float]]:
        counted = self.counted
        return (
            [answer.value for answer in counted],
            [answer.label for answer in counted],
            [answer.length for answer in counted],
            [answer.own for answer in counted],
            [1.0 if answer.weight is None else answer.weight for answer in counted],
        )


def decode(payload: bytes) -> JudgeLabels:
    """The inverse of `JudgeLabels.encode`."""
    stored = json.loads(payload)
    return JudgeLabels(stored["model"], stored["version"], tuple(Answer(*answer) for answer in stored["answers"]))


def latest(days: Sequence[JudgeLabels]) -> JudgeLabels:
    """One judge's days (at least one, oldest first) put together: those of the last one's version, as others err otherwise."""
    last = days[-1]
    same = [labels.answers for labels in days if labels.version == last.version]
    return JudgeLabels(last.model, last.version, tuple(answer for answers in same for answer in answers))


def judge_labels(
    interactions: pd.DataFrame,
    scores: pd.DataFrame,
    labels: pd.DataFrame,
    judges: Mapping[str, str],
    options: LabelOptions,
) -> Iterator[Sketch]:
    """The sketches of every judge with a labelled answer. judges : the model by the name of its score."""
    for score, model in sorted(judges.items()):
        judged = scores[(scores["evaluator"] == score) & (scores["status"] == ScoreStatus.SCORED.value)]
        # Another model's scores or a local evaluator's say nothing of this judge.
        judged = judged[judged["version"].str.startswith(f"{model}/")]
        answered = interactions[["request_id", "response", "model_version"]]
        joined = judged.merge(answered, on="request_id").merge(
            people(labels, score, options), left_on="request_id", right_index=True, suffixes=("", "_label")
        )
        if joined.empty:
            continue
        answers = tuple(_answer(row, model, one_is_bad(score)) for row in _chosen(joined).to_dict("records"))
        yield KIND, ALL, score, len(answers), JudgeLabels(model, str(joined["version"].iloc[0]), answers).encode()


def _chosen(joined: pd.DataFrame) -> pd.DataFrame:
    """At most `_MOST` answers, in the order of their hashed ids, which is one of chance; those drawn at random first."""
    hashed = joined["request_id"].map(lambda name: hashlib.sha256(str(name).encode()).hexdigest())
    ordered = joined.assign(picked_only=joined["drawn"].isna(), hashed=hashed).sort_values(["picked_only", "hashed"])
    drawn = int((~ordered["picked_only"]).sum())
    scale = max(1.0, drawn / _MOST)  # each drawn answer that is kept stands for so many
    return ordered.head(_MOST).assign(scale=scale)


def _answer(row: Mapping[Any, Any], model: str, turned: bool) -> Answer:
    def good(value: float) -> float:
        return round(float(1.0 - value if turned else value), _DIGITS)

    drawn = not np.isnan(row["drawn"])
    version = row["model_version"]
    judges, answers = family_of(model), family_of(version) if isinstance(version, str) else None
    return Answer(
        value=good(row["value"]),
        label=good(row["drawn"] if drawn else row["picked"]),
        length=max(1, len(str(row["response"]))),
        own=int(judges == answers) if judges and answers else None,
        weight=round(row["scale"] / row["inclusion_probability_label"], _DIGITS) if drawn else None,
    )
