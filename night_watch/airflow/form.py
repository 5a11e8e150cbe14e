"""The form by which somebody starts a night by hand."""

from __future__ import annotations

from airflow.sdk import Param

from obs_lib.catalogue import evaluator_names
from obs_lib.settings.settings import Settings


def night_form(settings: Settings) -> dict[str, Param]:
    """Parameters of the nightly Dag. The settings are those that were read last: they say which evaluators there are."""
    scoring = settings.scoring
    evaluators = list(dict.fromkeys([*evaluator_names(), *settings.judged_scores]))
    return {
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day (UTC)",
            description="The day to run, for a run started by hand. Scheduled runs and backfills leave it empty.",
        ),
        "evaluators": Param(
            list(scoring.evaluators) if scoring.evaluators else None,
            type=["null", "array"],
            items={"type": "string", "enum": evaluators},
            examples=evaluators,
            minItems=1,
            uniqueItems=True,
            title="Evaluators",
            description="What scores the answers. The day's scores of evaluators left out here are dropped. Empty: all but "
            "those that run only where they are named.",
        ),
        "max_scored": Param(
            scoring.max_scored,
            type=["null", "integer"],
            minimum=1,
            title="Interactions to score",
            description="More than these are drawn by hash within routes. Empty: as in the settings.",
        ),
        "scores": Param(
            "reuse" if scoring.reuse else "afresh",
            type="string",
            enum=["reuse", "afresh"],
            title="Scores",
            description="Re-use scores whose text, evaluator and model are unchanged, or score everything afresh.",
        ),
    }
