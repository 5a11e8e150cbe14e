"""Turn a day's rows into its numbers, and into the sketches that later days compare themselves with."""

from __future__ import annotations

from collections.abc import Iterable

from obs_lib.digests import digest_of
from obs_lib.lake.tables import EMBEDDINGS, GPU_SAMPLES, INTERACTIONS, LABELS, METRICS, SCORES, SKETCHES, SPANS
from obs_lib.pipeline.judging import harm_judges, judge_models
from obs_lib.pipeline.topics import encoder_name, topics_in_force, vectors_of
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Day, StepState
from obs_lib.summaries.summarise import summarise_day

STEP = "summarise"


def summarise(ws: Workspace, day: Day) -> dict[str, object]:
    """Replace the day's metrics and sketches. DayNotReady before `ingest` and `collect` have finished."""
    settings = ws.settings
    with ws.step(day, STEP):
        interactions = ws.lake.read_ready(INTERACTIONS, day)
        scores = ws.lake.read_ready(SCORES, day)
        stored = ws.lake.read_ready(EMBEDDINGS, day)
        vectors = dict(zip(stored["text_hash"], stored["vector"], strict=True))
        topics = topics_in_force(ws)
        if topics is not None:
            interactions = interactions.assign(
                topic=topics.of_prompts(interactions["prompt"], vectors_of(topics, stored))
            )
        metrics, sketches = summarise_day(
            day,
            interactions,
            scores,
            vectors,
            settings.summaries,
            settings.segments,
            spans=ws.lake.read(SPANS, [day]),
            gpu_samples=ws.lake.read(GPU_SAMPLES, [day]),
            labels=ws.lake.read(LABELS, [day]),
            label_options=settings.labels,
            judges=judge_models(ws.judges),
            harm_judges=harm_judges(ws.judges),
            encoder=_encoder(stored["model"]),
        )
        records = [ws.lake.record(day, step) for step in ("ingest", "collect")]
        inputs = digest_of(
            STEP,
            [dict(r.digests) for r in records if r],
            settings.digest("summaries", "labels", "segments"),
            *([] if topics is None else [topics.digest]),
        )
        state = StepState.READY if len(interactions) else StepState.NO_DATA
        ws.lake.commit(day, STEP, {METRICS: metrics, SKETCHES: sketches}, inputs=inputs, state=state)
    return {"day": str(day), "state": state.value, "metrics": len(metrics), "sketches": len(sketches)}


def _encoder(identities: Iterable[str]) -> str:
    """What the day's encoder is called."""
    return "+".join(sorted(set(map(encoder_name, identities))))
