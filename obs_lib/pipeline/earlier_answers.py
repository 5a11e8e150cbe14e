"""What the service answered before an incident to what it is asked now: an answer of a baseline day beside one of today.

To the same prompt where it was asked then, else to the nearest one by the vectors that evaluators left in the lake.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from obs_lib.alerts.place import Place
from obs_lib.lake.tables import EMBEDDINGS, INTERACTIONS, SCORES
from obs_lib.models.vectors import text_hash
from obs_lib.pipeline.request_places import inside, segments_of
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, ScoreStatus
from obs_lib.reporting.parts import EarlierAnswer
from obs_lib.summaries.segments import SLICED

_NEAR = 0.5  # cosine of two prompts below which one is no version of the other
_DIGITS = 4  # of a cosine, so that equal ones are equal on every machine
_STORED = np.dtype("<f2")

Vector = NDArray[np.float32]


class EarlierAnswers:
    """Scored answers of one baseline day in a place.

    Parameters
    ----------
    before, today : the baseline day, and the one whose prompts and answers are asked about.
    evaluator : whose scores stand beside the answers; None for answers that anybody scored, and no scores.
    """

    def __init__(self, ws: Workspace, before: Day, today: Day, place: Place, evaluator: str | None) -> None:
        self._ws, self._before, self._days = ws, before, (before, today)
        where = {"status": [ScoreStatus.SCORED.value]} | ({"evaluator": [evaluator]} if evaluator else {})
        scores = ws.lake.read(SCORES, [before], ["request_id", "evaluator", "value"], where).drop_duplicates(
            "request_id"
        )
        self._values = dict(zip(scores["request_id"], scores["value"], strict=True)) if evaluator else {}
        columns = ["request_id", *SLICED, "prompt", "response"]
        rows = ws.lake.read(INTERACTIONS, [before], columns, {"request_id": list(scores["request_id"])})
        rows = rows[inside(segments_of(ws, before, rows), place)].dropna(subset=["prompt", "response"])
        self._rows = rows.drop_duplicates("prompt").reset_index(drop=True)

    def to(self, prompts: Iterable[str]) -> list[EarlierAnswer | None]:
        """An answer to each prompt; None where nothing like it was asked. Of several to one prompt the first by request id."""
        asked = list(prompts)
        same = dict(zip(self._rows["prompt"], self._rows.index.tolist(), strict=True))
        near = self._nearest([prompt for prompt in asked if prompt not in same])
        found = (same.get(prompt, near.get(prompt)) for prompt in asked)
        return [None if at is None else self._answer(at) for at in found]

    def likeness(self, pairs: Sequence[tuple[str, str]]) -> list[float | None]:
        """Cosine of the vectors of the two answers of each pair; None where one of them has no vector."""
        vectors = self._vectors(text for pair in pairs for text in pair)
        known = ([vectors.get(text_hash(text)) for text in pair] for pair in pairs)
        return [None if one is None or other is None else _cosine(one, other) for one, other in known]

    def _answer(self, at: int) -> EarlierAnswer:
        row = self._rows.iloc[at]
        name = str(row["request_id"])
        return EarlierAnswer(self._before, name, row["prompt"], row["response"], self._values.get(name))

    def _nearest(self, prompts: Sequence[str]) -> dict[str, int]:
        """Positions of the prompts that are nearest to these and near enough."""
        vectors = self._vectors([*prompts, *self._rows["prompt"]]) if prompts else {}
        known = [(at, vectors[name]) for at, name in enumerate(map(text_hash, self._rows["prompt"])) if name in vectors]
        if not known:
            return {}
        there = np.stack([vector for _, vector in known])
        nearest = {}
        for prompt in prompts:
            if (vector := vectors.get(text_hash(prompt))) is not None:
                cosines = np.round(there @ vector, _DIGITS)
                if cosines.max() >= _NEAR:
                    nearest[prompt] = known[int(cosines.argmax())][0]
        return nearest

    def _vectors(self, texts: Iterable[str]) -> dict[str, Vector]:
        where = {"model": [self._ws.encoder.identity], "text_hash": sorted(set(map(text_hash, texts)))}
        stored = self._ws.lake.read(EMBEDDINGS, self._days, ["text_hash", "vector"], where)
        return {
            name: np.frombuffer(raw, _STORED).astype(np.float32)
            for name, raw in zip(stored["text_hash"], stored["vector"], strict=True)
        }


def _cosine(one: Vector, other: Vector) -> float:
    return round(float(one @ other), _DIGITS)
