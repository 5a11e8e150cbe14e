"""Score the frozen anchors beside a day, with the evaluators and in the process that score the day.

Nothing is taken over from earlier nights: that the same text scores the same is what is looked at. A process encodes the
anchors once, since it has one encoder; every night is a new process. A day all of whose scores are kept keeps its anchors'
scores with them (docs/decisions/0012-anchors.md).
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from obs_lib.digests import digest_of
from obs_lib.evaluators.anchors import anchors_of
from obs_lib.lake.tables import ANCHORS
from obs_lib.models.vectors import gather
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import CASE_COLUMNS, BudgetedEvaluator, Day, Evaluator, ScoreStatus, Vectors

Score = Callable[[Evaluator, pd.DataFrame, Vectors], pd.DataFrame]

STEP = "anchor"
_ENCODED: dict[tuple[str, str], dict[str, bytes]] = {}  # by kind and identity of the encoder
_NONE = "-"  # stands for the anchors of an evaluator that has none, so that its version is known all the same


def score_anchors(ws: Workspace, day: Day, chosen: tuple[Evaluator, ...], score: Score) -> None:
    """Replace the day's anchors. `score` is how a batch of the day is scored."""
    chosen = tuple(each.for_anchors(day) if isinstance(each, BudgetedEvaluator) else each for each in chosen)
    frames = [_scored(ws, evaluator, score) for evaluator in chosen]
    names = list(ANCHORS.names)
    rows = pd.concat(frames, ignore_index=True)[names] if frames else pd.DataFrame(columns=names)
    versions = [(evaluator.name, evaluator.version) for evaluator in chosen]
    ws.lake.commit(day, STEP, {ANCHORS: rows}, inputs=digest_of(STEP, versions, ws.encoder.identity))


def _scored(ws: Workspace, evaluator: Evaluator, score: Score) -> pd.DataFrame:
    anchors = anchors_of(ws.anchors, evaluator.name)
    if anchors.empty:
        note = "this evaluator has no anchors"
        row = {"anchor": _NONE, "status": ScoreStatus.SKIPPED.value, "value": None, "note": note, "expected": None}
        return pd.DataFrame([row]).assign(evaluator=evaluator.name, version=evaluator.version, model="")
    batch = anchors[list(CASE_COLUMNS)]
    texts = evaluator.texts(batch)
    model = ws.encoder.identity if texts else ""
    known = _ENCODED.setdefault((type(ws.encoder).__name__, model), {})
    vectors = gather(texts, known, ws.encoder)
    known.update(vectors.known)
    rows = score(evaluator, batch.assign(case=anchors["anchor"]), vectors)
    return rows.assign(anchor=anchors["anchor"], expected=anchors["expected"], model=model)
