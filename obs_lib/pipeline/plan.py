"""Decide what of a day is scored, in which batches, and which shard takes which batches.

Batches are cut before shards are dealt, from distinct cases sorted by length and hash, so what an evaluator sees at once
does not depend on how many shards there are.
"""

from __future__ import annotations

import pandas as pd

from obs_lib.catalogue import EVALUATORS, left_out, opt_in
from obs_lib.digests import digest_of
from obs_lib.errors import ConfigError, DayNotReady
from obs_lib.evaluators.anybodys import LeftOut
from obs_lib.lake.tables import EMBEDDINGS, INTERACTIONS, SCORES
from obs_lib.models.vectors import text_hash
from obs_lib.pipeline.cases import distinct_cases, draw
from obs_lib.pipeline.judging import begin_run, for_day, still_valid
from obs_lib.pipeline.oversampling import COLUMNS as SIGNALS
from obs_lib.pipeline.plan_file import Plan, write_plan
from obs_lib.pipeline.session_texts import read_by, with_sessions
from obs_lib.pipeline.staging import Staging
from obs_lib.pipeline.topics import by_topic
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import CASE_COLUMNS, SESSION, BudgetedEvaluator, Day, Evaluator, ScoreStatus
from obs_lib.settings.scoring import ScoringOptions
from obs_lib.summaries.segments import SLICED, sliced_by
from obs_lib.summaries.topics import TOPIC

STEP = "plan"


def plan(ws: Workspace, day: Day, options: ScoringOptions | None = None) -> Plan:
    """Stage the day's cases and deal them to shards; no shards when nothing is to score.

    `options` stands in for the settings' scoring section, for one run. DayNotReady before `ingest` has finished.
    """
    options = options or ws.settings.scoring
    with ws.step(day, STEP):
        drawn = _drawn(ws, day, options)
        chosen = choose(ws.evaluators, options.evaluators)
        if read_by(chosen):
            drawn = with_sessions(ws, day, drawn)
        chosen = applicable(chosen, drawn)
        for problem in EVALUATORS.problems():
            ws.lake.log("extension", problem.subject, "LEFT_OUT", str(problem.error))
        cases, case_of = distinct_cases(drawn)
        chosen = for_day(chosen, day, cases)
        kept = _kept(ws, day, cases, chosen) if options.reuse else None
        to_score, shards = _dealt(cases, kept, options)
        plan = Plan(
            id=digest_of(_identity(ws, day, options, chosen), shards, sorted(to_score["case"])),
            day=day,
            evaluators=tuple((evaluator.name, evaluator.version) for evaluator in chosen),
            encoder=ws.encoder.identity,
            batch_size=options.batch_size,
            shards=shards,
            reuse=options.reuse,
            cases=len(cases),
            to_score=len(to_score),
        )
        staging = Staging(ws.lake.files, day, plan.id)
        staging.write("cases", to_score)
        staging.write("all_cases", cases)
        staging.write("drawn", drawn[["request_id", "inclusion_probability"]].assign(case=case_of))
        if kept is not None:
            staging.write("kept", kept)
        begin_run(chosen)
        write_plan(staging, plan)
    return plan


