"""What the settings name, looked up: log formats, models, judges, and what is masked. Asks no server, reads no logs."""

from __future__ import annotations

from collections.abc import Sequence

from obs_lib.catalogue import EVALUATORS, score_of
from obs_lib.errors import ExtensionError
from obs_lib.evaluators.by_model import load_models
from obs_lib.pipeline.plan import choose
from obs_lib.pipeline.workspace import Workspace
from obs_lib.records import Evaluator
from obs_lib.sources.formats.loading import load_format


def check_config(ws: Workspace) -> dict[str, str]:
    """What is there, by what it is for. ConfigError where something that the settings name is not there or does not hold."""
    chosen = choose(ws.evaluators, ws.settings.scoring.evaluators)  # reads their weights
    ws.anchors  # noqa: B018 - reads them, those of somebody's evaluators as well
    if problems := EVALUATORS.problems():
        raise ExtensionError("\n".join(str(problem.error) for problem in problems))
    for judge in ws.judges:
        judge.check()  # its connection
    models = load_models(ws.settings.evaluators)
    for source in ws.settings.sources:
        load_format(source)
    return {
        "lake": ws.lake.root,
        "sources": ", ".join(f"{source.format} ({source.where})" for source in ws.settings.sources),
        "encoder": ws.encoder.identity,
        "evaluators": ", ".join(evaluator.name for evaluator in chosen),
        **_languages(chosen),
        "judges": ", ".join(judge.name for judge in ws.judges) or "none",
        "redaction": ws.redactor.describe,
        **{f"  {metric}": model for metric, model in models.items()},
    }


def _languages(chosen: Sequence[Evaluator]) -> dict[str, str]:
    """On which languages evaluators were measured; those of the others are not known, or do not matter."""
    declared = {evaluator.name: score_of(evaluator.name) for evaluator in chosen}
    measured: dict[str, list[str]] = {}
    for name, score in declared.items():
        if score is not None and score.languages:
            measured.setdefault(", ".join(score.languages), []).append(name)
    return {f"  measured on {languages}": ", ".join(names) for languages, names in measured.items()}
