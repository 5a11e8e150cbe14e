"""Commit the scores and vectors of a day from what its shards left; what a lost shard owed becomes FAILED rows."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from obs_lib.lake.tables import EMBEDDINGS, SCORES
from obs_lib.models.vectors import text_hash
from obs_lib.pipeline.evaluate import SCORE_COLUMNS, known_vectors
from obs_lib.pipeline.judging import judges_failed
from obs_lib.pipeline.plan import choose, texts_of
from obs_lib.pipeline.plan_file import Plan, PlanState, collected_inputs, find_plan, read_plan, write_plan
from obs_lib.pipeline.staging import Staging
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, Evaluator, ScoreStatus, StepState

STEP = "collect"


def collect(ws: Workspace, day: Day, plan_id: str) -> dict[str, object]:
    """Replace the day's scores and embeddings. Called again for a plan that is committed already, it changes nothing.

    DayNotReady when the plan is neither there nor committed.
    """
    with ws.step(day, STEP):
        staging = Staging(ws.lake.files, day, plan_id)
        before = ws.lake.record(day, STEP)
        if before is not None and before.readable and before.inputs in _done(plan_id, find_plan(staging)):
            staging.clear()  # a night that was run again has planned it anew
            return {"day": str(day), "state": before.state.value, "already": True}
        plan, drawn, cases = read_plan(staging), staging.required("drawn"), staging.required_cases("all_cases")
        chosen = choose(ws.evaluators, plan.names) if len(drawn) else ()
        scores, lost = _scores(staging, plan)
        rows = drawn[["request_id", "case", "inclusion_probability"]].merge(
            scores, on="case", how="inner", validate="m:m"
        )
        plan = plan.collected(lost, judges_failed(chosen, scores))
        state = StepState.READY if len(drawn) else StepState.NO_DATA
        note = f"lost shards: {', '.join(map(str, lost))}" if lost else ""
        frames = {SCORES: rows, EMBEDDINGS: _embeddings(ws, plan, staging, cases, chosen)}
        ws.lake.commit(day, STEP, frames, inputs=collected_inputs(plan.id, plan.state), state=state, note=note)
        if plan.state is PlanState.LOST_SHARDS:
            write_plan(staging, plan)  # what the lost shards owe can still come
        else:
            staging.clear()
    return {
        "day": str(day),
        "state": state.value,
        "plan": plan.state.value,
        "scores": len(rows),
        "lost_shards": lost,
    }


def _done(plan_id: str, staged: Plan | None) -> tuple[str, ...]:
    """Inputs by which `days` says that nothing is left to do for a plan; `staged` is the plan where it can be collected.

    What a judge could not say is asked for again by planning the day again, which leaves a plan to collect.
    """
    states = (PlanState.COMPLETE,) if staged is not None else (PlanState.COMPLETE, PlanState.UNANSWERED)
    return tuple(collected_inputs(plan_id, state) for state in states)


def _scores(staging: Staging, plan: Plan) -> tuple[pd.DataFrame, list[int]]:
    """Scores by case: kept ones, staged ones, and FAILED ones for the cases of shards that left nothing."""
    kept, cases = staging.read("kept"), staging.required("cases")
    frames = [] if kept is None else [kept]
    lost = []
    for shard in range(plan.shards):
        scores = staging.read(f"scores-{shard}")
        if scores is None or staging.read(f"vectors-{shard}") is None:
            lost.append(shard)
            scores = _failed(cases.loc[cases["shard"] == shard, "case"], plan, f"shard {shard} of this day was lost")
        frames.append(scores)
    frames = [frame[SCORE_COLUMNS].astype(object) for frame in frames if len(frame)]
    return (pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=SCORE_COLUMNS)), lost


def _failed(cases: Iterable[str], plan: Plan, note: str) -> pd.DataFrame:
    fixed = {"status": ScoreStatus.FAILED.value, "value": None, "note": note, "evidence": None, "cost_usd": None}
    rows = [
        {"case": case, "evaluator": name, "version": version, **fixed}
        for case in cases
        for name, version in plan.evaluators
    ]
    return pd.DataFrame(rows)


def _embeddings(
    ws: Workspace, plan: Plan, staging: Staging, cases: pd.DataFrame, chosen: tuple[Evaluator, ...]
) -> pd.DataFrame:
    """Vectors of every text that the day's cases need, each once."""
    vectors = {} if staging.read("kept") is None else known_vectors(ws, plan)
    for path in sorted(staging.folder.glob("vectors-*.parquet")):
        frame = staging.read(path.stem)
        if frame is not None:
            vectors.update(zip(frame["text_hash"], frame["vector"], strict=True))
    needed = sorted({text_hash(text) for text in texts_of(ws, cases, chosen)} & vectors.keys())
    return pd.DataFrame(
        {
            "model": [plan.encoder] * len(needed),
            "text_hash": needed,
            "vector": [vectors[name] for name in needed],
        }
    )