def _dealt(cases: pd.DataFrame, kept: pd.DataFrame | None, options: ScoringOptions) -> tuple[pd.DataFrame, int]:
    """The cases that no score is kept of, with their `batch` and `shard`; and how many shards there are."""
    to_score = cases if kept is None else cases[~cases["case"].isin(kept["case"])].reset_index(drop=True)
    to_score = to_score.assign(batch=to_score.index // options.batch_size)
    batches = int(to_score["batch"].max()) + 1 if len(to_score) else 0
    shards = min(options.shards, batches)
    return to_score.assign(shard=to_score["batch"] % max(shards, 1)), shards


def _drawn(ws: Workspace, day: Day, options: ScoringOptions) -> pd.DataFrame:
    """The drawn interactions with the columns of their cases; texts of the others are not read."""
    tags = [name for name in ws.settings.segments if name != TOPIC]  # which needs vectors, that come after the draw
    tag = tags[0] if tags else None
    known = ws.lake.read_ready(INTERACTIONS, day, ["request_id", *SLICED, *SIGNALS])
    known = known.assign(tags=sliced_by(known, tags[:1]))
    drawn = draw(known, tag, options.max_scored, options.oversample)
    texts = ws.lake.read(
        INTERACTIONS, [day], ["day", "request_id", *CASE_COLUMNS], where={"request_id": list(drawn["request_id"])}
    )
    return drawn[["request_id", "inclusion_probability"]].merge(texts, on="request_id", validate="1:1")


def choose(evaluators: tuple[Evaluator, ...], names: tuple[str, ...] | None) -> tuple[Evaluator, ...]:
    """The named evaluators in catalogue order; None: all but those that must be named.

    One that cannot be loaded is left out. ConfigError for a name that nothing has.
    """
    if names is None:
        unnamed = opt_in()  # a judge in the place of such an evaluator was named, in `judges`
        return tuple(one for one in evaluators if one.name not in unnamed or isinstance(one, BudgetedEvaluator))
    known = [evaluator.name for evaluator in evaluators]
    for name in names:
        if name not in known and name not in left_out():
            raise ConfigError(
                "there is no such evaluator", rule="one of " + ", ".join(known), found=name, where="scoring.evaluators"
            )
    return tuple(evaluator for evaluator in evaluators if evaluator.name in names)


def applicable(evaluators: tuple[Evaluator, ...], drawn: pd.DataFrame) -> tuple[Evaluator, ...]:
    """Those that have something to read: one that needs references or sessions is left out of a day that has none.

    Few logs have any, and a SKIPPED row for each interaction would say nothing. All where nothing else would be left.
    """
    absent = {name for name in ("reference", SESSION) if name not in drawn or not drawn[name].notna().any()}
    return tuple(evaluator for evaluator in evaluators if absent.isdisjoint(evaluator.needs)) or evaluators


def planned_evaluators(ws: Workspace, plan: Plan) -> tuple[Evaluator, ...]:
    """The evaluators that a plan names. DayNotReady where one, or the encoder, is another by now and would score otherwise."""
    missing = tuple(LeftOut(name, version) for name, version in plan.evaluators if name in left_out())
    chosen = choose((*ws.evaluators, *missing), plan.names)
    planned = dict(plan.evaluators)
    changed = [evaluator.name for evaluator in chosen if evaluator.version != planned[evaluator.name]]
    changed += [f"encoder ({ws.encoder.identity}, planned {plan.encoder})"] * (ws.encoder.identity != plan.encoder)
    if changed:
        raise DayNotReady(
            "settings or models have changed since this day was planned",
            rule="evaluators and encoder of the plan",
            found=", ".join(changed),
            where=plan.day,
            fix=f"run `obs run {plan.day}` from its plan on; `obs config name-models` here first where no model runs there",
        )
    return chosen


def texts_of(ws: Workspace, cases: pd.DataFrame, evaluators: tuple[Evaluator, ...]) -> list[str]:
    """Distinct texts whose vectors a batch needs: what its evaluators ask for, the answers, which drift compares, and the
    prompts where days are sliced by topic.
    """
    columns = ("response", "prompt") if by_topic(ws) else ("response",)
    texts = {text for column in columns for text in cases[column] if isinstance(text, str) and text}
    for evaluator in evaluators:
        texts.update(evaluator.texts(cases))
    return sorted(texts)


def _identity(ws: Workspace, day: Day, options: ScoringOptions, chosen: tuple[Evaluator, ...]) -> str:
    """Name of everything that decides the scores of the day."""
    record = ws.lake.record(day, "ingest")
    versions = [(evaluator.name, evaluator.version) for evaluator in chosen]
    logs = dict(record.digests) if record else {}
    drawing = (options.max_scored, options.oversample)
    prompts = [TOPIC] if by_topic(ws) else []  # whose vectors are wanted whether or not they are scored
    return digest_of(STEP, str(day), logs, versions, ws.encoder.identity, drawing, options.batch_size, *prompts)


def _kept(ws: Workspace, day: Day, cases: pd.DataFrame, chosen: tuple[Evaluator, ...]) -> pd.DataFrame | None:
    """Earlier scores of this day that are still true, one row a case and evaluator; None when there are none.

    A case is kept only with all its scores at today's versions and all vectors it needs, so that a kept and a fresh case
    leave the same rows behind.
    """
    scores = ws.lake.read(SCORES, [day]).drop_duplicates(["case", "evaluator"])
    current = {evaluator.name: evaluator.version for evaluator in chosen}
    good = scores[
        scores["case"].isin(cases["case"])
        & (scores["evaluator"].map(current) == scores["version"])
        & (scores["status"] != ScoreStatus.FAILED.value)
    ]
    good = still_valid(chosen, good)
    complete = good.groupby("case")["evaluator"].nunique() == len(chosen)
    good = good[good["case"].isin(complete[complete].index)]
    if good.empty:
        return None
    stored = ws.lake.read(EMBEDDINGS, [day], ["day", "model", "text_hash"])
    known = set(stored.loc[stored["model"] == ws.encoder.identity, "text_hash"])
    needed = {
        text_hash(text) for text in texts_of(ws, cases[cases["case"].isin(good["case"])].reset_index(drop=True), chosen)
    }
    if not needed <= known:
        return None
    return good[["case", "evaluator", "version", "status", "value", "note", "evidence", "cost_usd"]].reset_index(
        drop=True
    )
