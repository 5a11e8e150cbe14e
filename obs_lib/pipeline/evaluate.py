"""Score one shard's batches: every text encoded once, every evaluator over whole columns."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from obs_lib.lake.tables import EMBEDDINGS
from obs_lib.models.vectors import gather
from obs_lib.pipeline.anchor import score_anchors
from obs_lib.pipeline.at_work import at_work_on
from obs_lib.pipeline.cases import case_columns
from obs_lib.pipeline.judging import for_day, judges_last, send_batches
from obs_lib.pipeline.plan import planned_evaluators, texts_of
from obs_lib.pipeline.plan_file import Plan, read_plan
from obs_lib.pipeline.staging import Staging
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Evaluator, ScoreStatus, Vectors

STEP = "evaluate"
SCORE_COLUMNS = ["case", "evaluator", "version", "status", "value", "note", "evidence", "cost_usd"]
"""What a shard leaves of each score."""


def evaluate(ws: Workspace, day: Day, plan_id: str, shard: int) -> dict[str, object]:
    """Score the cases of one shard and leave scores and vectors for `collect`. The first shard scores the anchors as well.

    DayNotReady when the plan is not there (any more), or names evaluators at other versions than today's.
    """
    with at_work_on(ws.lake.files, day):
        return _evaluate(ws, day, plan_id, shard)


def _evaluate(ws: Workspace, day: Day, plan_id: str, shard: int) -> dict[str, object]:
    staging = Staging(ws.lake.files, day, plan_id)
    plan = read_plan(staging)
    cases = staging.required_cases("cases")
    cases = cases[cases["shard"] == shard].reset_index(drop=True)
    chosen = for_day(planned_evaluators(ws, plan), day, staging.required_cases("all_cases"))
    send_batches(chosen)
    known = known_vectors(ws, plan) if plan.reuse else {}
    # All texts of the shard at once: the encoder fills its fixed batches better than it could case by case.
    vectors = gather(texts_of(ws, cases, chosen), known, ws.encoder)
    batches = [rows.reset_index(drop=True) for _, rows in cases.groupby("batch", sort=True)]
    batches = [rows[["case", *case_columns(rows)]] for rows in batches]
    scored = [score_batch(evaluator, batch, vectors) for evaluator in judges_last(chosen) for batch in batches]
    staging.write(
        f"vectors-{shard}", pd.DataFrame({"text_hash": list(vectors.known), "vector": list(vectors.known.values())})
    )
    none = pd.DataFrame(columns=SCORE_COLUMNS)  # where every evaluator that was named is left out
    staging.write(f"scores-{shard}", pd.concat(scored, ignore_index=True) if scored else none)
    if shard == 0:
        score_anchors(ws, day, chosen, score_batch)
    return {
        "day": str(day),
        "shard": shard,
        "cases": len(cases),
        "texts": len(vectors.known),
        "encoded": len(vectors.fresh),
    }


def known_vectors(ws: Workspace, plan: Plan) -> dict[str, bytes]:
    """Stored vectors of the plan's day and the days before it. A text's vector does not depend on where it was encoded."""
    days = [plan.day - dt.timedelta(days=back) for back in range(ws.settings.scoring.reuse_days + 1)]
    stored = ws.lake.read_sound(EMBEDDINGS, days)  # one that is lost is computed again
    stored = stored[stored["model"] == plan.encoder]
    return dict(zip(stored["text_hash"], stored["vector"], strict=True))


def score_batch(evaluator: Evaluator, batch: pd.DataFrame, vectors: Vectors) -> pd.DataFrame:
    """One evaluator over one batch of columns `case` and `case_columns`; when it breaks, the batch's rows say so."""
    columns = batch[list(case_columns(batch))]
    try:
        rows = evaluator.score(columns, vectors)
    except Exception as error:  # noqa: BLE001 - an evaluator may be anybody's code; its failure is data
        note = f"{type(error).__name__}: {error}"[:300]
        failed = {"status": ScoreStatus.FAILED.value, "value": None, "note": note, "evidence": None}
        rows = pd.DataFrame(failed, index=batch.index)
    rows = rows.reindex(columns=["status", "value", "note", "evidence", "cost_usd"]).assign(
        case=batch["case"], evaluator=evaluator.name, version=evaluator.version
    )
    return rows.astype({"value": float, "cost_usd": float, "status": str})
