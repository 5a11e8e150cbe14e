"""Commit the scores and vectors of a day from what its shards left; what a lost shard owed becomes FAILED rows."""

from __future__ import annotations

import pandas as pd

from obs_lib.lake.tables import EMBEDDINGS, SCORES
from obs_lib.models.vectors import text_hash
from obs_lib.pipeline.evaluate import known_vectors, read_plan
from obs_lib.pipeline.judging import judges_failed
from obs_lib.pipeline.plan import choose, texts_of
from obs_lib.pipeline.staging import Staging
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Evaluator, ScoreStatus, StepState

STEP = "collect"
_FAILED = "-failed"


def collect(ws: Workspace, day: Day, plan_id: str) -> dict[str, object]:
    """Replace the day's scores and embeddings. Called again for a plan that is committed already, it changes nothing."""
    with ws.step(day, STEP):
        before = ws.lake.record(day, STEP)
        staging = Staging(ws.lake.files, day, plan_id)
        # What a judge could not say is asked for again by planning the day again, which leaves a plan to collect.
        done = (plan_id,) if staging.folder.exists() else (plan_id, plan_id + _FAILED)
        if before is not None and before.readable and before.inputs in done:
            return {"day": str(day), "state": before.state.value, "already": True}
        drawn, cases = read_plan(staging, day, "drawn"), read_plan(staging, day, "all_cases")
        names = tuple(drawn["evaluators"].iloc[0].split(",")) if len(drawn) else ()
        chosen = choose(ws.evaluators, names)
        scores, lost = _scores(staging, chosen)
        rows = drawn[["request_id", "case", "inclusion_probability"]].merge(
            scores, on="case", how="inner", validate="m:m"
        )
        state = StepState.READY if len(drawn) else StepState.NO_DATA
        note = f"lost shards: {', '.join(map(str, lost))}" if lost else ""
        frames = {SCORES: rows, EMBEDDINGS: _embeddings(ws, day, staging, cases, chosen)}
        # A plan with lost shards is not finished: running it again must be allowed to change the day.
        inputs = plan_id if not lost else f"{plan_id}-incomplete"
        if not lost and judges_failed(chosen, scores):
            inputs = plan_id + _FAILED
        ws.lake.commit(day, STEP, frames, inputs=inputs, state=state, note=note)
        if not lost:
            staging.clear()
    return {"day": str(day), "state": state.value, "scores": len(rows), "lost_shards": lost}


def _scores(staging: Staging, chosen: tuple[Evaluator, ...]) -> tuple[pd.DataFrame, list[int]]:
    """Scores by case: kept ones, staged ones, and FAILED ones for the cases of shards that left nothing."""
    kept, cases = staging.read("kept"), staging.read("cases")
    frames = [] if kept is None else [kept]
    lost = []
    if cases is None:
        cases = pd.DataFrame({"case": [], "shard": []})
    for shard in sorted({int(each) for each in cases["shard"]}):
        rows = cases[cases["shard"] == shard]
        left = staging.read(f"scores-{shard}")
        if left is None or staging.read(f"vectors-{shard}") is None:
            lost.append(shard)
            left = _failed(list(rows["case"]), chosen, f"shard {shard} of this day was lost")
        frames.append(left)
    columns = ["case", "evaluator", "version", "status", "value", "note", "evidence", "cost_usd"]
    frames = [frame[columns].astype(object) for frame in frames if len(frame)]
    return (pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)), lost


def _failed(cases: list[str], chosen: tuple[Evaluator, ...], note: str) -> pd.DataFrame:

    fixed = {"status": ScoreStatus.FAILED.value, "value": None, "note": note, "evidence": None, "cost_usd": None}
    rows = [{"case": case, "evaluator": e.name, "version": e.version, **fixed} for case in cases for e in chosen]
    return pd.DataFrame(rows)


def _embeddings(
    ws: Workspace, day: Day, staging: Staging, cases: pd.DataFrame, chosen: tuple[Evaluator, ...]
) -> pd.DataFrame:
    """Vectors of every text that the day's cases need, each once."""
    left = [staging.read(path.stem) for path in sorted(staging.folder.glob("vectors-*.parquet"))]
    vectors = {} if staging.read("kept") is None else known_vectors(ws, day)
    for frame in left:
        if frame is not None:
            vectors.update(zip(frame["text_hash"], frame["vector"], strict=True))
    needed = sorted({text_hash(text) for text in texts_of(cases, chosen)} & vectors.keys())
    return pd.DataFrame(
        {
            "model": [ws.encoder.identity] * len(needed),
            "text_hash": needed,
            "vector": [vectors[name] for name in needed],
        }
    )
